"""Reading topics without a group: all their partitions, from an end that is fixed at the start."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaConnectionError, KafkaError

from casebus_cli.errors import CliError

POLL_MILLISECONDS: Final = 200
MAX_RECORDS: Final = 500


@asynccontextmanager
async def producer(bootstrap: str) -> AsyncIterator[Any]:
    """An idempotent producer whose partitioner is murmur2, as senders must use."""
    sending = AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, max_batch_size=131_072, linger_ms=0
    )
    await _started(sending, bootstrap)
    try:
        yield sending
    finally:
        await sending.stop()


@asynccontextmanager
async def reader(bootstrap: str, topics: Sequence[str], *, from_start: bool = False) -> AsyncIterator[Any]:
    """A consumer of all partitions of these topics, placed at their start or at their present end."""
    partitions = await partitions_of(bootstrap, topics)
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=None, enable_auto_commit=False)
    await _started(consumer, bootstrap)
    try:
        consumer.assign(partitions)
        offsets = await (consumer.beginning_offsets if from_start else consumer.end_offsets)(partitions)
        for partition, offset in offsets.items():
            consumer.seek(partition, offset)
        yield consumer
    finally:
        await consumer.stop()


async def records_until_end(bootstrap: str, topics: Sequence[str], deadline_seconds: float = 30) -> list[Any]:
    """Every record the topics hold now, partition by partition."""
    async with reader(bootstrap, topics, from_start=True) as consumer, asyncio.timeout(deadline_seconds):
        ends = await consumer.end_offsets(consumer.assignment())
        found: list[Any] = []
        while not all([await consumer.position(partition) >= end for partition, end in ends.items()]):
            batches = await consumer.getmany(timeout_ms=POLL_MILLISECONDS)
            found.extend(record for records in batches.values() for record in records)
        return found


async def partitions_of(bootstrap: str, topics: Sequence[str]) -> list[TopicPartition]:
    """All partitions of the topics. Raises `CliError` for a topic that is not there."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await _started(admin, bootstrap)
    try:
        described = await admin.describe_topics(list(topics))
    finally:
        await admin.close()
    for topic in described:
        if topic["error_code"]:
            raise CliError(f"There is no topic {topic['topic']}.")
    return [TopicPartition(topic["topic"], entry["partition"]) for topic in described for entry in topic["partitions"]]


async def _started(client: Any, bootstrap: str) -> None:
    try:
        await client.start()
    except (KafkaConnectionError, OSError):
        raise CliError(f"Kafka does not answer at {bootstrap}. Is the stack up (`make up`)?") from None
    except KafkaError as error:
        raise CliError(f"Kafka at {bootstrap} answers with {type(error).__name__}.") from None
