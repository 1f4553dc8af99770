"""Making the keys of senders and the two files in which services find them."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from access.proofs import SigningKey, algorithm_of, signing_key

RSA_BITS: Final = 2048

_MAKERS: Final[Mapping[str, Callable[[], SigningKey]]] = {
    "RS256": lambda: rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS),
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
}


@dataclass(frozen=True, slots=True)
class NewSender:
    """A sender to be made known: the types it may send for staff, and for itself as `system`.

    `may_read`: facts beside the public ones that a broker with access lists lets it read. `may_ask`: what services
    keep, over HTTP, for staff.
    """

    name: str
    may_send: Sequence[str] = ("*",)
    as_system: Sequence[str] = ()
    may_read: Sequence[str] = ()
    may_ask: bool = False
    algorithm: str = "RS256"

    @property
    def kid(self) -> str:
        """The id of its first key."""
        return f"{self.name}-1"

    def entry(self) -> dict[str, list[str] | bool]:
        """What the senders file says of it."""
        may = {"may_send": self.may_send, "as_system": self.as_system, "may_read": self.may_read}
        return {"kids": [self.kid], **{name: list(types) for name, types in may.items()}, "may_ask": self.may_ask}


@dataclass(frozen=True, slots=True)
class SenderFiles:
    """Where everything lies: public keys, senders, and the private key file of each sender by name."""

    jwks: Path
    senders: Path
    signing_keys: Mapping[str, Path]


def make_key(algorithm: str = "RS256") -> bytes:
    """A new private key as PEM. `algorithm`: RS256 (2,048 bits), ES256 or EdDSA."""
    key = _MAKERS[algorithm]()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def public_jwk(key_pem: bytes, kid: str, retired_at: float | None = None) -> dict[str, Any]:
    """The JWKS entry of a private key's public half. `retired_at`: seconds since 1970."""
    key = signing_key(key_pem)
    entry = {**_jwk(key), "kid": kid, "alg": algorithm_of(key), "use": "sig"}
    return entry if retired_at is None else {**entry, "retired_at": retired_at}


def _jwk(key: SigningKey) -> dict[str, Any]:
    if isinstance(key, rsa.RSAPrivateKey):
        return RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return OKPAlgorithm.to_jwk(key.public_key(), as_dict=True)


def write_senders(folder: Path, senders: Sequence[NewSender]) -> SenderFiles:
    """Write `jwks.json`, `senders.json` and `keys/<sender>.pem` (0600) into `folder`; keys already there are kept."""
    pems = {sender.name: kept_key(folder / "keys" / f"{sender.name}.pem", sender.algorithm) for sender in senders}
    entries = [public_jwk(pems[sender.name].read_bytes(), sender.kid) for sender in senders]
    write_jwks(folder / "jwks.json", entries)
    granted = {sender.name: sender.entry() for sender in senders}
    write_whole(folder / "senders.json", _json(granted), mode=0o644)
    return SenderFiles(folder / "jwks.json", folder / "senders.json", pems)


def write_jwks(path: Path, entries: Sequence[Mapping[str, Any]]) -> None:
    """Write a JWKS file of these entries."""
    write_whole(path, _json({"keys": list(entries)}), mode=0o644)


def kept_key(path: Path, algorithm: str = "RS256") -> Path:
    """The private key file at `path`, made if it is missing."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, make_key(algorithm), mode=0o600)
    return path


def write_whole(path: Path, content: bytes, mode: int) -> None:
    """Write a file so that a reader sees the old content or the new, never a part."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    unfinished.replace(path)


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=2).encode() + b"\n"
