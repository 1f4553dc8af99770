"""The public keys of senders and what each sender may do, as two sources that may change at any time."""

import json
import time
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from jwt import PyJWK
from jwt.exceptions import PyJWTError

from access.jwks import KeySource, file_stamp

ALGORITHMS = frozenset({"RS256", "EdDSA", "ES256"})
ANY = "*"

log = structlog.get_logger(__name__)


class KeyringError(ValueError):
    """The key set or the senders file does not say what it should."""


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
    """The types of command a sender may send for staff, and for itself as `system`. `*` means all.

    `may_ask`: it may ask over HTTP, for staff, what services keep.
    """

    may_send: frozenset[str]
    as_system: frozenset[str]
    may_ask: bool


@dataclass(frozen=True, slots=True)
class Keyring:
    """What keys and senders file said when they were read."""

    keys: Mapping[str, PublicKey]
    grants: Mapping[str, Grant]


def read_keyring(source: KeySource, senders_path: Path) -> Keyring:
    """Read both. Keys that no sender claims are left out. Raises `KeyringError`, `OSError`."""
    try:
        senders: dict[str, dict[str, Any]] = json.loads(senders_path.read_bytes())
        _must_be_unique(kid for entry in senders.values() for kid in entry["kids"])
        owners = {kid: name for name, entry in senders.items() for kid in entry["kids"]}
        published = json.loads(source.read())["keys"]
        entries = [entry for entry in published if entry.get("kid") in owners]
        _must_be_unique(entry["kid"] for entry in entries)
        keys = {entry["kid"]: _public_key(entry, owners[entry["kid"]]) for entry in entries}
        return Keyring(keys, {name: _grant(entry) for name, entry in senders.items()})
    except KeyringError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, PyJWTError) as error:
        raise KeyringError(f"{source.name} or {senders_path.name} is malformed: {type(error).__name__}") from error


def _must_be_unique(kids: Iterable[str]) -> None:
    """A key id stands for one key of one sender."""
    for kid, times in Counter(kids).items():
        if times > 1:
            raise KeyringError(f"key {kid} is named {times} times")


def _grant(entry: dict[str, Any]) -> Grant:
    may_send, as_system = entry.get("may_send", ()), entry.get("as_system", ())
    return Grant(frozenset(may_send), frozenset(as_system), entry.get("may_ask", False) is True)


def _public_key(entry: dict[str, Any], sender: str) -> PublicKey:
    jwk = PyJWK.from_dict(entry)
    if jwk.algorithm_name not in ALGORITHMS:
        raise KeyringError(f"key {entry['kid']}: {jwk.algorithm_name} is not allowed")
    if weakness := jwk.Algorithm.check_key_length(jwk.key):
        raise KeyringError(f"key {entry['kid']}: {weakness}")
    retired_at = entry.get("retired_at")
    return PublicKey(entry["kid"], sender, jwk.algorithm_name, None if retired_at is None else float(retired_at), jwk)


class WatchedKeyring:
    """The keyring of a key set and a senders file, read again when one of them has changed.

    Looks at them at most once in `recheck_seconds`, or at once when asked for a key it does
    not know. What has become unreadable leaves the last good keyring in force.
    """

    def __init__(self, source: KeySource, senders_path: Path, recheck_seconds: float) -> None:
        self._source, self._senders_path = source, senders_path
        self._recheck_seconds = recheck_seconds
        self._stamp = self._stamps()
        self._keyring = read_keyring(source, senders_path)
        self._checked_at = time.monotonic()

    def current(self) -> Keyring:
        """The keyring in force."""
        if time.monotonic() - self._checked_at >= self._recheck_seconds:
            self._look()
        return self._keyring

    def recheck(self) -> Keyring:
        """Look now: somebody asks for a key that is not there."""
        self._look(urgent=True)
        return self._keyring

    def _look(self, *, urgent: bool = False) -> None:
        self._checked_at = time.monotonic()
        try:
            stamp = self._stamps(urgent=urgent)
            if stamp != self._stamp:
                self._stamp = stamp
                self._keyring = read_keyring(self._source, self._senders_path)
        except (OSError, KeyringError) as error:
            log.warning("keyring.unreadable", error=type(error).__name__)

    def _stamps(self, *, urgent: bool = False) -> Hashable:
        return self._source.stamp(urgent=urgent), file_stamp(self._senders_path)
