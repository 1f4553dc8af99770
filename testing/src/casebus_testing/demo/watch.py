"""Looks on while the day plays: what flows through every topic, how far services are behind, what waits."""

import asyncio
import json
import time
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import asyncpg
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from casebus_cli.kafka import reader
from casebus_testing.system import System

LOOK_SECONDS: Final = 0.4
RATE_SECONDS: Final = 3.0
WAITING = "SELECT (SELECT count(*) FROM outbox) AS outbox, (SELECT count(*) FROM parked) AS parked"


@dataclass(frozen=True, slots=True)
class ServiceFigures:
    """How a service is doing: records not yet handled, rows not yet sent, messages parked."""

    lag: int
    outbox: int
    parked: int


@dataclass(frozen=True, slots=True)
class Figures:
    """One look at everything."""

    records: Mapping[str, int]
    per_second: Mapping[str, float]
    services: Mapping[str, ServiceFigures]


@dataclass
class Seen:
    """What has come by on the topics since the start."""

    records: Counter[str] = field(default_factory=Counter)
    facts: dict[str, tuple[str, Mapping[str, Any]]] = field(default_factory=dict)
    """Type and body of every fact, by id."""
    dead: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    """What services could not read: topic, and where it lies."""
    _times: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(lambda: deque(maxlen=2000)))

    def take(self, topic: str, record: Any) -> None:
        """Count one record, and keep it if it is a fact or about an unreadable record."""
        self.records[topic] += 1
        self._times[topic].append(time.monotonic())
        if topic.endswith(".dead"):
            self.dead.append((topic, json.loads(record.value)))
        elif not topic.endswith(".commands") and not topic.startswith("receipts."):
            fact_id = dict(record.headers)["ce_id"].decode()
            self.facts[fact_id] = (topic, json.loads(record.value))

    def of_type(self, topic: str) -> list[Mapping[str, Any]]:
        """The bodies of all facts of one type."""
        return [body for type_, body in self.facts.values() if type_ == topic]

    def per_second(self) -> dict[str, float]:
        """The rate of each topic over the last seconds."""
        since = time.monotonic() - RATE_SECONDS
        return {topic: sum(moment > since for moment in times) / RATE_SECONDS for topic, times in self._times.items()}


class Watcher:
    """Reads all topics and asks brokers and databases. Use `watching`."""

    def __init__(self, system: System, consumer: Any, admin: Any, databases: Mapping[str, Any]) -> None:
        self.seen = Seen()
        self._prefix = system.prefix
        self._consumer = consumer
        self._admin = admin
        self._databases = databases

    async def read(self) -> None:
        """Take records in for ever."""
        while True:
            batches = await self._consumer.getmany(timeout_ms=100, max_records=500)
            for place, records in batches.items():
                for record in records:
                    self.seen.take(place.topic.removeprefix(self._prefix), record)

    async def figures(self) -> Figures:
        """One look."""
        ends = await self._consumer.end_offsets(self._consumer.assignment())
        services = {name: await self._service(name, ends) for name in self._databases}
        return Figures(dict(self.seen.records), self.seen.per_second(), services)

    async def _service(self, name: str, ends: Mapping[TopicPartition, int]) -> ServiceFigures:
        committed = await self._admin.list_consumer_group_offsets(self._prefix + name)
        lag = sum(max(0, ends.get(place, 0) - max(0, offset.offset)) for place, offset in committed.items())
        waiting = await self._databases[name].fetchrow(WAITING)
        return ServiceFigures(lag, waiting["outbox"], waiting["parked"])


@asynccontextmanager
async def watching(system: System, topics: Sequence[str]) -> AsyncIterator[Watcher]:
    """A watcher that sees everything from here on."""
    async with AsyncExitStack() as opened:
        names = [system.prefix + topic for topic in topics]
        login = system.stack.login
        consumer = await opened.enter_async_context(reader(system.stack.kafka, names, login=login))
        admin = AIOKafkaAdminClient(bootstrap_servers=system.stack.kafka, **login.aiokafka())
        await admin.start()
        opened.push_async_callback(admin.close)
        databases = {}
        for name in system.processes:
            databases[name] = await asyncpg.connect(system.database(name))
            opened.push_async_callback(databases[name].close)
        watcher = Watcher(system, consumer, admin, databases)
        reading = asyncio.create_task(watcher.read())
        try:
            yield watcher
        finally:
            reading.cancel()
            await asyncio.wait([reading])
