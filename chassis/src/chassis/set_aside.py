"""Unreadable records: their bytes where only the owner looks, their place on `<service>.dead`."""

import json
from collections.abc import Sequence
from hashlib import sha256

from chassis.database import Connection
from chassis.envelope import UNREADABLE_TYPE, answer_headers
from chassis.items import SetAside
from chassis.rows import UNREADABLE_INSERT, Columns, Rows
from chassis.rules import derived_id


async def set_aside(connection: Connection, rows: Rows, service: str, records: Sequence[SetAside]) -> None:
    """Keep each record once, however often it is delivered, and tell where it lies."""
    for record in records:
        stored = Columns(UNREADABLE_INSERT)
        digest = sha256(record.value or b"")
        headers = json.dumps([[name, None if value is None else value.hex()] for name, value in record.headers])
        stored.add(
            *record.origin,
            digest.digest(),
            record.reason,
            record.key,
            headers.encode(),
            record.value,
            record.at,
            record.appended_at,
        )
        if await stored.write(connection):
            _tell(rows, service, record, digest.hexdigest())


def _tell(rows: Rows, service: str, record: SetAside, digest: str) -> None:
    topic, partition, position = record.origin
    body = {
        "origin": {"topic": topic, "partition": partition, "offset": position},
        "sha256": digest,
        "reason": record.reason,
        "at": record.at.isoformat(),
    }
    if record.message_id:
        body["ce_id"] = record.message_id
    if record.type:
        body["ce_type"] = record.type
    key = f"{topic}/{partition}/{position}"
    own_id = derived_id(record.at, service, key)
    headers = answer_headers(
        service, UNREADABLE_TYPE, message_id=own_id, key=key, at=record.at, correlation=own_id, causation=own_id
    )
    rows.publish(f"{service}.dead", key, headers, json.dumps(body, separators=(",", ":")))
