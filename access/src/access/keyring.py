"""The public keys of senders and what each sender may do, as two files that may change at any time."""

import json
import os
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from jwt import PyJWK
from jwt.exceptions import PyJWTError

ALGORITHMS = frozenset({"RS256", "EdDSA", "ES256"})
ANY = "*"

log = structlog.get_logger(__name__)


class KeyringError(Exception):
    """The JWKS file or the senders file does not say what it should."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key, the sender it belongs to, and when it stopped being valid (seconds since 1970)."""

    kid: str
    sender: str
    algorithm: str
    retired_at: float | None
    jwk: PyJWK

    def verifies(self, signed: bytes, signature: bytes) -> bool:
        """Whether the signature is this key's over these bytes."""
        return self.jwk.Algorithm.verify(signed, self.jwk.key, signature)


@dataclass(frozen=True, slots=True)
class Grant:
    """The types of command a sender may send for staff, and for itself as `system`. `*` means all."""

    may_send: frozenset[str]
    as_system: frozenset[str]


@dataclass(frozen=True, slots=True)
class Keyring:
    """What both files said when they were read."""

    keys: Mapping[str, PublicKey]
    grants: Mapping[str, Grant]


def read_keyring(jwks_path: Path, senders_path: Path) -> Keyring:
    """Read both files. Keys that no sender claims are left out. Raises `KeyringError`, `OSError`."""
    try:
        senders: dict[str, dict[str, Any]] = json.loads(senders_path.read_bytes())
        _must_be_unique(kid for entry in senders.values() for kid in entry["kids"])
        owners = {kid: name for name, entry in senders.items() for kid in entry["kids"]}
        published = json.loads(jwks_path.read_bytes())["keys"]
        entries = [entry for entry in published if entry.get("kid") in owners]
        _must_be_unique(entry["kid"] for entry in entries)
        keys = {entry["kid"]: _public_key(entry, owners[entry["kid"]]) for entry in entries}
        return Keyring(keys, {name: _grant(entry) for name, entry in senders.items()})
    except (ValueError, KeyError, TypeError, AttributeError, PyJWTError) as error:
        raise KeyringError(f"{jwks_path.name} or {senders_path.name} is malformed: {type(error).__name__}") from error


def _must_be_unique(kids: Iterable[str]) -> None:
    """A key id stands for one key of one sender."""
    for kid, times in Counter(kids).items():
        if times > 1:
            raise KeyringError(f"key {kid} is named {times} times")


def _grant(entry: dict[str, Any]) -> Grant:
    return Grant(frozenset(entry.get("may_send", ())), frozenset(entry.get("as_system", ())))


def _public_key(entry: dict[str, Any], sender: str) -> PublicKey:
    jwk = PyJWK.from_dict(entry)
    if jwk.algorithm_name not in ALGORITHMS:
        raise KeyringError(f"key {entry['kid']}: {jwk.algorithm_name} is not allowed")
    if weakness := jwk.Algorithm.check_key_length(jwk.key):
        raise KeyringError(f"key {entry['kid']}: {weakness}")
    retired_at = entry.get("retired_at")
    return PublicKey(entry["kid"], sender, jwk.algorithm_name, None if retired_at is None else float(retired_at), jwk)


class WatchedKeyring:
    """The keyring of two files, read again when one of them has changed.

    Looks at the files at most once in `recheck_seconds`, or at once when asked for a key it
    does not know. A file that has become unreadable leaves the last good keyring in force.
    """

    def __init__(self, jwks_path: Path, senders_path: Path, recheck_seconds: float) -> None:
        self._paths = (jwks_path, senders_path)
        self._recheck_seconds = recheck_seconds
        self._stamp = self._stamps()
        self._keyring = read_keyring(*self._paths)
        self._checked_at = time.monotonic()

    def current(self) -> Keyring:
        """The keyring in force."""
        if time.monotonic() - self._checked_at >= self._recheck_seconds:
            self.recheck()
        return self._keyring

    def recheck(self) -> Keyring:
        """Look at the files now."""
        self._checked_at = time.monotonic()
        try:
            stamp = self._stamps()
            if stamp != self._stamp:
                self._stamp = stamp
                self._keyring = read_keyring(*self._paths)
        except (OSError, KeyringError) as error:
            log.warning("keyring.unreadable", error=type(error).__name__)
        return self._keyring

    def _stamps(self) -> tuple[tuple[int, int, int], ...]:
        stats = map(os.stat, self._paths)
        return tuple((stat.st_mtime_ns, stat.st_size, stat.st_ino) for stat in stats)
