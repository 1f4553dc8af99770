"""What is kept of a message that could not be handled, and of those behind it."""

import json
import traceback
from base64 import b64encode
from hashlib import sha256

from chassis.envelope import safe
from chassis.items import Item
from chassis.rules import Delivered, Due


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
        }
    ).encode()


def fingerprint(failure: Exception) -> str:
    """Class and place of a failure; never a value."""
    frames = traceback.extract_tb(failure.__traceback__)
    place = f"{frames[-1].name}:{frames[-1].lineno}" if frames else "?"
    digest = sha256(f"{type(failure).__name__}@{place}".encode()).hexdigest()[:8]
    return f"{type(failure).__name__}@{safe(place)}#{digest}"
