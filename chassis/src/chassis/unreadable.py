"""Unreadable records as operators meet them: places and sizes, and a repaired record to read again."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chassis.envelope import safe

LIST = """
SELECT topic, partition, position AS offset, reason, sha256, octet_length(value) AS bytes, at, resent_at
FROM unreadable ORDER BY at DESC LIMIT 500"""

ONE = """
SELECT topic, partition, position, sha256, reason, key, headers, value, at, appended_at, resent_at
FROM unreadable WHERE topic = $1 AND partition = $2 AND position = $3"""

RESENT = "UPDATE unreadable SET resent_at = now() WHERE topic = $1 AND partition = $2 AND position = $3"

SHOWN = ("topic", "partition", "offset", "reason", "bytes", "at", "resent_at")

ENVELOPE = ("ce_specversion", "ce_id", "ce_source", "ce_type", "content-type", "ce_proof", "ce_sequence")
"""What a reader asks for: all but the last of a command, all but the proof of a fact."""

_TOLD = frozenset({"ce_id", "ce_type"})
"""Headers whose value `<service>.dead` names as well."""


def described(row: Mapping[str, Any]) -> dict[str, Any]:
    """One kept record without its content: what of its envelope is there, missing, null, or no text."""
    headers = _kept(row)
    whole = {**row, "offset": row["position"], "bytes": len(row["value"] or b"")}
    return {
        **{name: whole[name] for name in SHOWN},
        "sha256": bytes(row["sha256"]).hex(),
        "key": _state(row["key"]),
        "headers": {name: _header_state(headers, name) for name in ENVELOPE},
    }


def _kept(row: Mapping[str, Any]) -> dict[str, bytes | None]:
    return {name: None if value is None else bytes.fromhex(value) for name, value in json.loads(row["headers"])}


def _header_state(headers: Mapping[str, bytes | None], name: str) -> str:
    value = headers.get(name)
    if name not in headers:
        return "missing"
    return safe(value.decode("ascii", "replace")) if name in _TOLD and value else _state(value)


def _state(value: bytes | None) -> str:
    if value is None:
        return "null"
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return "no UTF-8"
    return "holds NUL" if "\x00" in text else "there" if text else "empty"


@dataclass(frozen=True, slots=True)
class Repaired:
    """A record as it should have been, from its own place."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


def repaired(
    row: Mapping[str, Any], headers: Mapping[str, str], key: str | None, body: str | None, topic_prefix: str
) -> Repaired:
    """The kept record with these headers, key and body in place of its own, as it would lie on the broker."""
    kept = _kept(row) | {name: value.encode() for name, value in headers.items()}
    return Repaired(
        topic_prefix + row["topic"],
        row["partition"],
        row["position"],
        int(row["appended_at"].timestamp() * 1000),
        row["key"] if key is None else key.encode(),
        row["value"] if body is None else body.encode(),
        list(kept.items()),
    )
