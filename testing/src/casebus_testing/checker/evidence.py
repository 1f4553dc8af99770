"""What the checker looks at: records of all topics, rows of all services, mails."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Final

COMMANDS: Final = ".commands"
DEAD: Final = ".dead"
RECEIPTS: Final = "receipts."


@dataclass(frozen=True, slots=True)
class Places:
    """Where to look. `databases` by service name; `mailbox` a Maildir, if mail is to be counted.

    `login`: settings with which the broker's administrator logs in, where the broker asks: commands have no other
    reader but their service.
    """

    bootstrap: str
    databases: Mapping[str, str]
    topic_prefix: str = ""
    mailbox: Path | None = None
    login: Mapping[str, str] = field(default_factory=dict, repr=False)
    clock_file: Path | None = None

    @classmethod
    def of(cls, stack: Mapping[str, Any]) -> "Places":
        """From the content of `stack.json`."""
        databases = {name.partition("-")[0]: entry["database"] for name, entry in stack["services"].items()}
        mailbox = stack.get("smtp", {}).get("mailbox")
        prefix = stack["kafka"].get("topic_prefix", "")
        box = Path(mailbox) if mailbox else None
        clock = Path(stack["clock_file"]) if "clock_file" in stack else None
        return cls(stack["kafka"]["bootstrap"], databases, prefix, box, _login(stack["kafka"]), clock)


def _login(kafka: Mapping[str, Any]) -> dict[str, str]:
    if "security_protocol" not in kafka:
        return {}
    admin = kafka["users"]["admin"]
    return {
        "security.protocol": kafka["security_protocol"],
        "sasl.mechanism": kafka["sasl_mechanism"],
        "sasl.username": admin["kafka_user"],
        "sasl.password": Path(admin["kafka_password_file"]).read_text().strip(),
        **({"ssl.ca.location": kafka["tls_ca"]} if "tls_ca" in kafka else {}),
    }


@dataclass(frozen=True)
class Record:
    """A record of a topic (named without prefix)."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    headers: Mapping[str, bytes | None]
    value: bytes | None
    appended_ms: int = 0
    """When the broker appended it; 0 where nobody looked."""

    @property
    def place(self) -> tuple[str, int, int]:
        """Topic, partition, offset."""
        return self.topic, self.partition, self.offset

    def header(self, name: str) -> str:
        """A header as text, empty when it is absent or no text."""
        return (self.headers.get(name) or b"").decode("utf-8", "replace")

    @cached_property
    def body(self) -> Mapping[str, Any]:
        """The value as a JSON object, empty when it is none."""
        try:
            loaded = json.loads(self.value or b"")
        except ValueError:
            return {}
        return loaded if isinstance(loaded, dict) else {}

    @property
    def claimed_sender(self) -> str:
        """The `azp` of the proof. Whether it holds was the service's to judge."""
        return str(self.claims.get("azp", ""))

    @cached_property
    def claims(self) -> Mapping[str, Any]:
        """What the proof claims, empty when it cannot be read."""
        payload = self.header("ce_proof").split(".")[1:2]
        try:
            claims = json.loads(base64.urlsafe_b64decode("".join(payload) + "=="))
        except ValueError:
            return {}
        return claims if isinstance(claims, dict) else {}


@dataclass(frozen=True, slots=True)
class JournalRow:
    """A fact as its service's journal keeps it."""

    service: str
    subject: str
    sequence: int
    fact_id: str
    type: str
    body: str
    cause: str
    actor: str
    at: datetime
    hash: str


@dataclass(frozen=True, slots=True)
class InboxRow:
    """A command as its service remembers it."""

    service: str
    id: str
    sender: str
    state: str
    receipt: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """An outside effect as its service keeps it."""

    id: str
    subject_id: str
    recipient: str
    address: str
    title: str
    state: str


@dataclass(frozen=True, slots=True)
class StateRow:
    """An aggregate as its service's own table has it."""

    service: str
    table: str
    id: str
    version: int
    head: str
    """Empty for copies of another's states, and for what has no facts of its own."""
    fields: Mapping[str, Any] = field(default_factory=dict)
    """All of its row."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that arrived. Its Message-ID is the id of its delivery, at whatever domain."""

    message_id: str
    to: str
    title: str

    @property
    def delivery_id(self) -> str:
        """What stands before the domain in the Message-ID."""
        return self.message_id.strip("<> ").partition("@")[0]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that was read."""

    topics: Mapping[str, Sequence[Record]]
    compacted: frozenset[str] = frozenset()
    """Topics that keep the last record of a key only."""
    truncated: frozenset[str] = frozenset()
    """Topics whose oldest records retention has removed."""
    journal: Sequence[JournalRow] = ()
    inbox: Sequence[InboxRow] = ()
    deliveries: Sequence[DeliveryRow] = ()
    outbox: Mapping[str, int] = field(default_factory=dict)
    parked: Mapping[str, int] = field(default_factory=dict)
    mails: Sequence[Mail] | None = None
    states: Sequence[StateRow] = ()
    clocks: frozenset[tuple[str, str]] | None = None
    """(aggregate id, name) of the clocks that run; None where nobody looked."""
    committed: Mapping[str, Mapping[tuple[str, int], int]] = field(default_factory=dict)
    """By service: what its group has behind it, by topic and partition."""
    seen: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By service: the ids of all messages it remembers."""
    offsets: Sequence[tuple[datetime, timedelta]] = ()
    """How far the system's time was ahead of the real time from which real moment on."""
    read_at: datetime | None = None
    """The system's time when the tables were read."""

    def of_kind(self, *, suffix: str = "", prefix: str = "") -> list[Record]:
        """The records of all topics whose name begins and ends so."""
        return [
            record
            for name, records in self.topics.items()
            if name.endswith(suffix) and name.startswith(prefix)
            for record in records
        ]

    @property
    def fact_topics(self) -> dict[str, Sequence[Record]]:
        """Everything that is neither commands nor receipts nor about unreadable records."""
        return {
            name: records
            for name, records in self.topics.items()
            if not name.endswith((COMMANDS, DEAD)) and not name.startswith(RECEIPTS)
        }
