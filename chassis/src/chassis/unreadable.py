"""Unreadable records as operators meet them: places and sizes, and a repaired record to read again."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LIST = """
SELECT topic, partition, position AS offset, reason, sha256, octet_length(value) AS bytes, at, resent_at
FROM unreadable ORDER BY at DESC LIMIT 500"""

ONE = "SELECT * FROM unreadable WHERE topic = $1 AND partition = $2 AND position = $3"

RESENT = "UPDATE unreadable SET resent_at = now() WHERE topic = $1 AND partition = $2 AND position = $3"


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


def repaired(row: Mapping[str, Any], headers: Mapping[str, str], key: str | None, body: str | None) -> Repaired:
    """The kept record with these headers, key and body in place of its own."""
    kept = {name: None if value is None else bytes.fromhex(value) for name, value in json.loads(row["headers"])}
    kept |= {name: value.encode() for name, value in headers.items()}
    return Repaired(
        row["topic"],
        row["partition"],
        row["position"],
        int(row["appended_at"].timestamp() * 1000),
        row["key"] if key is None else key.encode(),
        row["value"] if body is None else body.encode(),
        list(kept.items()),
    )
