"""Proofs and tokens: who sends a command, and in whose name.

A proof is a compact JWS for one command alone (`ce_proof` on Kafka): it names the command's
id and a hash over its type, key and body, and is judged by the moment the broker appended
the record. A bearer token opens the HTTP door until it expires.
"""

import base64
import binascii
import hashlib
import json
import time
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from access.jwks import key_source
from access.keyring import ANY, PublicKey, WatchedKeyring
from chassis.proofs import ProofError, Proven

AUDIENCE: Final = "casebus"
SYSTEM: Final = "system"
PROOF_WINDOW_SECONDS: Final = 300
MAX_TOKEN_BYTES: Final = 4096
MAX_KNOWN_HEADERS: Final = 1024

SigningKey = RSAPrivateKey | EllipticCurvePrivateKey | Ed25519PrivateKey
_URL_SAFE: Final = bytes.maketrans(b"-_", b"+/")


def body_hash(type_: str, key: str, body: bytes) -> str:
    """The claim `bh`: base64url without padding of SHA-256 over type, LF, key, LF, body."""
    digest = hashlib.sha256(b"%b\n%b\n%b" % (type_.encode(), key.encode(), body)).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class Senders:
    """The known senders: their keys, and what each may send. Satisfies `chassis.proofs.Verifier`."""

    def __init__(self, keyring: WatchedKeyring) -> None:
        self._keyring = keyring
        self._kids: dict[bytes, tuple[str, str]] = {}

    @classmethod
    def load(cls, jwks: str | Path, senders_path: str | Path, recheck_seconds: float = 1.0) -> "Senders":
        """Read the keys (a file or a URL) and the senders file, again when they change.

        Raises `KeyringError`, `OSError`.
        """
        return cls(WatchedKeyring(key_source(jwks), Path(senders_path), recheck_seconds))

    def check_proof(
        self, token: str | bytes | None, message_id: str, type_: str, key: str, body: bytes, appended_at: datetime
    ) -> Proven:
        """The sender and actor of a record, judged by its append time in real time, never by the time of reading.

        Raises `ProofError` with one of the reasons missing, malformed, unknown_key, retired_key, signature,
        audience, sender, subject, id, body, age.
        """
        appended = appended_at.timestamp()
        claims, public = self._claims(token, appended)
        if claims.get("jti") != message_id:
            raise ProofError("id")
        if claims.get("bh") != body_hash(type_, key, body):
            raise ProofError("body")
        if abs(_seconds(claims, "iat") - appended) > PROOF_WINDOW_SECONDS:
            raise ProofError("age")
        return Proven(public.sender, claims["sub"], public.kid)

    def check_bearer(self, token: str | bytes | None, now: datetime) -> Proven:
        """The sender and actor of a request that arrived `now`; no leeway. Raises `ProofError` like `check_proof`."""
        arrived = now.timestamp()
        claims, public = self._claims(token, arrived)
        if not _seconds(claims, "exp") > arrived:
            raise ProofError("age")
        if "nbf" in claims and _seconds(claims, "nbf") > arrived:
            raise ProofError("age")
        return Proven(public.sender, claims["sub"], public.kid)

    def may_ask(self, sender: str) -> bool:
        """Whether configuration lets this sender ask for staff what services keep."""
        grant = self._keyring.current().grants.get(sender)
        return grant is not None and grant.may_ask

    def may_send(self, sender: str, type_: str, subject: str) -> bool:
        """Whether configuration lets this sender send this type for staff, or for itself as `system`."""
        grant = self._keyring.current().grants.get(sender)
        if grant is None:
            return False
        types = grant.as_system if subject == SYSTEM else grant.may_send
        return type_ in types or ANY in types

    def _claims(self, token: str | bytes | None, at_seconds: float) -> tuple[dict[str, Any], PublicKey]:
        """The claims of a token that its key signed, with audience, sender and subject in order."""
        header, signed, payload, signature = _segments(token)
        public = self._public_key(header)
        if public.retired_at is not None and at_seconds >= public.retired_at:
            raise ProofError("retired_key")
        if not public.verifies(signed, _decoded(signature)):
            raise ProofError("signature")
        claims = _object(payload)
        _check_parties(claims, public)
        return claims, public

    def _public_key(self, header: bytes) -> PublicKey:
        known = self._kids.get(header)
        kid, algorithm = known or _kid_and_algorithm(header)
        public = self._keyring.current().keys.get(kid) or self._keyring.recheck().keys.get(kid)
        if public is None:
            raise ProofError("unknown_key")
        if public.algorithm != algorithm:
            raise ProofError("signature")
        # A sender's tokens share one header, so its text stands for the parsed one.
        if known is None and len(self._kids) < MAX_KNOWN_HEADERS:
            self._kids[header] = (kid, algorithm)
        return public


def _segments(token: str | bytes | None) -> tuple[bytes, bytes, bytes, bytes]:
    """Header, signed part, payload and signature of a compact JWS, still encoded."""
    if not token:
        raise ProofError("missing")
    try:
        raw = token.encode("ascii") if isinstance(token, str) else token
        signed, signature = raw.rsplit(b".", 1)
        header, payload = signed.split(b".")
    except ValueError:
        raise ProofError("malformed") from None
    if len(raw) > MAX_TOKEN_BYTES:
        raise ProofError("malformed")
    return header, signed, payload, signature


def _decoded(segment: bytes) -> bytes:
    try:
        return binascii.a2b_base64(segment.translate(_URL_SAFE) + b"=" * (-len(segment) % 4), strict_mode=True)
    except ValueError:
        raise ProofError("malformed") from None


def _object(segment: bytes) -> dict[str, Any]:
    try:
        value = json.loads(_decoded(segment))
    except (ValueError, RecursionError):
        raise ProofError("malformed") from None
    if not isinstance(value, dict):
        raise ProofError("malformed")
    return value


def _kid_and_algorithm(header: bytes) -> tuple[str, str]:
    fields = _object(header)
    kid, algorithm = fields.get("kid"), fields.get("alg")
    # RFC 7515 section 4.1.11: an extension named as critical and not understood invalidates the JWS.
    if not isinstance(kid, str) or not isinstance(algorithm, str) or "crit" in fields or "b64" in fields:
        raise ProofError("malformed")
    return kid, algorithm


def _check_parties(claims: Mapping[str, Any], public: PublicKey) -> None:
    audience = claims.get("aud")
    if audience != AUDIENCE and not (isinstance(audience, list) and AUDIENCE in audience):
        raise ProofError("audience")
    if claims.get("azp") != public.sender:
        raise ProofError("sender")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= 64 or "\x00" in subject:
        raise ProofError("subject")


def _seconds(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e11:
        raise ProofError("malformed" if name in claims else "age")
    return float(value)


def sign_proof(
    key_pem: bytes,
    kid: str,
    sender: str,
    subject: str,
    message_id: str,
    type_: str,
    key: str,
    body: bytes,
    issued_at: float | None = None,
) -> str:
    """The proof of one command. `body` is the record's value, byte for byte; `issued_at` seconds since 1970."""
    claims = {
        "jti": message_id,
        "aud": AUDIENCE,
        "azp": sender,
        "sub": subject,
        "iat": time.time() if issued_at is None else issued_at,
        "bh": body_hash(type_, key, body),
    }
    return _sign(key_pem, kid, claims)


def sign_bearer(
    key_pem: bytes, kid: str, sender: str, subject: str, lifetime_seconds: float = 3600, issued_at: float | None = None
) -> str:
    """A bearer token for the HTTP door, valid for `lifetime_seconds`."""
    issued = time.time() if issued_at is None else issued_at
    claims = {"aud": AUDIENCE, "azp": sender, "sub": subject, "iat": issued, "exp": issued + lifetime_seconds}
    return _sign(key_pem, kid, claims)


def _sign(key_pem: bytes, kid: str, claims: dict[str, Any]) -> str:
    key = signing_key(key_pem)
    return jwt.encode(claims, key, algorithm=algorithm_of(key), headers={"kid": kid})


@lru_cache(maxsize=64)
def signing_key(key_pem: bytes) -> SigningKey:
    """The private key of a PEM text; kept, because loading one takes longer than signing with it."""
    key = load_pem_private_key(key_pem, password=None)
    if not isinstance(key, RSAPrivateKey | EllipticCurvePrivateKey | Ed25519PrivateKey):
        raise TypeError(f"a {type(key).__name__} cannot sign proofs")
    return key


def algorithm_of(key: SigningKey) -> str:
    """The JWS algorithm that goes with a kind of key."""
    if isinstance(key, RSAPrivateKey):
        return "RS256"
    return "ES256" if isinstance(key, EllipticCurvePrivateKey) else "EdDSA"
