"""Bearer tokens at the real HTTP door: whatever does not hold is 401 and leaves nothing behind."""

import json
import os
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import jwt
import pytest
import pytest_asyncio
from pipeline_rig import make_rig, small_service

import staffing.app
from access import keys
from access.proofs import Senders, sign_bearer, sign_proof
from casebus_testing.stack import Stack
from chassis.clock import Clock
from chassis.door import Door, Vitals, make_http
from chassis.ids import new_id
from chassis.migrate import migrate
from chassis.reading import Reader

ACTOR = "adair-greeter"
DATABASE = f"door_{os.getpid()}"
DESK, PORTAL = keys.NewSender("desk"), keys.NewSender("portal", may_send=("UpsertCounty",))
OLD = keys.make_key()
"""The key of `desk` that was retired an hour ago, `desk-0`."""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> keys.SenderFiles:
    made = keys.write_senders(tmp_path_factory.mktemp("door"), [DESK, PORTAL])
    entries = json.loads(made.jwks.read_text())["keys"]
    keys.write_jwks(made.jwks, [*entries, keys.public_jwk(OLD, "desk-0", retired_at=time.time() - 3600)])
    granted = json.loads(made.senders.read_text())
    granted["desk"]["kids"].append("desk-0")
    made.senders.write_text(json.dumps(granted))
    return made


class RealDoor:
    """The door, and the database behind it."""

    def __init__(self, rig: Any, client: httpx.AsyncClient) -> None:
        self.rig, self.client = rig, client

    async def post(self, authorization: str | None) -> tuple[int, dict[str, Any]]:
        data = {"region_id": "north", "name": new_id()}
        event = {"specversion": "1.0", "id": new_id(), "type": "UpsertRegion", "source": "/console", "data": data}
        headers = {} if authorization is None else {"authorization": authorization}
        answer = await self.client.post("/v1/commands", json=event, headers=headers)
        return answer.status_code, answer.json()

    async def remembered(self) -> int:
        ((count,),) = await self.rig.rows("SELECT count(*) FROM inbox")
        return int(count)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def door(stack: Stack, files: keys.SenderFiles) -> AsyncIterator[RealDoor]:
    senders, service, dsn = Senders.load(files.jwks, files.senders), small_service(), stack.create_database(DATABASE)
    migrate(dsn, [staffing.app.MIGRATIONS])
    rig = await make_rig(dsn, service)
    reader = Reader(service, senders, Clock())
    http = make_http(Door(service, reader, senders, rig.pipeline), Vitals(list, list))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(http), base_url="http://door") as client:
        yield RealDoor(rig, client)
    await rig.pool.close()
    stack.drop_database(DATABASE)


def pem_of(files: keys.SenderFiles, sender: str = "desk") -> bytes:
    return files.signing_keys[sender].read_bytes()


def signed(files: keys.SenderFiles, kid: str = "desk-1", **changes: Any) -> str:
    """A token of `desk`, good but for what is changed; None leaves a claim out."""
    now = time.time()
    claims = {"aud": "casebus", "azp": "desk", "sub": ACTOR, "iat": now, "exp": now + 60, **changes}
    text = json.dumps({name: value for name, value in claims.items() if value is not None}).encode()
    return jwt.api_jws.encode(text, pem_of(files), algorithm="RS256", headers={"kid": kid})


def altered(files: keys.SenderFiles) -> str:
    """The payload of one token under the signature of another."""
    (header, _, signature), (_, payload, _) = signed(files).split("."), signed(files, sub="adair-manager").split(".")
    return f"{header}.{payload}.{signature}"


def unsigned(files: keys.SenderFiles, algorithm: str, secret: str) -> str:
    claims = {"aud": "casebus", "azp": "desk", "sub": ACTOR, "exp": time.time() + 60}
    return jwt.encode(claims, secret, algorithm=algorithm, headers={"kid": "desk-1"})


def proof_of_a_command(files: keys.SenderFiles) -> str:
    return sign_proof(pem_of(files), "desk-1", "desk", ACTOR, new_id(), "UpsertRegion", "north", b"{}")


BAD: dict[str, tuple[Callable[[keys.SenderFiles], str], str]] = {
    "forged, by a key of nobody": (lambda files: sign_bearer(keys.make_key(), "desk-1", "desk", ACTOR), "signature"),
    "forged, by another sender's key": (
        lambda files: sign_bearer(pem_of(files, "portal"), "desk-1", "desk", ACTOR),
        "signature",
    ),
    "forged, without signature": (lambda files: unsigned(files, "none", ""), "signature"),
    "forged, signed with the public key": (
        lambda files: unsigned(files, "HS256", files.jwks.read_text()[:64]),
        "signature",
    ),
    "altered": (altered, "signature"),
    "expired": (lambda files: signed(files, exp=time.time() - 1), "age"),
    "without an end": (lambda files: signed(files, exp=None), "age"),
    "not valid yet": (lambda files: signed(files, nbf=time.time() + 60), "age"),
    "foreign, in the name of another sender": (lambda files: signed(files, azp="portal"), "sender"),
    "foreign, for another audience": (lambda files: signed(files, aud="elsewhere"), "audience"),
    "for no audience": (lambda files: signed(files, aud=None), "audience"),
    "for nobody": (lambda files: signed(files, sub=None), "subject"),
    "by a key nobody knows": (lambda files: signed(files, kid="desk-9"), "unknown_key"),
    "by a retired key": (lambda files: sign_bearer(OLD, "desk-0", "desk", ACTOR), "retired_key"),
    "copied, the proof of a command": (proof_of_a_command, "age"),
    "nonsense": (lambda files: "nonsense", "malformed"),
}


@pytest.mark.parametrize("kind", BAD)
async def test_a_token_that_does_not_hold_opens_nothing(door: RealDoor, files: keys.SenderFiles, kind: str) -> None:
    make, reason = BAD[kind]
    before = await door.remembered()

    status, body = await door.post(f"Bearer {make(files)}")

    assert (status, body["reason"].rpartition(" ")[2]) == (401, reason)
    assert await door.remembered() == before


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Basic ZGVzazpwYXNz"])
async def test_no_token_opens_nothing(door: RealDoor, authorization: str | None) -> None:
    status, body = await door.post(authorization)

    assert (status, body["reason"].rpartition(" ")[2]) == (401, "missing")


async def test_a_good_token_opens_the_door(door: RealDoor, files: keys.SenderFiles) -> None:
    status, body = await door.post(f"Bearer {signed(files)}")

    assert (status, body["outcome"]) == (200, "accepted")


@pytest.mark.parametrize("subject", [ACTOR, "system"])
async def test_a_good_token_lets_a_sender_send_no_more_than_it_may(
    door: RealDoor, files: keys.SenderFiles, subject: str
) -> None:
    status, body = await door.post(f"Bearer {sign_bearer(pem_of(files, 'portal'), 'portal-1', 'portal', subject)}")

    assert (status, body["rule"]) == (403, "I-07")
