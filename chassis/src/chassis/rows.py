"""Rows on their way to the flat tables: gathered in memory, written with one statement each, as arrays."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from asyncpg import UniqueViolationError

from chassis.database import Connection
from chassis.envelope import bucket_of
from chassis.failures import LostRace
from chassis.items import Origin


@dataclass(slots=True)
class Columns:
    """Rows of one flat table, kept as columns."""

    statement: str
    rows: list[tuple[Any, ...]] = field(default_factory=list)

    def add(self, *row: Any) -> None:
        """Append one row."""
        self.rows.append(row)

    async def write(self, connection: Connection) -> int:
        """Write the rows; how many the statement touched."""
        if not self.rows:
            return 0
        tag = await connection.execute(self.statement, *zip(*self.rows, strict=True))
        return int(tag.rsplit(" ", 1)[1])


@dataclass(slots=True)
class Stream:
    """Rows of one flat table that should not be there yet: copied in, at half the cost of arrays."""

    table: str
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]] = field(default_factory=list)

    def add(self, *row: Any) -> None:
        """Append one row."""
        self.rows.append(row)

    async def write(self, connection: Connection) -> None:
        """Write the rows in their order."""
        if self.rows:
            await connection.copy_records_to_table(self.table, records=self.rows, columns=self.columns)


INBOX_LOOK = """
SELECT id::text, sender, topic, partition, position, hash, state, receipt
FROM inbox WHERE id = ANY($1::uuid[])"""

INBOX_COLUMNS = ("id", "sender", "topic", "partition", "position", "hash", "state", "receipt", "at")

JOURNAL_COLUMNS = (
    "aggregate",
    "aggregate_id",
    "sequence",
    "fact_id",
    "type",
    "body",
    "actor",
    "cause",
    "at",
    "hash",
)

OUTBOX_COLUMNS = ("bucket", "topic", "aggregateid", "headers", "payload")

TIMERS_SET = """
INSERT INTO timers (aggregate, aggregate_id, name, due_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[])
ON CONFLICT (aggregate, aggregate_id, name)
DO UPDATE SET due_at = excluded.due_at, generation = nextval('timer_generations')"""

TIMERS_CANCEL = """
DELETE FROM timers t USING unnest($1::text[], $2::text[], $3::text[]) AS n(aggregate, aggregate_id, name)
WHERE (t.aggregate, t.aggregate_id, t.name) = (n.aggregate, n.aggregate_id, n.name)"""

TIMERS_CLAIM = """
DELETE FROM timers WHERE generation = ANY($1::bigint[]) RETURNING generation"""

DELIVERIES_INSERT = """
INSERT INTO deliveries (id, subject_id, channel, recipient, address, title, text)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])"""

DELIVERIES_CLAIM = """
UPDATE deliveries SET state = 'sent', sent_at = now()
WHERE id = ANY($1::uuid[]) AND state = 'sending' RETURNING id::text"""

AUDIT_INSERT = """
INSERT INTO audit (at, actor, sender, action, subject, outcome, rule, command_id, hash)
SELECT * FROM unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                     $8::uuid[], $9::bytea[])"""

INBOX_SETTLE = """
UPDATE inbox SET state = n.state, receipt = n.receipt
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) AS n(id, sender, state, receipt)
WHERE (inbox.id, inbox.sender) = (n.id, n.sender)"""

LANES_LOCK = "SELECT lane FROM lanes WHERE lane = ANY($1::text[]) ORDER BY lane FOR UPDATE"

LANES_OPEN = """
INSERT INTO lanes (lane, state, type, fingerprint, waits_for, next_try_at)
SELECT lane, 'retrying', type, fingerprint, waits_for, now() + pause
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::interval[])
     AS n(lane, type, fingerprint, waits_for, pause)
ORDER BY lane ON CONFLICT DO NOTHING"""

PARKED_INSERT = """
INSERT INTO parked (lane, message_id, sender, type, message, now)
SELECT * FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::bytea[], $6::timestamptz[])"""

TALLIES_ADD = """
INSERT INTO tallies (tally, place, day, label, value, n, total)
SELECT * FROM unnest($1::text[], $2::text[], $3::date[], $4::text[], $5::int[], $6::bigint[], $7::bigint[])
ON CONFLICT (tally, place, day, label, value)
DO UPDATE SET n = tallies.n + excluded.n, total = tallies.total + excluded.total"""

DIRECTORY_SET = """
INSERT INTO directory_facts (topic, key, sequence, headers, payload)
SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[]) ORDER BY 1, 2
ON CONFLICT (topic, key) DO UPDATE
SET sequence = excluded.sequence, headers = excluded.headers, payload = excluded.payload, told_at = clock_timestamp()
WHERE directory_facts.sequence < excluded.sequence"""

UNREADABLE_INSERT = """
INSERT INTO unreadable (topic, partition, position, sha256, reason, key, headers, value, at, appended_at)
SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[], $4::bytea[], $5::text[], $6::bytea[], $7::bytea[],
                     $8::bytea[], $9::timestamptz[], $10::timestamptz[])
ON CONFLICT DO NOTHING RETURNING topic, partition, position"""


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the inbox knows of an id."""

    origin: Origin
    hash: bytes
    receipt: str | None


async def look_up(connection: Connection, ids: Iterable[str]) -> dict[tuple[str, str], Remembered]:
    """The inbox rows of these ids, by (id, sender)."""
    rows = await connection.fetch(INBOX_LOOK, sorted(ids))
    return {
        (row["id"], row["sender"]): Remembered(
            Origin(row["topic"], row["partition"], row["position"]), row["hash"], row["receipt"]
        )
        for row in rows
    }


async def lock_lanes(connection: Connection, lanes: Sequence[str]) -> set[str]:
    """Those of the lanes that are parked, locked."""
    return {row["lane"] for row in await connection.fetch(LANES_LOCK, sorted(lanes))}


class Rows:
    """Everything of one batch but states. Written in the one order of locks."""

    def __init__(self) -> None:
        self.timers_set: dict[tuple[str, str, str], datetime | None] = {}
        self.directory: dict[tuple[str, str], tuple[int, str, str]] = {}
        """The last fact of each key of a compacted topic: number, headers, body."""
        self.inbox = Stream("inbox", INBOX_COLUMNS)
        self.deliveries = Columns(DELIVERIES_INSERT)
        self.audit = Columns(AUDIT_INSERT)
        self.settled = Columns(INBOX_SETTLE)
        self.lanes = Columns(LANES_OPEN)
        self.parked = Columns(PARKED_INSERT)
        self.journal = Stream("journal", JOURNAL_COLUMNS)
        self.tallies = Columns(TALLIES_ADD)
        self.outbox = Stream("outbox", OUTBOX_COLUMNS)

    def publish(self, topic: str, key: str, headers: str, payload: str) -> None:
        """One outbox row."""
        self.outbox.add(bucket_of(key), topic, key, headers, payload)

    async def write(self, connection: Connection) -> None:
        """Timers, inbox, deliveries, audit, parked, journal, directory, tallies, last the outbox. Raises LostRace."""
        await self._write_timers(connection)
        self.inbox.rows.sort()
        try:
            await self.inbox.write(connection)
        except UniqueViolationError as known:
            raise LostRace("inbox") from known
        await self.settled.write(connection)
        await self.deliveries.write(connection)
        await self.audit.write(connection)
        await self.lanes.write(connection)
        await self.parked.write(connection)
        await self.journal.write(connection)
        await self._write_directory(connection)
        # Copies of a service meet in these rows: late, so that the locks are short, and behind them nothing waits.
        await self.tallies.write(connection)
        await self.outbox.write(connection)

    async def _write_directory(self, connection: Connection) -> None:
        """Its rows are locked before the outbox is written: what is told again then is not older than this."""
        told = Columns(DIRECTORY_SET)
        for place, fact in self.directory.items():
            told.add(*place, *fact)
        await told.write(connection)

    async def _write_timers(self, connection: Connection) -> None:
        chosen = sorted(self.timers_set.items(), key=lambda each: each[0])
        setting, stopping = Columns(TIMERS_SET), Columns(TIMERS_CANCEL)
        for place, due_at in chosen:
            if due_at is None:
                stopping.add(*place)
            else:
                setting.add(*place, due_at)
        await setting.write(connection)
        await stopping.write(connection)
