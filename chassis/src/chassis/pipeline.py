"""The way of every message: batches into transactions, again after a lost race, halved around a culprit."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import asyncpg
import structlog

from chassis.batch import Batch, Plan
from chassis.failures import CannotGoOn, DatabaseAway, Verdict, judge
from chassis.items import Item, SetAside
from chassis.tables import open_tables
from chassis.wiring import Service

log = structlog.get_logger()

_TRIES = 12
_JITTER_SECONDS = 0.05


class Pipeline:
    """Handles items of one service. Any number of callers at once: consumer, door, clocks, deliveries."""

    def __init__(self, plan: Plan, pool: "asyncpg.Pool[Any]") -> None:
        self._plan = plan
        self._pool = pool
        self.wake = asyncio.Event()
        """Set after each commit: the relay has something to send."""
        self.redone = 0

    @classmethod
    async def open(cls, service: Service, pool: "asyncpg.Pool[Any]") -> "Pipeline":
        """Compare the service's aggregates with the database. Raises CannotStart."""
        async with pool.acquire() as connection:
            tables = await open_tables(connection, (*service.tables, *service.replica_tables))
        return cls(Plan(service, tables), pool)

    async def run(self, items: Sequence[Item], aside: Sequence[SetAside] = ()) -> None:
        """Handle these messages in order; afterwards their receipts are committed.

        Raises DatabaseAway (nothing of the failed part is done: bring it again) and CannotGoOn.
        """
        failure = await self._attempt(items, aside)
        if failure is None:
            return
        if len(items) + len(aside) > 1:
            await self._halve(items, aside)
        elif items:
            await self._last_try(items[0])
        else:
            raise CannotGoOn(f"a record cannot be set aside: {type(failure).__name__}") from failure

    async def _halve(self, items: Sequence[Item], aside: Sequence[SetAside]) -> None:
        """Until the culprit stands alone."""
        if aside and items:
            await self.run((), aside)
            await self.run(items)
            return
        middle = (len(items) + len(aside)) // 2
        await self.run(items[:middle], aside[:middle])
        await self.run(items[middle:], aside[middle:])

    async def _last_try(self, item: Item) -> None:
        """Once more alone, then parked."""
        failure = await self._attempt([item])
        if failure is None:
            return
        log.warning("message parked", type=item.name, id=item.id, error=type(failure).__name__)
        item.failure = failure
        if (hopeless := await self._attempt([item])) is not None:
            raise CannotGoOn(f"a message cannot be parked: {type(hopeless).__name__}") from hopeless

    async def _attempt(self, items: Sequence[Item], aside: Sequence[SetAside] = ()) -> Exception | None:
        """One transaction, again after races. The exception when a message of it is to blame."""
        failure: Exception | None = None
        for number in range(_TRIES):
            try:
                await self._transact(lambda batch: batch.run(items, aside))
                return None
            except Exception as error:
                failure = error
            match judge(failure):
                case Verdict.AGAIN:
                    self.redone += 1
                    await asyncio.sleep(random.uniform(0, _JITTER_SECONDS) * number)
                case Verdict.AWAY:
                    raise DatabaseAway(type(failure).__name__) from failure
                case Verdict.STOP:
                    raise CannotGoOn(f"{type(failure).__name__}: {failure}") from failure
                case Verdict.CULPRIT:
                    return failure
        return failure

    async def _transact(self, work: Callable[[Batch], Awaitable[None]]) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            await work(Batch(self._plan, connection))
        self.wake.set()

    async def database_answers(self) -> bool:
        """Whether the database takes a statement now."""
        try:
            async with self._pool.acquire(timeout=5) as connection:
                await connection.fetchval("SELECT 1")
        except Exception:
            return False
        return True
