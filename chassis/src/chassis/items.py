"""What travels through the pipeline: one item per message, one set-aside per unreadable record."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from chassis.rules import Invalid, Refused


class Origin(NamedTuple):
    """Where a message came from: a record's place, or a door with a number of its own."""

    topic: str
    partition: int
    position: int


class Kind(StrEnum):
    """By which way an item came."""

    COMMAND = "command"
    FACT = "fact"
    DUE = "due"
    DELIVERED = "delivered"


@dataclass(slots=True)
class Item:
    """A message that could be read. `answer` is set when it is settled before any rule runs."""

    kind: Kind
    name: str
    """Handler name: the message type, or that of a clock."""
    id: str
    sender: str
    actor: str
    key: str
    lane: str
    now: datetime
    message: Any
    body: bytes
    origin: Origin
    hash: bytes = b""
    sequence: int = 0
    correlation: str = ""
    traceparent: str = ""
    onward: str = ""
    """The traceparent of what this message causes; "" for its own."""
    answer: Refused | Invalid | None = None
    remembered: bool = True
    """False when the id cannot be kept in the inbox (no uuid7, or outside the window)."""
    generation: int = 0
    """Of a clock: which setting of it fired."""
    failure: Exception | None = None
    """Set when its own handling has failed for good: it is parked without being run."""
    parked_id: int | None = None
    """Of a message taken from the parking lot: its row there."""
    attempted: bool = False
    """Whether a rule has been asked about it."""
    failed: bool = False
    """Whether this attempt parked it (not: left it waiting behind another)."""
    receipt: dict[str, Any] | None = field(default=None)
    """The answer, once the transaction that gave it is committed."""


@dataclass(frozen=True, slots=True)
class SetAside:
    """A record that cannot be read or believed. Its bytes go to a restricted table, its place to `<service>.dead`."""

    origin: Origin
    reason: str
    key: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    value: bytes | None
    at: datetime
    """System time."""
    appended_at: datetime
    """Real time, by which a proof is judged."""
    message_id: str | None = None
    type: str | None = None
