"""Commands as a sender writes them down, and what travels to Kafka and to the HTTP door.

A command file holds one object or a list of `{type, data, actor?, id?, key?, source?}`; members
of the structured CloudEvents form that are not needed here may stand beside them. `actor`
is the staff id in whose name it is sent; a missing `id` is made up.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uuid_utils

from access.proofs import sign_proof
from casebus_cli.errors import CliError
from casebus_contracts import COMMANDS


def new_id() -> str:
    """A fresh uuid7."""
    return str(uuid_utils.uuid7())


@dataclass(frozen=True, slots=True)
class Order:
    """A command to be sent. `key` and `service` follow from the type unless they are given."""

    type: str
    data: Mapping[str, Any]
    actor: str
    id: str = field(default_factory=new_id)
    key: str = ""
    service: str = ""

    @property
    def body(self) -> bytes:
        """The record's value: `data` as compact JSON in UTF-8."""
        return json.dumps(self.data, separators=(",", ":"), ensure_ascii=False).encode()

    @property
    def record_key(self) -> str:
        """The record's key."""
        return self.key or str(self.data.get(_contract(self.type).KEY, ""))

    @property
    def owner(self) -> str:
        """The service that carries it out."""
        return self.service or _contract(self.type).SERVICE

    @property
    def topic(self) -> str:
        """Where it is sent, without a prefix."""
        return f"{self.owner}.commands"


@dataclass(frozen=True, slots=True)
class Signature:
    """What a sender signs with."""

    sender: str
    kid: str
    key_pem: bytes

    def prove(self, order: Order) -> str:
        """The proof of this order, made now."""
        key, body = order.record_key, order.body
        return sign_proof(self.key_pem, self.kid, self.sender, order.actor, order.id, order.type, key, body)

    def headers(self, order: Order) -> list[tuple[str, bytes]]:
        """The headers of its record (CloudEvents, Kafka binary mode)."""
        texts = {
            "ce_specversion": "1.0",
            "ce_id": order.id,
            "ce_source": f"/{self.sender}",
            "ce_type": order.type,
            "ce_time": datetime.now(UTC).isoformat(),
            "content-type": "application/json",
            "ce_proof": self.prove(order),
        }
        return [(name, text.encode()) for name, text in texts.items()]


def structured(order: Order, sender: str) -> dict[str, Any]:
    """The order as the HTTP door takes it (CloudEvents, structured JSON)."""
    return {
        "specversion": "1.0",
        "id": order.id,
        "type": order.type,
        "source": f"/{sender}",
        "time": datetime.now(UTC).isoformat(),
        "datacontenttype": "application/json",
        "data": order.data,
    }


def read_orders(path: Path, actor: str | None = None) -> list[Order]:
    """The orders of a command file; `actor` is for those that name none. Raises `CliError`."""
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise CliError(f"{path} cannot be read: {error.strerror}.") from None
    except ValueError:
        raise CliError(f"{path} is no JSON.") from None
    entries = content if isinstance(content, list) else [content]
    return [_order(entry, f"{path}, entry {number}", actor) for number, entry in enumerate(entries, 1)]


def _order(entry: Any, where: str, actor: str | None) -> Order:
    if not isinstance(entry, dict) or not isinstance(entry.get("data"), dict) or not isinstance(entry.get("type"), str):
        raise CliError(f"{where}: a command has a `type` and `data`.")
    named = entry.get("actor", actor)
    if not isinstance(named, str):
        raise CliError(f"{where}: nobody is named as the actor; add `actor` or use --actor STAFF_ID.")
    _contract(entry["type"])
    return Order(entry["type"], entry["data"], named, str(entry.get("id") or new_id()), str(entry.get("key", "")))


def _contract(type_: str) -> Any:
    try:
        return COMMANDS[type_]
    except KeyError:
        raise CliError(f"No command is named {type_}; docs/events.md lists them.") from None
