"""An outbox to write into, its relays, and what arrived on the topics."""

import asyncio
import os
import signal
import sys
import zlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from casebus_testing.stack import Stack
from casebus_testing.waiting import eventually
from chassis.relay import Relay, RelaySettings

FACTS = "facts"
PARTITIONS = 3

INSERT = "INSERT INTO outbox (bucket, topic, aggregateid, headers, payload) VALUES ($1, $2, $3, $4, $5) RETURNING id"

QUICK = RelaySettings(
    ping_seconds=0.2, idle_session_timeout_seconds=2, retry_min_seconds=0.2, retry_max_seconds=1, stop_seconds=2
)

_PROGRAM = """
import asyncio, sys
from relay_rig import QUICK
from chassis.relay import Relay
asyncio.run(Relay(sys.argv[1], sys.argv[2], topic_prefix=sys.argv[3], settings=QUICK).run())
"""


def row(key: str, number: int, topic: str = FACTS) -> tuple[int, str, str, str, str]:
    """One outbox row: the number is its payload and a header."""
    return zlib.crc32(key.encode()) % 64, topic, key, f"ce_type\t{topic}\nce_sequence\t{number}\n", str(number)


@dataclass
class RelayRig:
    """One database and one set of topics."""

    stack: Stack
    dsn: str
    prefix: str
    database: "asyncpg.Connection[asyncpg.Record]"
    others: "list[asyncpg.Connection[asyncpg.Record]]" = field(default_factory=list)

    async def write(self, *rows: tuple[int, str, str, str, str]) -> None:
        """Commit these rows."""
        await self.database.executemany(INSERT, rows)

    async def another_writer(self) -> "asyncpg.Connection[asyncpg.Record]":
        """A connection of its own, for a transaction that stays open."""
        self.others.append(await asyncpg.connect(self.dsn))
        return self.others[-1]

    def make_topic(self, name: str, **config: str) -> None:
        """Make a topic with three partitions."""
        client = AdminClient({"bootstrap.servers": self.stack.kafka})
        client.create_topics([NewTopic(self.prefix + name, PARTITIONS, 1, config=config)])[self.prefix + name].result()

    def relay(self, settings: RelaySettings = QUICK, wake: asyncio.Event | None = None) -> Relay:
        """A relay that is not running yet."""
        return Relay(self.dsn, self.stack.kafka, topic_prefix=self.prefix, settings=settings, wake=wake)

    async def left(self) -> int:
        """Rows still in the outbox."""
        return int(await self.database.fetchval("SELECT count(*) FROM outbox"))

    async def until_empty(self, within: float = 15) -> None:
        """Wait until every row is acknowledged and deleted."""

        async def empty() -> bool:
            return await self.left() == 0

        await eventually(empty, within=within)

    def arrived(self, topic: str = FACTS) -> dict[str, list[str]]:
        """Every payload on the topic from offset 0, by key, in order."""
        values: dict[str, list[str]] = {}
        for key, value, _ in self.records(topic):
            values.setdefault(key, []).append(value)
        return values

    def first_appearances(self, topic: str = FACTS) -> dict[str, list[str]]:
        """The same without repeats."""
        return {key: list(dict.fromkeys(values)) for key, values in self.arrived(topic).items()}

    def records(self, topic: str = FACTS) -> list[tuple[str, str, dict[str, str]]]:
        """Key, payload and headers of every record, partition by partition."""
        consumer = Consumer({"bootstrap.servers": self.stack.kafka, "group.id": "rig", "enable.auto.commit": False})
        parts = [TopicPartition(self.prefix + topic, number, OFFSET_BEGINNING) for number in range(PARTITIONS)]
        count = sum(consumer.get_watermark_offsets(part, timeout=10)[1] for part in parts)
        consumer.assign(parts)
        found: list[tuple[str, str, dict[str, str]]] = []
        while len(found) < count:
            for message in consumer.consume(min(10_000, count - len(found)), timeout=10):
                headers = {name: value.decode() for name, value in message.headers() or []}
                found.append(((message.key() or b"").decode(), (message.value() or b"").decode(), headers))
        consumer.close()
        return found

    async def end_sessions(self) -> None:
        """What an administrator, or a failover, does to every relay's connection."""
        await self.database.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'relay' AND datname = current_database()"
        )

    @asynccontextmanager
    async def process(self) -> "AsyncIterator[asyncio.subprocess.Process]":
        """A relay in a process of its own, killed at the end."""
        helpers = os.path.dirname(__file__)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            _PROGRAM,
            self.dsn,
            self.stack.kafka,
            self.prefix,
            env={**os.environ, "PYTHONPATH": helpers},
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGKILL)
            await process.wait()


@asynccontextmanager
async def running(*relays: Relay) -> AsyncIterator[Sequence[Relay]]:
    """Relays at work; stopped in order at the end. What one of them raised is raised."""
    tasks = [asyncio.create_task(relay.run()) for relay in relays]
    try:
        yield relays
    finally:
        for relay in relays:
            await relay.stop()
        await asyncio.gather(*tasks)


def murmur_partition_of(rig: RelayRig, key: str) -> int:
    """The partition that the C client with the partitioner of Java clients gives to a key."""
    placed: list[Any] = []
    producer = Producer({"bootstrap.servers": rig.stack.kafka, "partitioner": "murmur2_random"})
    producer.produce(rig.prefix + FACTS, b"", key, on_delivery=lambda _, message: placed.append(message.partition()))
    producer.flush(10)
    return int(placed[0])
