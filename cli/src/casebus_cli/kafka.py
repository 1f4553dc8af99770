"""Reading topics without a group: all their partitions, from an end that is fixed at the start."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaConnectionError, KafkaError, TopicAuthorizationFailedError

from casebus_cli.errors import CliError
from chassis.login import NOBODY, KafkaLogin

POLL_MILLISECONDS: Final = 200
MAX_RECORDS: Final = 500


@asynccontextmanager
async def producer(bootstrap: str, login: KafkaLogin = NOBODY) -> AsyncIterator[Any]:
    """An idempotent producer whose partitioner is murmur2, as senders must use."""
    sending = AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        acks="all",
        enable_idempotence=True,
        max_batch_size=131_072,
        linger_ms=0,
        **login.aiokafka(),
    )
    await started(sending, bootstrap, login)
    try:
        yield sending
    finally:
        await sending.stop()


@asynccontextmanager
async def reader(
    bootstrap: str, topics: Sequence[str], *, from_start: bool = False, login: KafkaLogin = NOBODY
) -> AsyncIterator[Any]:
    """A consumer of all partitions of these topics, placed at their start or at their present end."""
    partitions = await partitions_of(bootstrap, topics, login)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, group_id=None, enable_auto_commit=False, **login.aiokafka()
    )
    await started(consumer, bootstrap, login)
    try:
        consumer.assign(partitions)
        offsets = await (consumer.beginning_offsets if from_start else consumer.end_offsets)(partitions)
        for partition, offset in offsets.items():
            consumer.seek(partition, offset)
        yield consumer
    except TopicAuthorizationFailedError:
        raise CliError(f"{login.user or 'Nobody'} may not read {', '.join(topics)}.") from None
    finally:
        await consumer.stop()


async def records_until_end(
    bootstrap: str, topics: Sequence[str], deadline_seconds: float = 30, login: KafkaLogin = NOBODY
) -> list[Any]:
    """Every record the topics hold now, partition by partition."""
    opened = reader(bootstrap, topics, from_start=True, login=login)
    async with opened as consumer, asyncio.timeout(deadline_seconds):
        ends = await consumer.end_offsets(consumer.assignment())
        found: list[Any] = []
        while not all([await consumer.position(partition) >= end for partition, end in ends.items()]):
            batches = await consumer.getmany(timeout_ms=POLL_MILLISECONDS)
            found.extend(record for records in batches.values() for record in records)
        return found


async def partitions_of(bootstrap: str, topics: Sequence[str], login: KafkaLogin = NOBODY) -> list[TopicPartition]:
    """All partitions of the topics. Raises `CliError` for a topic that is not there, or not for this user."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, **login.aiokafka())
    await started(admin, bootstrap, login)
    try:
        described = await admin.describe_topics(list(topics))
    finally:
        await admin.close()
    for topic in described:
        if topic["error_code"] == TopicAuthorizationFailedError.errno:
            raise CliError(f"{login.user or 'Nobody'} may not read {topic['topic']}, or there is no such topic.")
        if topic["error_code"]:
            raise CliError(f"There is no topic {topic['topic']}.")
    return [TopicPartition(topic["topic"], entry["partition"]) for topic in described for entry in topic["partitions"]]


async def started(client: Any, bootstrap: str, login: KafkaLogin) -> None:
    """Start any client. Raises `CliError` that says what is the matter."""
    try:
        await client.start()
    except (KafkaConnectionError, OSError):
        if login.user:
            raise CliError(f"Kafka at {bootstrap} is down, or does not know {login.user} by this password.") from None
        raise CliError(f"Kafka does not answer at {bootstrap}. Is the stack up (`make up`)?") from None
    except KafkaError as error:
        raise CliError(f"Kafka at {bootstrap} answers with {type(error).__name__}.") from None
