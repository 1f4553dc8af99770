"""Clocks that run out and effects to carry out: both read from tables, both through the pipeline."""

import asyncio
import random
from datetime import datetime
from typing import Any

import asyncpg
import structlog

from chassis.clock import Clock
from chassis.consumer import Consumer
from chassis.failures import DatabaseAway, Verdict, judge
from chassis.ids import new_id
from chassis.items import Item, Kind, Origin
from chassis.metrics import CLOCK_LATENESS
from chassis.pipeline import Pipeline
from chassis.progress import Grace, Progress
from chassis.rules import Delivered, Due
from chassis.wiring import DELIVERED, Send, due_name

log = structlog.get_logger()

_AT_ONCE = 500
_POLL_SECONDS = 0.1
_FIRED_PER_SECOND = 5_000
_AWAY_SECONDS = 1.0
_GRACE_SECONDS = 60.0
_SEND_SECONDS = 30.0
_LEASE_SECONDS = 60.0
_SENDS_AT_ONCE = 20
_MOST_ATTEMPTS = 50

DUE = """
SELECT aggregate, aggregate_id, name, generation, due_at FROM timers WHERE due_at <= $1 ORDER BY due_at LIMIT $2"""

TAKE_DELIVERIES = """
UPDATE deliveries SET state = 'sending', attempts = attempts + 1, next_try_at = now() + $2 * interval '1 second'
WHERE id IN (SELECT id FROM deliveries WHERE state IN ('waiting', 'sending') AND next_try_at <= now()
             ORDER BY next_try_at LIMIT $1 FOR UPDATE SKIP LOCKED)
RETURNING id::text, subject_id, channel, recipient, address, title, text, attempts"""

PUT_BACK = """
UPDATE deliveries SET state = CASE WHEN attempts >= $3 THEN 'failed' ELSE 'waiting' END,
                      next_try_at = now() + $2 * interval '1 second'
WHERE id = $1::uuid AND state = 'sending'"""


class Clocks:
    """Fires timers whose time has come and whose inputs are read that far.

    Two copies may see the same one; one claims it. At most 500 a look and 5,000 a second, so that a
    backlog of clocks leaves room for messages.
    """

    def __init__(
        self, pool: "asyncpg.Pool[Any]", pipeline: Pipeline, clock: Clock, progress: Progress, consumer: Consumer
    ) -> None:
        self._pool = pool
        self._pipeline = pipeline
        self._clock = clock
        self._progress = progress
        self._consumer = consumer
        self.grace = Grace(_GRACE_SECONDS)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                fired = await self.fire()
            except DatabaseAway:
                await asyncio.sleep(_AWAY_SECONDS)
            else:
                await asyncio.sleep(fired / _FIRED_PER_SECOND if fired else _POLL_SECONDS)

    async def fire(self) -> int:
        """Fire what may fire now; how many that were. Raises DatabaseAway."""
        due = await fetch(self._pool, DUE, self._clock.now(), _AT_ONCE)
        if not due:
            self.grace.over(waiting=False)
            return 0
        ready = await self._ready(due)
        if ready:
            await self._pipeline.run([due_item(row) for row in ready])
            now = self._clock.now()
            self._pipeline.metrics.observe(CLOCK_LATENESS, ((now - row["due_at"]).total_seconds() for row in ready))
        return len(ready)

    async def _ready(self, due: list[asyncpg.Record]) -> list[asyncpg.Record]:
        """Those that no unread message can still stop; all of them after a grace of inputs that do not move."""
        try:
            await self._consumer.advance_progress()
            read_until = await self._progress.read_until()
        except Exception as error:
            if judge(error) is Verdict.CULPRIT:
                raise
            raise DatabaseAway(type(error).__name__) from error
        ready = [row for row in due if read_until is not None and row["due_at"] <= read_until]
        if self.grace.over(waiting=not ready):
            log.warning("clocks fire although their inputs do not move", clocks=len(due))
            return due
        return ready


class Deliveries:
    """Carries effects out: marked sending, sent, marked sent. After a crash again, under the same id."""

    def __init__(self, pool: "asyncpg.Pool[Any]", pipeline: Pipeline, clock: Clock, send: Send) -> None:
        self._pool = pool
        self._pipeline = pipeline
        self._clock = clock
        self._send = send

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                sent = await self.carry_out()
            except DatabaseAway:
                await asyncio.sleep(_AWAY_SECONDS)
            else:
                if not sent:
                    await asyncio.sleep(_POLL_SECONDS)

    async def carry_out(self) -> int:
        """Send what waits; how many were tried. Raises DatabaseAway."""
        rows = await fetch(self._pool, TAKE_DELIVERIES, _SENDS_AT_ONCE, _LEASE_SECONDS)
        sent = await asyncio.gather(*(self._try(row) for row in rows))
        items = [_delivered_item(row, self._clock.now()) for row, done in zip(rows, sent, strict=True) if done]
        if items:
            await self._pipeline.run(items)
        return len(rows)

    async def _try(self, row: asyncpg.Record) -> bool:
        try:
            async with asyncio.timeout(_SEND_SECONDS):
                await self._send(row["id"], row["channel"], row["address"], row["title"], row["text"])
        except Exception as error:
            log.warning("delivery failed", id=row["id"], attempt=row["attempts"], error=type(error).__name__)
            pause = min(300.0, 2.0 ** min(row["attempts"], 10)) * random.uniform(0.5, 1.0)
            await fetch(self._pool, PUT_BACK, row["id"], pause, _MOST_ATTEMPTS)
            return False
        return True


async def fetch(pool: "asyncpg.Pool[Any]", query: str, *arguments: Any) -> list[asyncpg.Record]:
    """Rows of one statement outside the pipeline. Raises DatabaseAway."""
    try:
        async with pool.acquire(timeout=5) as connection:
            rows: list[asyncpg.Record] = await connection.fetch(query, *arguments)
            return rows
    except Exception as error:
        if judge(error) in (Verdict.AWAY, Verdict.AGAIN):
            raise DatabaseAway(type(error).__name__) from error
        raise


def due_item(row: asyncpg.Record) -> Item:
    """The item of one row of `DUE`."""
    own_id = new_id()
    return Item(
        kind=Kind.DUE,
        name=due_name(row["name"]),
        id=own_id,
        sender="clock",
        actor="",
        key=row["aggregate_id"],
        lane=f"clocks/{row['aggregate']}/{row['aggregate_id']}",
        now=row["due_at"],
        message=Due(row["aggregate_id"], row["name"], row["due_at"]),
        body=b"",
        origin=Origin("clock", 0, row["generation"]),
        correlation=own_id,
        generation=row["generation"],
    )


def _delivered_item(row: asyncpg.Record, now: datetime) -> Item:
    return Item(
        kind=Kind.DELIVERED,
        name=DELIVERED,
        id=row["id"],
        sender="delivery",
        actor="",
        key=row["subject_id"],
        lane=f"deliveries/{row['subject_id']}",
        now=now,
        message=Delivered(row["subject_id"], row["channel"], row["recipient"]),
        body=b"",
        origin=Origin("delivery", 0, 0),
        correlation=row["id"],
    )
