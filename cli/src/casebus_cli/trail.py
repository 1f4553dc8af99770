"""Everything about one id: gathered from journals, inboxes, outboxes and topics, then put in causal order.

The journals lead: from the id to its facts and what caused them, then to what those caused in other
services, as long as something new is found. Topics add what no database knows: commands nobody has
handled, receipts, places. No body of a command is looked at anywhere.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from casebus_cli.databases import Databases, Row
from casebus_cli.topics import Topics, readers
from casebus_contracts.base import FACTS

MOST_ROUNDS: Final = 8
MOST_MESSAGES: Final = 2000
_BEFORE: Final = timedelta(days=1)
_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_UUID7: Final = re.compile(r"([0-9a-f]{8})-([0-9a-f]{4})-7")
_SUBJECTS: Final = sorted({fact.SUBJECT for fact in FACTS.values()})

_FACT: Final = """
SELECT aggregate, aggregate_id, sequence, fact_id::text AS id, type, actor, cause::text AS cause, at, recorded_at
FROM journal """

OF_AGGREGATES: Final = _FACT + "WHERE aggregate = ANY(%(subjects)s) AND aggregate_id = ANY(%(ids)s) LIMIT 2000"

# Without an index of its own: the days since are all that is read.
OF_MESSAGES: Final = (
    _FACT
    + "WHERE recorded_at >= %(since)s AND (cause = ANY(%(ids)s::uuid[]) OR fact_id = ANY(%(ids)s::uuid[])) LIMIT 2000"
)

INBOX: Final = """
SELECT id::text AS id, sender, topic, state, receipt, at FROM inbox WHERE id = ANY(%(ids)s::uuid[])"""

OUTBOX: Final = """
SELECT topic, aggregateid AS key, headers, at FROM outbox WHERE aggregateid = ANY(%(ids)s) ORDER BY id LIMIT 1000"""

TIMERS: Final = """
SELECT aggregate, aggregate_id, name, due_at FROM timers
WHERE aggregate = ANY(%(subjects)s) AND aggregate_id = ANY(%(ids)s) ORDER BY due_at"""

DELIVERIES: Final = """
SELECT id::text AS id, subject_id, channel, recipient, state, attempts, next_try_at, sent_at FROM deliveries
WHERE subject_id = ANY(%(ids)s) ORDER BY id LIMIT 200"""

PARKED: Final = """
SELECT p.message_id::text AS id, p.type, p.lane, p.parked_at, l.state, l.since, l.attempts, l.fingerprint, l.waits_for,
       l.next_try_at
FROM parked p JOIN lanes l USING (lane)
WHERE p.message_id = ANY(%(uuids)s::uuid[]) OR substr(p.lane, strpos(p.lane, '/') + 1) = ANY(%(ids)s)
   OR l.waits_for = ANY(%(ids)s)
ORDER BY p.id LIMIT 200"""


@dataclass(slots=True)
class Message:
    """A command, a fact, or something that only its consequences tell of (a clock, a delivery)."""

    id: str
    type: str = ""
    at: datetime | None = None
    subject: str = ""
    sequence: int = 0
    cause: str = ""
    service: str = ""
    """Of a fact: whose journal has it."""
    actor: str = ""
    before: datetime | None = None
    """When the first of what it caused happened, as far as journals tell."""
    remarks: list[str] = field(default_factory=list)
    handled_by: set[str] = field(default_factory=set)
    place: tuple[str, int, int] | None = None


@dataclass(slots=True)
class Trail:
    """What was found."""

    wanted: str
    messages: dict[str, Message] = field(default_factory=dict)
    aggregates: set[str] = field(default_factory=set)
    timers: list[Row] = field(default_factory=list)
    deliveries: list[Row] = field(default_factory=list)
    parked: list[Row] = field(default_factory=list)
    since: datetime | None = None
    records: int = 0

    @property
    def empty(self) -> bool:
        """Nobody has heard of the id."""
        return not (self.messages or self.timers or self.deliveries or self.parked)

    def message(self, id_: str) -> Message:
        """The message of this id, made if it is new."""
        return self.messages.setdefault(id_, Message(id_))


async def follow(wanted: str, databases: Databases, topics: Topics) -> Trail:
    """Gather everything about an id."""
    trail = Trail(wanted, aggregates={wanted})
    journal = Journal(trail, databases)
    await journal.follow()
    trail.since = journal.since
    await _walk(trail, topics)
    await journal.follow()
    await _add_inboxes(trail, databases)
    await _add_outboxes(trail, databases)
    subjects, ids = _SUBJECTS, sorted(trail.aggregates)
    trail.timers = await databases.ask(TIMERS, subjects=subjects, ids=ids)
    trail.deliveries = await databases.ask(DELIVERIES, ids=ids)
    trail.parked = await databases.ask(PARKED, ids=ids, uuids=_uuids(trail.messages))
    await _add_unread(trail, topics)
    return trail


class Journal:
    """Follows causes and consequences through the journals of all services."""

    def __init__(self, trail: Trail, databases: Databases) -> None:
        self._trail, self._databases = trail, databases
        self._asked_messages: set[str] = set()
        self._asked_aggregates: set[str] = set()
        self.since = _minted_at(trail.wanted)

    async def follow(self) -> None:
        """Until nothing new is found."""
        for _ in range(MOST_ROUNDS):
            aggregates = sorted(self._trail.aggregates - self._asked_aggregates)
            messages = _uuids({self._trail.wanted, *self._trail.messages} - self._asked_messages)
            if not (aggregates or messages) or len(self._trail.messages) > MOST_MESSAGES:
                return
            await self._ask(aggregates, messages)

    async def _ask(self, aggregates: list[str], messages: list[str]) -> None:
        self._asked_aggregates |= set(aggregates)
        for row in await self._databases.ask(OF_AGGREGATES, subjects=_SUBJECTS, ids=aggregates):
            self._take(row)
        since = self.since or datetime.fromtimestamp(0, UTC)
        self._asked_messages |= set(messages)
        for row in await self._databases.ask(OF_MESSAGES, since=since, ids=messages):
            self._take(row)

    def _take(self, row: Row) -> None:
        message = self._trail.message(row["id"])
        message.type, message.at, message.cause = row["type"], row["at"], row["cause"]
        message.subject, message.sequence = f"{row['aggregate']}/{row['aggregate_id']}", row["sequence"]
        message.service, message.actor = row["service"], row["actor"]
        cause = self._trail.message(row["cause"])
        cause.actor = cause.actor or row["actor"]
        cause.before = min(filter(None, (cause.before, row["at"])))
        if row["sequence"] == 1:
            self._trail.aggregates.add(row["aggregate_id"])
        began = row["recorded_at"] - _BEFORE
        self.since = began if self.since is None else min(self.since, began)


async def _walk(trail: Trail, topics: Topics) -> None:
    """Add what the topics have of these aggregates and messages."""
    known = {trail.wanted, *trail.messages}
    async for record in topics.walk(trail.since):
        trail.records += 1
        headers = {name: _text(value) for name, value in record.headers if name.startswith("ce_")}
        told = {headers.get(f"ce_{name}", "") for name in ("id", "causationid", "correlationid")}
        if told & known or _text(record.key) in trail.aggregates:
            _take_record(trail, topics, record, headers)
            known.add(headers.get("ce_id", ""))


def _take_record(trail: Trail, topics: Topics, record: Any, headers: dict[str, str]) -> None:
    topic = topics.name_of(record.topic)
    place = f"{topic}[{record.partition}]@{record.offset}"
    if topic.startswith("receipts."):
        trail.message(_text(record.key)).remarks.append(f"answered on {place}")
        return
    message = trail.message(headers.get("ce_id") or place)
    message.type = message.type or headers.get("ce_type", "")
    message.subject = message.subject or headers.get("ce_subject", "") or _text(record.key)
    message.cause = message.cause or headers.get("ce_causationid", "")
    message.sequence = message.sequence or _number(headers.get("ce_sequence", ""))
    message.at = message.at or _moment(headers.get("ce_time", ""), record.timestamp)
    message.place = (topic, record.partition, record.offset)
    message.remarks.insert(0, place)


async def _add_inboxes(trail: Trail, databases: Databases) -> None:
    for row in await databases.ask(INBOX, ids=_uuids(trail.messages)):
        message = trail.message(row["id"])
        message.handled_by.add(row["service"])
        message.at = message.at or row["at"]
        if not message.sequence:
            message.remarks.append(f"from {row['sender']}")
        message.remarks.append(f"{row['service']}: {_outcome(row)}")
        if row["topic"] == "http":
            message.remarks.insert(0, "over HTTP")


async def _add_outboxes(trail: Trail, databases: Databases) -> None:
    """What has been decided and not published."""
    for row in await databases.ask(OUTBOX, ids=sorted({*trail.aggregates, *trail.messages})):
        headers = dict(line.split("\t", 1) for line in row["headers"].splitlines())
        answered = row["topic"].startswith("receipts.")
        message = trail.message(row["key"] if answered else headers["ce_id"])
        what = "the answer" if answered else "it"
        message.remarks.append(f"{what} lies in the outbox of {row['service']} since {row['at']:%H:%M:%S}")


async def _add_unread(trail: Trail, topics: Topics) -> None:
    """Which services have not come to a record yet."""
    committed: dict[str, dict[tuple[str, int], int]] = {}
    for message in trail.messages.values():
        if message.place is None:
            continue
        topic, partition, offset = message.place
        for service in set(readers(topic)) - message.handled_by:
            if service not in committed:
                committed[service] = await topics.committed(service)
            if committed[service].get((topic, partition), 0) <= offset:
                message.remarks.append(f"{service}: not read yet")


def _outcome(row: Row) -> str:
    """What a service made of a message: state, outcome and rule. Never a value."""
    if row["state"] != "done" or row["receipt"] is None:
        return str(row["state"])
    receipt = json.loads(row["receipt"])
    return " ".join(str(receipt[name]) for name in ("outcome", "rule", "field") if receipt.get(name))


def _uuids(ids: Iterable[str]) -> list[str]:
    return sorted(each for each in ids if _UUID.fullmatch(each))


def _minted_at(id_: str) -> datetime | None:
    """A day before the moment in a uuid7; None for other ids and for moments to come (a moved clock's)."""
    found = _UUID7.match(id_)
    if found is None:
        return None
    moment = datetime.fromtimestamp(int(found[1] + found[2], 16) / 1000, UTC)
    return moment - _BEFORE if moment < datetime.now(UTC) else None


def _moment(text: str, timestamp: int) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return datetime.fromtimestamp(timestamp / 1000, UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0


def _text(raw: bytes | None) -> str:
    """Foreign bytes as printable text of bounded length."""
    text = (raw or b"")[:200].decode("utf-8", "replace")
    return "".join(letter if letter.isprintable() else "\N{MIDDLE DOT}" for letter in text)


def consequences(trail: Trail, of: str) -> Iterator[Message]:
    """What a message caused, in order."""
    found = [message for message in trail.messages.values() if message.cause == of and message.id != of]
    return iter(sorted(found, key=_order))


def beginnings(trail: Trail) -> list[Message]:
    """Messages whose cause is not among them."""
    return sorted((m for m in trail.messages.values() if m.cause not in trail.messages or m.cause == m.id), key=_order)


def _order(message: Message) -> tuple[datetime, str, int]:
    return message.at or message.before or datetime.max.replace(tzinfo=UTC), message.subject, message.sequence
