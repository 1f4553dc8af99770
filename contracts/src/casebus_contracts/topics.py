"""Every topic there is, with its partitions and settings, and who reads it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from casebus_contracts import calendars, clients, intake, notifications, staffing, visits, voters  # noqa: F401 - they fill the registries
from casebus_contracts.base import COMMANDS, FACTS, ID_WINDOW, Fact

MESSAGE_LIMIT_BYTES = 1_048_576
COMMAND_RETENTION = timedelta(days=14)
FACT_RETENTION = ID_WINDOW
COMPACTION_LAG = timedelta(days=1)

_BUSY = 3
_BUSY_COMMANDS = frozenset({"intake"})
_SENDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")

READERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "county.upserted": ("intake", "notifications"),
        "election_deadline.upserted": ("intake",),
        "holiday.upserted": ("intake",),
        "office.upserted": ("intake", "notifications"),
        "region.upserted": ("intake", "notifications"),
        "request.updated": ("intake",),
        "staff.availability.changed": ("intake",),
        "staff.upserted": ("intake", "notifications"),
        "visit.auto_closed": ("notifications",),
        "visit.left": ("notifications",),
        "visit.no_show": ("notifications",),
        "visit.overdue": ("intake", "notifications"),
        "voter.corrective_action.sent": ("notifications",),
        "voter.forms.overdue": ("notifications",),
        "voter.forms.transmitted": ("notifications",),
        "voter.offer.missing": ("notifications",),
        "voter.registration.logged": ("notifications",),
        "voter.stock.counted": ("notifications",),
        "voter.stock.low": ("notifications",),
        "voter.counts.deviating": ("notifications",),
        "walkin.timed": ("notifications",),
    }
)
"""The services that read a fact's topic. A topic that is absent is for readers outside."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as it is to be made. `config` holds broker settings by their Kafka names."""

    name: str
    partitions: int
    config: Mapping[str, str]


def services() -> tuple[str, ...]:
    """Every service that takes commands or owns facts, by name."""
    return tuple(sorted({c.SERVICE for c in COMMANDS.values()} | {f.OWNER for f in FACTS.values()}))


def commands_topic(service: str) -> Topic:
    """Where a service takes orders."""
    return _topic(f"{service}.commands", _BUSY if service in _BUSY_COMMANDS else 1, _kept(COMMAND_RETENTION))


def dead_topic(service: str) -> Topic:
    """Where a service tells what it could not read."""
    return _topic(f"{service}.dead", 1, _kept(FACT_RETENTION))


def receipts_topic(sender: str) -> Topic:
    """Where a sender reads its answers. Raises ValueError for a name Kafka would not take."""
    if not _SENDER.fullmatch(sender):
        raise ValueError("a sender's name has 1 to 64 letters, digits, dots, dashes and underscores")
    return _topic(f"receipts.{sender}", _BUSY, _kept(COMMAND_RETENTION))


def fact_topic(fact: type[Fact]) -> Topic:
    """The topic of one type of fact."""
    return _topic(fact.TOPIC, fact.PARTITIONS, _compacted() if fact.COMPACTED else _kept(FACT_RETENTION))


def all_topics(senders: Iterable[str]) -> list[Topic]:
    """Everything `deploy` makes, by name: facts, commands, unreadable records, one topic of receipts per sender."""
    topics = [fact_topic(fact) for fact in FACTS.values()]
    topics += [make(service) for service in services() for make in (commands_topic, dead_topic)]
    topics += [receipts_topic(sender) for sender in dict.fromkeys(senders)]
    return sorted(topics, key=lambda topic: topic.name)


def _topic(name: str, partitions: int, kept: Mapping[str, str]) -> Topic:
    common = {"message.timestamp.type": "LogAppendTime", "max.message.bytes": str(MESSAGE_LIMIT_BYTES)}
    return Topic(name, partitions, MappingProxyType(common | dict(kept)))


def _kept(time: timedelta) -> dict[str, str]:
    return {"cleanup.policy": "delete", "retention.ms": _milliseconds(time)}


def _compacted() -> dict[str, str]:
    """The last state of every key for ever; the lag leaves a late reader a day to see the steps between."""
    return {"cleanup.policy": "compact", "min.compaction.lag.ms": _milliseconds(COMPACTION_LAG)}


def _milliseconds(time: timedelta) -> str:
    return str(time // timedelta(milliseconds=1))
