"""B2's two contenders: the same batches of commands into the same tables, no Kafka, and a watch on the database stage.

The stage is what a batch does between its messages and its commit but for the rules: looking up, locking, loading,
and writing, with the packing and unpacking of states.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import asyncpg

from bench import walkins
from bench.peers import visit_tables
from bench.peers.visits import MODELS, Message, handle
from bench.peers.visits import Rows as HandRows
from bench.trusting import Trusting
from chassis.batch import Batch, Plan
from chassis.book import Book
from chassis.clock import Clock
from chassis.collector import spare_collector
from chassis.database import Connection, open_pool
from chassis.envelope import Headers
from chassis.items import Item
from chassis.reading import Reader
from chassis.rows import Rows
from chassis.tables import open_tables
from intake.handlers import SERVICE

BATCH: Final = 500
_TOPIC: Final = "intake.commands"


class Stopwatch:
    """Seconds spent inside, however deep one is inside; `seconds` is their sum."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._depth = 0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Inside the stage."""
        self._depth += 1
        began = time.perf_counter()
        try:
            yield
        finally:
            self._depth -= 1
            if not self._depth:
                self.seconds += time.perf_counter() - began


@dataclass(frozen=True, slots=True)
class Record:
    """A record as the chassis reads it."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes
    value: bytes
    headers: Headers


class TimedBook(Book):
    """Loads and saves under a watch."""

    watch: Stopwatch

    async def load(self, connection: Connection, items: Any) -> None:
        """As the book does."""
        with self.watch.running():
            await super().load(connection, items)

    async def save(self, connection: Connection) -> None:
        """As the book does."""
        with self.watch.running():
            await super().save(connection)


class TimedRows(Rows):
    """Writes under a watch."""

    watch: Stopwatch

    async def write(self, connection: Connection) -> None:
        """As the rows do."""
        with self.watch.running():
            await super().write(connection)


class TimedConnection:
    """A session under a watch: what the batch asks of it directly counts too."""

    def __init__(self, connection: Connection, watch: Stopwatch) -> None:
        self._connection = connection
        self._watch = watch

    async def fetch(self, *arguments: Any) -> Any:
        """As the session does."""
        with self._watch.running():
            return await self._connection.fetch(*arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


class TimedBatch(Batch):
    """The chassis' batch with its database stage under a watch."""

    def __init__(self, plan: Plan, connection: Any, watch: Stopwatch) -> None:
        super().__init__(plan, connection)
        self._book = TimedBook(plan.service, plan.tables)
        self._rows = TimedRows()
        self._book.watch = self._rows.watch = watch


def run_ours(dsn: str, orders: list[walkins.Order]) -> float:
    """Seconds of the database stage, by the chassis."""
    return asyncio.run(_ours(dsn, orders))


def run_hand(dsn: str, orders: list[walkins.Order]) -> float:
    """Seconds of the database stage, by statements written for these rows."""
    return asyncio.run(_hand(dsn, orders))


async def _ours(dsn: str, orders: list[walkins.Order]) -> float:
    watch, now = Stopwatch(), datetime.now(UTC)
    reader = Reader(SERVICE, Trusting(), Clock())
    async with await open_pool(dsn, name="b2") as pool, pool.acquire() as connection:
        plan = Plan(SERVICE, await open_tables(connection, (*SERVICE.tables, *SERVICE.replica_tables)))
        timed: Any = TimedConnection(connection, watch)
        spare_collector()
        for records in _batches(orders, now):
            items = [item for record in records if isinstance(item := reader.read(record), Item)]
            transaction = connection.transaction()
            with watch.running():
                await transaction.start()
            await TimedBatch(plan, timed, watch).run(items)
            with watch.running():
                await transaction.commit()
    return watch.seconds


async def _hand(dsn: str, orders: list[walkins.Order]) -> float:
    watch, now = Stopwatch(), datetime.now(UTC)
    session = {"plan_cache_mode": "force_custom_plan", "timezone": "UTC"}
    connection = await asyncpg.connect(dsn, server_settings=session)
    spare_collector()
    for records in _batches(orders, now):
        messages, rows, transaction = [_message(record) for record in records], HandRows(), connection.transaction()
        with watch.running():
            await transaction.start()
            fresh = await visit_tables.unknown(connection, messages)
            states = await visit_tables.load(connection, fresh)
        for message in fresh:
            handle(message, *states, rows)
        with watch.running():
            await visit_tables.save(connection, states[0], states[1], rows)
            await transaction.commit()
    await connection.close()
    return watch.seconds


def _batches(orders: Sequence[walkins.Order], now: datetime) -> Iterator[list[Record]]:
    milliseconds = int(now.timestamp() * 1000)
    for start in range(0, len(orders), BATCH):
        yield [
            _record(start + number, milliseconds + start, order)
            for number, order in enumerate(orders[start : start + BATCH])
        ]


def _record(offset: int, timestamp: int, order: walkins.Order) -> Record:
    headers = tuple(
        (name, value.encode() if isinstance(value, str) else value) for name, value in walkins.headers_of(order)
    )
    return Record(_TOPIC, 0, offset, timestamp, order.key.encode(), order.body, headers)


def _message(record: Record) -> Message:
    headers = {name: value.decode() for name, value in record.headers if value is not None}
    return Message(
        headers["ce_id"],
        headers["ce_type"],
        headers["ce_proof"],
        record.value,
        (record.topic, record.partition, record.offset),
        datetime.fromtimestamp(record.timestamp / 1000, UTC),
        MODELS[headers["ce_type"]].model_validate_json(record.value),
    )
