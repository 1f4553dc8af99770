"""The way of every message: batches into transactions, again after a lost race, split around a culprit."""

import asyncio
import math
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import asyncpg
import structlog

from chassis import faults
from chassis.batch import Batch, Plan
from chassis.circuit import Circuit
from chassis.database import Connection
from chassis.failures import CannotGoOn, DatabaseAway, LostRace, Verdict, described, judge
from chassis.items import Item, SetAside
from chassis.lanes import MOVED
from chassis.metrics import RECEIPTS, TRANSACTION, Metrics
from chassis.parting import parted
from chassis.rules import Aggregate
from chassis.tables import Table, open_tables
from chassis.tallies import Recount, recount
from chassis.wiring import Service

if TYPE_CHECKING:
    from chassis.tracing import Tracing

log = structlog.get_logger()

T = TypeVar("T")

_TRIES = 12
_JITTER_SECONDS = 0.05
_PARTS = 4
"""Of a batch with a culprit in it: halves do more work over again, eighths need more transactions."""


@dataclass(frozen=True, slots=True)
class Blamed:
    """A transaction that failed because of what it was to do."""

    failure: Exception


class Pipeline:
    """Handles items of one service. Any number of callers at once: consumer, door, clocks, deliveries, retries."""

    def __init__(self, plan: Plan, pool: "asyncpg.Pool[Any]") -> None:
        self._plan = plan
        self._pool = pool
        self.wake = asyncio.Event()
        """Set after each commit: the relay has something to send."""
        self.moved = asyncio.Event()
        """Set when something moved that a parked lane waits for."""
        self.awaited: set[str] = set()
        """Aggregates that parked lanes wait for, as far as this process knows."""
        self.circuit = Circuit()
        self.metrics = Metrics()
        self.redone = 0

    @classmethod
    async def open(cls, service: Service, pool: "asyncpg.Pool[Any]", tracing: "Tracing | None" = None) -> "Pipeline":
        """Compare the service's aggregates with the database. Raises CannotStart."""
        async with pool.acquire() as connection:
            tables = await open_tables(connection, (*service.tables, *service.replica_tables))
        return cls(Plan(service, tables, tracing), pool)

    async def run(self, items: Sequence[Item], aside: Sequence[SetAside] = ()) -> None:
        """Handle these messages, those that have something in common in order; afterwards their receipts are committed.

        Raises DatabaseAway (nothing of the failed part is done: bring it again) and CannotGoOn.
        """
        first, *others = parted(items, self._plan.service)
        ways = [self._together(first, aside), *(self._together(other) for other in others)]
        failures = [each for each in await asyncio.gather(*ways, return_exceptions=True) if each is not None]
        if failures:
            # Nothing runs any more: the caller may bring the batch again.
            raise failures[0]

    async def _together(self, items: Sequence[Item], aside: Sequence[SetAside] = ()) -> None:
        """Messages in one transaction, in order; in smaller ones when one of them is to blame."""
        blamed = await self._batch(items, aside)
        if blamed is None:
            self.circuit.note(items)
        elif len(items) + len(aside) > 1:
            await self._split(items, aside)
        elif items:
            await self._last_try(items[0])
        else:
            name = type(blamed.failure).__name__
            raise CannotGoOn(f"a record cannot be set aside: {name}") from blamed.failure

    async def transact(self, work: Callable[[Batch, Connection], Awaitable[T]]) -> T | Blamed:
        """Do this work in one transaction, again after races; `Blamed` when the work itself is at fault.

        Raises DatabaseAway and CannotGoOn.
        """
        failure: Exception = LostRace("never tried")
        for number in range(_TRIES):
            try:
                return await self._commit(work)
            except Exception as error:
                failure = error
            match judge(failure):
                case Verdict.AGAIN:
                    self.redone += 1
                    await asyncio.sleep(random.uniform(0, _JITTER_SECONDS) * number)
                case Verdict.AWAY:
                    raise DatabaseAway(type(failure).__name__) from failure
                case Verdict.STOP:
                    raise CannotGoOn(described(failure)) from failure
                case Verdict.CULPRIT:
                    break
        return Blamed(failure)

    async def rehearse(self, work: Callable[[Batch, Connection], Awaitable[T]]) -> T | Blamed:
        """Do this work and undo it again: what would happen."""
        try:
            async with self._pool.acquire() as connection:
                transaction = connection.transaction()
                await transaction.start()
                try:
                    return await work(Batch(self._plan, connection), connection)
                finally:
                    await transaction.rollback()
        except Exception as error:
            if judge(error) is Verdict.AWAY:
                raise DatabaseAway(type(error).__name__) from error
            return Blamed(error)

    async def find(self, cls: type[Aggregate], key: str) -> Aggregate | None:
        """One state as it is now. Raises DatabaseAway."""
        try:
            async with self._pool.acquire(timeout=5) as connection:
                found = await self._plan.tables[cls].read(connection, [key])
        except Exception as error:
            raise DatabaseAway(type(error).__name__) from error
        return found[0] if found else None

    def table(self, cls: type[Aggregate]) -> Table:
        """Where states of this kind are kept."""
        return self._plan.tables[cls]

    async def recount(self, *, correct: bool) -> Recount:
        """Count all states again, and put the tallies right if wanted. Raises UnderWay and DatabaseAway."""
        try:
            async with self._pool.acquire(timeout=5) as connection:
                try:
                    return await recount(connection, self._plan.service, self._plan.tables, correct=correct)
                finally:
                    # Its lock and its tables live as long as the session: nobody gets that from the pool again.
                    connection.terminate()
        except Exception as error:
            if judge(error) is Verdict.AWAY:
                raise DatabaseAway(type(error).__name__) from error
            raise

    async def database_answers(self) -> bool:
        """Whether the database takes a statement now."""
        try:
            async with self._pool.acquire(timeout=5) as connection:
                await connection.fetchval("SELECT 1")
        except Exception:
            return False
        return True

    async def _batch(self, items: Sequence[Item], aside: Sequence[SetAside] = ()) -> Blamed | None:
        return await self.transact(lambda batch, _: batch.run(items, aside))

    async def _split(self, items: Sequence[Item], aside: Sequence[SetAside]) -> None:
        """Smaller and smaller, until the culprit stands alone."""
        if aside and items:
            await self._together((), aside)
            await self._together(items)
            return
        size = math.ceil((len(items) + len(aside)) / _PARTS)
        for first in range(0, max(len(items), len(aside)), size):
            await self._together(items[first : first + size], aside[first : first + size])

    async def _last_try(self, item: Item) -> None:
        """Once more alone, then parked."""
        blamed = await self._batch([item])
        if blamed is not None:
            log.warning("message parked", type=item.name, id=item.id, error=type(blamed.failure).__name__)
            item.failure = blamed.failure
            if (hopeless := await self._batch([item])) is not None:
                name = type(hopeless.failure).__name__
                raise CannotGoOn(f"a message cannot be parked: {name}") from hopeless.failure
        self.circuit.note([item])

    async def _commit(self, work: Callable[[Batch, Connection], Awaitable[T]]) -> T:
        async with self._pool.acquire() as connection, connection.transaction():
            batch = Batch(self._plan, connection)
            began = time.monotonic()
            result = await work(batch, connection)
            faults.point(faults.BEFORE_COMMIT)
        faults.point(faults.AFTER_COMMIT)
        self.metrics.observe(TRANSACTION, (time.monotonic() - began,))
        self.metrics.add(RECEIPTS, batch.answered)
        if batch.trace is not None:
            batch.trace.committed()
        self.wake.set()
        self.awaited |= batch.waited_for
        if self.awaited and not self.awaited.isdisjoint(batch.moved):
            await self._hurry(batch.moved)
        return result

    async def _hurry(self, moved: set[str]) -> None:
        """Something moved that a parked lane waits for: its next try is now."""
        self.awaited -= moved
        async with self._pool.acquire() as connection:
            await connection.execute(MOVED, sorted(moved))
        self.moved.set()
