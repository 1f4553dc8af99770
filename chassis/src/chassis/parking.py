"""What is kept of a message that could not be handled, and of those behind it."""

import json
import random
import traceback
from base64 import b64decode, b64encode
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from chassis.envelope import safe
from chassis.failures import TooEarly
from chassis.items import Item, Kind, Origin
from chassis.rules import Delivered, Due
from chassis.wiring import Service


def packed(item: Item) -> bytes:
    """Everything needed to run the item again, as JSON."""
    message = item.message
    return json.dumps(
        {
            "kind": item.kind,
            "name": item.name,
            "id": item.id,
            "sender": item.sender,
            "actor": item.actor,
            "key": item.key,
            "lane": item.lane,
            "now": item.now.isoformat(),
            "body": b64encode(item.body).decode(),
            "due": [message.aggregate_id, message.name, message.due_at.isoformat()]
            if isinstance(message, Due)
            else None,
            "delivered": [message.subject_id, message.channel, message.recipient]
            if isinstance(message, Delivered)
            else None,
            "origin": item.origin,
            "hash": item.hash.hex(),
            "sequence": item.sequence,
            "correlation": item.correlation,
            "traceparent": item.traceparent,
            "remembered": item.remembered,
        }
    ).encode()


def unpacked(service: Service, parked_id: int, data: bytes) -> Item:
    """The item again, read with today's contracts."""
    kept = json.loads(data)
    return Item(
        kind=Kind(kept["kind"]),
        name=kept["name"],
        id=kept["id"],
        sender=kept["sender"],
        actor=kept["actor"],
        key=kept["key"],
        lane=kept["lane"],
        now=datetime.fromisoformat(kept["now"]),
        message=_message(service, kept),
        body=b64decode(kept["body"]),
        origin=Origin(*kept["origin"]),
        hash=bytes.fromhex(kept["hash"]),
        sequence=kept["sequence"],
        correlation=kept["correlation"],
        traceparent=kept["traceparent"],
        remembered=kept["remembered"],
        parked_id=parked_id,
    )


def _message(service: Service, kept: dict[str, Any]) -> Any:
    if kept["due"] is not None:
        aggregate_id, name, due_at = kept["due"]
        return Due(aggregate_id, name, datetime.fromisoformat(due_at))
    if kept["delivered"] is not None:
        return Delivered(*kept["delivered"])
    cls = {**service.commands, **service.facts}.get(kept["name"])
    return None if cls is None else cls.__pydantic_validator__.validate_json(b64decode(kept["body"]))


def fingerprint(failure: Exception) -> str:
    """Class and place of a failure; never a value."""
    if isinstance(failure, TooEarly):
        return "TooEarly"
    frames = traceback.extract_tb(failure.__traceback__)
    place = f"{frames[-1].name}:{frames[-1].lineno}" if frames else "?"
    digest = sha256(f"{type(failure).__name__}@{place}".encode()).hexdigest()[:8]
    return f"{type(failure).__name__}@{safe(place)}#{digest}"


def first_pause(failure: Exception) -> timedelta:
    """Until the first retry: a predecessor is usually close behind."""
    return timedelta(seconds=0.2 if isinstance(failure, TooEarly) else 1.0)


def pause_after(attempts: int) -> timedelta:
    """Growing, at most five minutes."""
    return timedelta(seconds=min(300.0, 2.0 ** min(attempts, 10)) * random.uniform(0.8, 1.2))
