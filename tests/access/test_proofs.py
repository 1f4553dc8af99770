"""Proofs of commands and bearer tokens, on real keys and real files."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from access import keys
from access.keyring import KeyringError
from access.proofs import Senders, body_hash, sign_bearer, sign_proof
from chassis.proofs import ProofError, Proven, Verifier

NOW = datetime(2026, 7, 2, 15, 0, tzinfo=UTC)
COMMAND = "0197c9a0-0000-7000-8000-000000000001"
OTHER_COMMAND = "0197c9a0-0000-7000-8000-000000000002"
REQUEST = "0197c9a0-0000-7000-8000-00000000000a"
BODY = b'{"request_id":"0197c9a0-0000-7000-8000-00000000000a","office_id":"adair"}'
FRONT_DESK = keys.NewSender("front-desk", may_send=("CreateRequest", "CheckIn"))
KIOSK = keys.NewSender("kiosk", algorithm="EdDSA")
PORTAL = keys.NewSender("portal", algorithm="ES256", as_system=("UpsertOffice",))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> keys.SenderFiles:
    return keys.write_senders(tmp_path_factory.mktemp("senders"), [FRONT_DESK, KIOSK, PORTAL])


@pytest.fixture(scope="module")
def senders(files: keys.SenderFiles) -> Senders:
    return Senders.load(files.jwks, files.senders)


@pytest.fixture(scope="module")
def proof(files: keys.SenderFiles) -> Callable[..., str]:
    def sign(sender: str = "front-desk", *, by: str | None = None, kid: str | None = None, at: datetime = NOW) -> str:
        pem = files.signing_keys[by or sender].read_bytes()
        kid = kid or f"{by or sender}-1"
        return sign_proof(pem, kid, sender, "adair-greeter", COMMAND, "CheckIn", REQUEST, BODY, at.timestamp())

    return sign


def check(senders: Senders, token: str | bytes | None, *, message_id: str = COMMAND, body: bytes = BODY) -> Proven:
    return senders.check_proof(token, message_id, "CheckIn", REQUEST, body, NOW)


def why_not(senders: Senders, token: str | bytes | None, *, message_id: str = COMMAND, body: bytes = BODY) -> str:
    with pytest.raises(ProofError) as refusal:
        check(senders, token, message_id=message_id, body=body)
    return refusal.value.reason


def claims(**changes: object) -> dict[str, object]:
    hashed = body_hash("CheckIn", REQUEST, BODY)
    whole = {"jti": COMMAND, "aud": "casebus", "azp": "front-desk", "sub": "adair-greeter", "bh": hashed}
    return {**whole, "iat": NOW.timestamp(), **changes}


def front_desk_signs(files: keys.SenderFiles, claims: dict[str, object], **headers: object) -> str:
    pem = files.signing_keys["front-desk"].read_bytes()
    return jwt.encode(claims, pem, algorithm="RS256", headers={"kid": "front-desk-1", **headers})


def test_senders_are_what_the_chassis_asks_for(senders: Senders):
    verifier: Verifier = senders

    assert verifier.may_send("front-desk", "CheckIn", "adair-greeter")


@pytest.mark.parametrize("sender", ["front-desk", "kiosk", "portal"])
def test_a_proof_names_sender_actor_and_key_whatever_the_kind_of_key(senders: Senders, proof, sender: str):
    proven = check(senders, proof(sender))

    assert proven == Proven(sender, "adair-greeter", f"{sender}-1")


def test_the_body_hash_is_the_one_the_interface_describes():
    # SHA-256 of "CheckIn\nr\n{}", computed by openssl.
    assert body_hash("CheckIn", "r", b"{}") == "Ft5SRrXDGrA_Ky_VIcm50bb2xW3mhw7uRE1bjG9U05c"


def test_no_proof_is_no_proof(senders: Senders):
    assert why_not(senders, None) == "missing"


@pytest.mark.parametrize(
    "token", ["nonsense", "a.b", "a.b.c.d", "é.b.c", b"\xff.b.c", "bnVsbA.bnVsbA.bnVsbA", "a" * 9000]
)
def test_what_is_no_token_is_malformed(senders: Senders, token: str | bytes):
    assert why_not(senders, token) == "malformed"


def test_a_proof_copied_under_another_id_does_not_hold(senders: Senders, proof):
    assert why_not(senders, proof(), message_id=OTHER_COMMAND) == "id"


def test_a_proof_does_not_hold_for_another_body(senders: Senders, proof):
    assert why_not(senders, proof(), body=BODY.replace(b"adair", b"boone")) == "body"


def test_a_proof_does_not_hold_for_another_type(senders: Senders, proof):
    with pytest.raises(ProofError, match="body"):
        senders.check_proof(proof(), COMMAND, "LeaveVisit", REQUEST, BODY, NOW)


def test_a_proof_does_not_hold_for_another_key(senders: Senders, proof):
    with pytest.raises(ProofError, match="body"):
        senders.check_proof(proof(), COMMAND, "CheckIn", COMMAND, BODY, NOW)


def test_a_key_cannot_speak_for_another_sender(senders: Senders, proof):
    assert why_not(senders, proof("portal", by="front-desk")) == "sender"


def test_a_signature_of_another_key_is_a_forgery(senders: Senders, proof):
    stranger = sign_proof(keys.make_key(), "front-desk-1", "front-desk", "x", COMMAND, "CheckIn", REQUEST, BODY)

    assert why_not(senders, stranger) == "signature"


def test_an_altered_claim_breaks_the_signature(senders: Senders, proof):
    header, payload, signature = proof().split(".")
    altered = payload[:-6] + ("AAAA" if payload[-6:-2] != "AAAA" else "BBBB") + payload[-2:]

    assert why_not(senders, f"{header}.{altered}.{signature}") == "signature"


def test_a_token_without_signature_is_a_forgery(senders: Senders):
    unsigned = jwt.encode(claims(), "", algorithm="none", headers={"kid": "front-desk-1"})

    assert why_not(senders, unsigned) == "signature"


def test_a_shared_secret_made_of_the_public_key_is_a_forgery(senders: Senders, files: keys.SenderFiles):
    public = files.jwks.read_text()[:64]
    hashed = jwt.encode(claims(), public, algorithm="HS256", headers={"kid": "front-desk-1"})

    assert why_not(senders, hashed) == "signature"


def test_a_key_nobody_knows_is_no_key(senders: Senders, proof):
    assert why_not(senders, proof(kid="front-desk-9")) == "unknown_key"


def test_a_critical_extension_nobody_understands_is_malformed(senders: Senders, files: keys.SenderFiles):
    assert why_not(senders, front_desk_signs(files, claims(), crit=["exp"], exp=1)) == "malformed"


def test_the_audience_may_be_a_list(senders: Senders, files: keys.SenderFiles):
    assert check(senders, front_desk_signs(files, claims(aud=["elsewhere", "casebus"]))).sender == "front-desk"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"aud": "elsewhere"}, "audience"),
        ({"aud": None}, "audience"),
        ({"azp": None}, "sender"),
        ({"sub": ""}, "subject"),
        ({"sub": 7}, "subject"),
        ({"sub": "a\x00b"}, "subject"),
        ({"jti": None}, "id"),
        ({"bh": None}, "body"),
        ({"iat": None}, "malformed"),
        ({"iat": True}, "malformed"),
        ({"iat": float("nan")}, "malformed"),
    ],
)
def test_every_claim_counts(senders: Senders, files: keys.SenderFiles, change: dict[str, object], reason: str):
    # PyJWT checks some claims when it signs, so the text is signed as it is.
    pem = files.signing_keys["front-desk"].read_bytes()
    text = json.dumps(claims(**change)).encode()
    token = jwt.api_jws.encode(text, pem, algorithm="RS256", headers={"kid": "front-desk-1"})

    assert why_not(senders, token) == reason


@pytest.mark.parametrize("minutes", [-5, 0, 5])
def test_a_proof_holds_five_minutes_round_the_append_time(senders: Senders, proof, minutes: int):
    assert check(senders, proof(at=NOW + timedelta(minutes=minutes))).sender == "front-desk"


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_proof_made_more_than_five_minutes_from_the_append_time_is_too_old_or_too_new(
    senders: Senders, proof, seconds: int
):
    assert why_not(senders, proof(at=NOW + timedelta(seconds=seconds))) == "age"


def test_a_sender_may_send_what_its_entry_lists_for_staff(senders: Senders):
    allowed = [senders.may_send("front-desk", type_, "adair-greeter") for type_ in ("CheckIn", "UpsertOffice")]

    assert allowed == [True, False]


def test_a_sender_without_a_list_of_its_own_may_send_everything_for_staff(senders: Senders):
    assert senders.may_send("kiosk", "UpsertOffice", "adair-greeter")


def test_a_sender_acts_for_itself_only_as_its_entry_lists(senders: Senders):
    allowed = [senders.may_send("portal", type_, "system") for type_ in ("UpsertOffice", "CheckIn")]

    assert allowed == [True, False]


def test_a_sender_nobody_knows_may_send_nothing(senders: Senders):
    assert not senders.may_send("stranger", "CheckIn", "adair-greeter")


def bearer(files: keys.SenderFiles, lifetime_seconds: float = 60, sender: str = "front-desk") -> str:
    pem = files.signing_keys["front-desk"].read_bytes()
    return sign_bearer(pem, "front-desk-1", sender, "adair-greeter", lifetime_seconds, NOW.timestamp())


def why_no_entry(senders: Senders, token: str | None, now: datetime = NOW) -> str:
    with pytest.raises(ProofError) as refusal:
        senders.check_bearer(token, now)
    return refusal.value.reason


def test_a_bearer_token_opens_the_door_until_it_expires(senders: Senders, files: keys.SenderFiles):
    proven = senders.check_bearer(bearer(files), NOW + timedelta(seconds=59))

    assert proven == Proven("front-desk", "adair-greeter", "front-desk-1")


def test_an_expired_bearer_token_has_no_leeway(senders: Senders, files: keys.SenderFiles):
    assert why_no_entry(senders, bearer(files), NOW + timedelta(seconds=60)) == "age"


def test_a_bearer_token_without_expiry_is_none(senders: Senders, files: keys.SenderFiles):
    assert why_no_entry(senders, front_desk_signs(files, claims())) == "age"


def test_a_bearer_token_before_its_time_is_none(senders: Senders, files: keys.SenderFiles):
    start = NOW.timestamp() + 10

    assert why_no_entry(senders, front_desk_signs(files, claims(nbf=start, exp=start + 60))) == "age"


def test_a_bearer_token_for_another_sender_is_none(senders: Senders, files: keys.SenderFiles):
    assert why_no_entry(senders, bearer(files, sender="portal")) == "sender"


def test_a_bearer_token_is_no_proof(senders: Senders, files: keys.SenderFiles):
    assert why_not(senders, bearer(files)) == "id"


def rotating(tmp_path: Path) -> tuple[keys.SenderFiles, Senders]:
    files = keys.write_senders(tmp_path, [FRONT_DESK])
    return files, Senders.load(files.jwks, files.senders, recheck_seconds=0)


def signed_with(pem: bytes, kid: str) -> str:
    return sign_proof(pem, kid, "front-desk", "adair-greeter", COMMAND, "CheckIn", REQUEST, BODY, NOW.timestamp())


def retire(files: keys.SenderFiles, at: datetime) -> str:
    pem = files.signing_keys["front-desk"].read_bytes()
    keys.write_jwks(files.jwks, [keys.public_jwk(pem, "front-desk-1", retired_at=at.timestamp())])
    return signed_with(pem, "front-desk-1")


def test_a_retired_key_verifies_what_was_appended_while_it_was_valid(tmp_path: Path):
    files, senders = rotating(tmp_path)

    token = retire(files, NOW + timedelta(seconds=1))

    assert check(senders, token).kid == "front-desk-1"


def test_a_retired_key_does_not_verify_what_was_appended_later(tmp_path: Path):
    files, senders = rotating(tmp_path)

    token = retire(files, NOW)

    assert why_not(senders, token) == "retired_key"


def test_a_new_key_counts_without_a_restart(tmp_path: Path):
    files = keys.write_senders(tmp_path, [FRONT_DESK])
    senders = Senders.load(files.jwks, files.senders, recheck_seconds=3600)
    new = keys.make_key()

    keys.write_jwks(files.jwks, [keys.public_jwk(new, "front-desk-2")])
    keys.write_whole(files.senders, b'{"front-desk": {"kids": ["front-desk-2"], "may_send": ["*"]}}', 0o644)

    assert check(senders, signed_with(new, "front-desk-2")).kid == "front-desk-2"


def test_a_key_taken_out_of_the_file_counts_no_more(tmp_path: Path):
    files, senders = rotating(tmp_path)
    token = signed_with(files.signing_keys["front-desk"].read_bytes(), "front-desk-1")

    keys.write_jwks(files.jwks, [])

    assert why_not(senders, token) == "unknown_key"


def test_a_spoilt_file_leaves_the_last_good_keys_in_force(tmp_path: Path):
    files, senders = rotating(tmp_path)
    token = signed_with(files.signing_keys["front-desk"].read_bytes(), "front-desk-1")

    files.jwks.write_text("{")

    assert check(senders, token).sender == "front-desk"


def test_a_spoilt_file_at_the_start_is_an_error(tmp_path: Path):
    files, _ = rotating(tmp_path)
    files.senders.write_text("[]")

    with pytest.raises(KeyringError, match=r"senders\.json"):
        Senders.load(files.jwks, files.senders)


def test_two_senders_cannot_share_a_key(tmp_path: Path):
    files, _ = rotating(tmp_path)
    entry = {"kids": ["front-desk-1"], "may_send": ["*"]}
    files.senders.write_text(json.dumps({"front-desk": entry, "kiosk": entry}))

    with pytest.raises(KeyringError, match="named 2 times"):
        Senders.load(files.jwks, files.senders)


def test_a_key_id_stands_for_one_key(tmp_path: Path):
    files, _ = rotating(tmp_path)
    keys.write_jwks(files.jwks, [keys.public_jwk(keys.make_key(), "front-desk-1") for _ in range(2)])

    with pytest.raises(KeyringError, match="named 2 times"):
        Senders.load(files.jwks, files.senders)


def test_a_short_rsa_key_is_not_accepted(tmp_path: Path):
    files, _ = rotating(tmp_path)
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    pem = weak.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    keys.write_jwks(files.jwks, [keys.public_jwk(pem, "front-desk-1")])

    with pytest.raises(KeyringError):
        Senders.load(files.jwks, files.senders)


def test_private_keys_are_for_their_owner_alone(files: keys.SenderFiles):
    assert files.signing_keys["front-desk"].stat().st_mode & 0o777 == 0o600


def test_keys_that_exist_are_kept(tmp_path: Path):
    first = keys.write_senders(tmp_path, [FRONT_DESK]).signing_keys["front-desk"].read_bytes()
    second = keys.write_senders(tmp_path, [FRONT_DESK, KIOSK]).signing_keys["front-desk"].read_bytes()

    assert first == second


def test_a_proof_signed_now_holds_now(senders: Senders, files: keys.SenderFiles):
    pem = files.signing_keys["kiosk"].read_bytes()
    token = sign_proof(pem, "kiosk-1", "kiosk", "adair-greeter", COMMAND, "CheckIn", REQUEST, BODY)
    appended_at = datetime.fromtimestamp(time.time(), UTC)

    assert senders.check_proof(token, COMMAND, "CheckIn", REQUEST, BODY, appended_at).sender == "kiosk"
