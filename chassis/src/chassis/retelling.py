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

EVER = datetime.min.replace(tzinfo=UTC)

NIGHT = timedelta(hours=8)
"""After midnight UTC: it is night in the offices."""

MISSED = """
SELECT type, aggregate_id, j.sequence, body, cause, at FROM (
    SELECT DISTINCT ON (aggregate, aggregate_id) type, aggregate_id, sequence, body, cause::text AS cause, at
    FROM journal WHERE aggregate = ANY($1::text[]) AND type = ANY($2::text[])
    ORDER BY aggregate, aggregate_id, sequence DESC
) j LEFT JOIN directory_facts d ON (d.topic, d.key) = (j.type, j.aggregate_id)
WHERE d.sequence IS NULL OR d.sequence < j.sequence"""

REMEMBER = """
INSERT INTO directory_facts AS d (topic, key, sequence, headers, payload, told_at)
VALUES ($1, $2, $3, $4, $5, 'epoch') ON CONFLICT (topic, key) DO UPDATE
SET sequence = excluded.sequence, headers = excluded.headers, payload = excluded.payload, told_at = excluded.told_at
WHERE d.sequence < excluded.sequence"""

TAKE = """
SELECT topic, key, headers, payload FROM directory_facts WHERE told_at >= $1 AND told_at < $2
ORDER BY topic, key LIMIT $3 FOR UPDATE"""

TOLD = """
UPDATE directory_facts d SET told_at = clock_timestamp()
FROM unnest($1::text[], $2::text[]) AS n(topic, key) WHERE (d.topic, d.key) = (n.topic, n.key)"""


class Retelling:
    """Of one service. Any number of copies: the rows are locked, and say when they were told last."""

    def __init__(
        self,
        pool: "asyncpg.Pool[Any]",
        service: str,
        wake: asyncio.Event,
        after_takeover_seconds: float = AFTER_TAKEOVER_SECONDS,
    ) -> None:
        self._after_takeover_seconds = after_takeover_seconds
        self._pool = pool
        self._service = service
        self._wake = wake
        self._owners: frozenset[int] = frozenset()
        self._takeover: tuple[float, datetime] | None = None
        """When to tell again (by the monotonic clock) what was told before which moment."""
        self._night = EVER
        """Everything was told again since then."""

    async def run(self) -> None:
        """Until cancelled. What does not succeed is done at a later look."""
        while True:
            try:
                await self.look()
            except Exception as error:
                if judge(error) is Verdict.STOP:
                    raise
                log.warning("directory facts could not be told again yet", error=type(error).__name__)
            await asyncio.sleep(_LOOK_SECONDS)

    async def catch_up(self) -> int:
        """Take from the journal what a release without this table has published; how many facts.

        It may run beside this one still: what it published last must not be followed by what came before.
        """
        facts = {fact.TYPE: fact for fact in FACTS.values() if fact.COMPACTED and fact.OWNER == self._service}
        subjects = sorted({fact.SUBJECT for fact in facts.values()})
        async with self._pool.acquire() as connection, connection.transaction():
            missed = await connection.fetch(MISSED, subjects, sorted(facts))
            for row in missed:
                headers = self._headers(facts[row["type"]], row)
                place = (row["type"], row["aggregate_id"], row["sequence"])
                await connection.execute(REMEMBER, *place, headers, row["body"])
        return len(missed)

    async def tell_again(self, since: datetime, until: datetime) -> int:
        """Publish what was told last between these moments, both of them past; how many facts."""
        count = 0
        while told := await self._tell_some(since, until):
            count += told
        if count:
            self._wake.set()
            log.info("directory facts told again", count=count)
        return count

    async def look(self) -> None:
        """Tell again what is due: after a takeover some seconds later, and everything once a night."""
        async with self._pool.acquire(timeout=5) as connection:
            owners = frozenset(row["pid"] for row in await connection.fetch(OWNERS))
            now: datetime = await connection.fetchval("SELECT clock_timestamp()")
        if owners - self._owners:
            self._takeover = (time.monotonic() + self._after_takeover_seconds, now)
        self._owners = owners
        if self._takeover is not None and time.monotonic() >= self._takeover[0]:
            (_, moment), self._takeover = self._takeover, None
            await self.catch_up()
            await self.tell_again(moment - AT_RISK, moment)
        if self._night != (night := last_night(now)):
            await self.catch_up()
            await self.tell_again(EVER, night)
            self._night = night

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
