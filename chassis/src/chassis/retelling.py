"""Directory facts are told again by their owner: every night, and after another relay has taken over.

A relay that was stopped for a while can bring an old state of a key to a compacted topic late; compaction then keeps
that one. What is told again is the state as it was published last, with its number, under an id of its own: readers
that have this number pass it over, one that begins later finds the right state last.
"""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import structlog

from casebus_contracts.base import FACTS, Fact
from chassis.database import Connection
from chassis.envelope import bucket_of, fact_headers
from chassis.failures import Verdict, judge
from chassis.ids import new_id
from chassis.relay.buckets import OWNERS
from chassis.rows import OUTBOX_COLUMNS

log = structlog.get_logger()

_LOOK_SECONDS = 5.0
_AT_ONCE = 200
AFTER_TAKEOVER_SECONDS = 15.0
"""Longer than a relay that has lost its buckets can be before it notices."""

AT_RISK = timedelta(hours=1)
"""What was told within this time before a takeover may have been under way then."""

NIGHT = timedelta(hours=8)
"""After midnight UTC: it is night in the offices."""

FORGOTTEN = """
SELECT DISTINCT ON (type, aggregate_id) type, aggregate_id, sequence, body, cause::text, at FROM journal j
WHERE type = ANY($1::text[]) AND NOT EXISTS (SELECT FROM directory_facts WHERE topic = type AND key = aggregate_id)
ORDER BY type, aggregate_id, sequence DESC"""

REMEMBER = """
INSERT INTO directory_facts (topic, key, sequence, headers, payload, told_at)
VALUES ($1, $2, $3, $4, $5, '-infinity') ON CONFLICT DO NOTHING"""

TAKE = """
SELECT topic, key, headers, payload FROM directory_facts WHERE told_at >= $1 AND told_at < $2
ORDER BY topic, key LIMIT $3 FOR UPDATE"""

TOLD = """
UPDATE directory_facts d SET told_at = clock_timestamp()
FROM unnest($1::text[], $2::text[]) AS n(topic, key) WHERE (d.topic, d.key) = (n.topic, n.key)"""


class Retelling:
    """Of one service. Any number of copies: the rows are locked, and say when they were told last."""

    def __init__(self, pool: "asyncpg.Pool[Any]", service: str, wake: asyncio.Event) -> None:
        self._pool = pool
        self._service = service
        self._wake = wake
        self._owners: frozenset[int] = frozenset()
        self._takeover: tuple[float, datetime] | None = None
        """When to tell again (by the monotonic clock) what was told before which moment."""

    async def run(self) -> None:
        """Until cancelled. What does not succeed is done at a later look."""
        remembered = False
        while True:
            try:
                remembered = remembered or await self.remember()
                await self._look()
            except Exception as error:
                if judge(error) is Verdict.STOP:
                    raise
                log.warning("directory facts could not be told again yet", error=type(error).__name__)
            await asyncio.sleep(_LOOK_SECONDS)

    async def remember(self) -> bool:
        """Take from the journal what was published before there was a table for it."""
        facts = {fact.TYPE: fact for fact in FACTS.values() if fact.COMPACTED and fact.OWNER == self._service}
        async with self._pool.acquire() as connection, connection.transaction():
            for row in await connection.fetch(FORGOTTEN, sorted(facts)):
                headers = self._headers(facts[row["type"]], row)
                place = (row["type"], row["aggregate_id"], row["sequence"])
                await connection.execute(REMEMBER, *place, headers, row["body"])
        return True

    async def tell_again(self, since: datetime, until: datetime) -> int:
        """Publish what was told last between these moments, both of them past; how many facts."""
        count = 0
        while told := await self._tell_some(since, until):
            count += told
        if count:
            self._wake.set()
            log.info("directory facts told again", count=count)
        return count

    async def _look(self) -> None:
        async with self._pool.acquire(timeout=5) as connection:
            owners = frozenset(row["pid"] for row in await connection.fetch(OWNERS))
            now: datetime = await connection.fetchval("SELECT clock_timestamp()")
        if owners - self._owners:
            self._takeover = (time.monotonic() + AFTER_TAKEOVER_SECONDS, now)
        self._owners = owners
        if self._takeover is not None and time.monotonic() >= self._takeover[0]:
            (_, moment), self._takeover = self._takeover, None
            await self.tell_again(moment - AT_RISK, moment)
        await self.tell_again(datetime.min.replace(tzinfo=UTC), last_night(now))

    async def _tell_some(self, since: datetime, until: datetime) -> int:
        async with self._pool.acquire() as connection, connection.transaction():
            # Whoever publishes a newer fact locks its row too, before it writes to the outbox.
            rows = await connection.fetch(TAKE, since, until, _AT_ONCE)
            if rows:
                await _publish(connection, rows)
                await connection.execute(TOLD, [row["topic"] for row in rows], [row["key"] for row in rows])
        return len(rows)

    def _headers(self, fact: type[Fact], row: asyncpg.Record) -> str:
        return fact_headers(
            self._service,
            fact,
            fact_id="",
            key=row["aggregate_id"],
            at=row["at"],
            sequence=row["sequence"],
            correlation=row["cause"],
            causation=row["cause"],
            traceparent="",
        )


def last_night(now: datetime) -> datetime:
    """The last moment at which everything was to be told again."""
    night = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + NIGHT
    return night if night <= now else night - timedelta(days=1)


def with_id(headers: str, fact_id: str) -> str:
    """Headers in outbox form under another id."""
    lines = headers.split("\n")
    return "\n".join(f"ce_id\t{fact_id}" if line.startswith("ce_id\t") else line for line in lines)


async def _publish(connection: Connection, rows: list[asyncpg.Record]) -> None:
    outbox = [
        (bucket_of(row["key"]), row["topic"], row["key"], with_id(row["headers"], new_id()), row["payload"])
        for row in rows
    ]
    await connection.copy_records_to_table("outbox", records=outbox, columns=OUTBOX_COLUMNS)
