"""What FastStream and aiokafka do by themselves. An upgrade that changes one of these must show it here.

chassis.consumer works around every one of them.
"""

import asyncio
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaConnectionError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage

from casebus_testing.stack import Stack
from casebus_testing.stack.ports import free_ports
from casebus_testing.waiting import eventually


async def make_topic(stack: Stack, name: str) -> str:
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka)
    await admin.start()
    await admin.create_topics([NewTopic(name, 1, 1)])
    await admin.close()
    return name


async def put(stack: Stack, topic: str, *records: tuple[bytes, list[tuple[str, bytes]]]) -> None:
    async with AIOKafkaProducer(bootstrap_servers=stack.kafka) as producer:
        for value, headers in records:
            await producer.send_and_wait(topic, value, headers=headers)


async def test_the_default_parser_makes_a_record_with_a_strange_header_vanish(stack: Stack, topic_prefix: str) -> None:
    topic = await make_topic(stack, f"{topic_prefix}strange")
    seen: list[bytes] = []
    broker = KafkaBroker(stack.kafka, logger=None)

    @broker.subscriber(topic, group_id=topic, auto_offset_reset="earliest", ack_policy=AckPolicy.MANUAL)
    async def handle(message: Any) -> None:
        seen.append(message)

    await put(stack, topic, (b"1", [("x", b"\xff")]), (b"2", []))
    async with broker:
        await broker.start()
        await eventually(lambda: bool(seen), within=10)

    assert len(seen) == 1


async def test_after_a_manual_batch_handler_raised_the_next_batch_comes(stack: Stack, topic_prefix: str) -> None:
    topic = await make_topic(stack, f"{topic_prefix}raises")
    seen: list[int] = []
    broker = KafkaBroker(stack.kafka, logger=None)

    async def handle(message: KafkaMessage) -> None:
        seen.append(message.raw_message[0].offset)
        if len(seen) == 1:
            raise ValueError("first batch")

    broker.subscriber(
        topic, batch=True, max_records=1, group_id=topic, auto_offset_reset="earliest", ack_policy=AckPolicy.MANUAL
    )(handle)
    await put(stack, topic, (b"1", []), (b"2", []))
    async with broker:
        await broker.start()
        await eventually(lambda: len(seen) > 1, within=10)

    assert seen[:2] == [0, 1]


async def test_a_missing_topic_is_made_with_one_partition_unless_forbidden(stack: Stack, topic_prefix: str) -> None:
    topic = f"{topic_prefix}missing"
    broker = KafkaBroker(stack.kafka, logger=None)

    @broker.subscriber(topic, group_id=topic)
    async def handle(message: Any) -> None:
        """Never called."""

    async with broker:
        await broker.start()
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka)
    await admin.start()
    (described,) = await admin.describe_topics([topic])
    await admin.close()

    assert len(described["partitions"]) == 1


async def test_a_broker_that_is_away_raises_at_once_and_is_not_tried_again() -> None:
    (port,) = free_ports(1)
    broker = KafkaBroker(f"127.0.0.1:{port}", logger=None)

    @broker.subscriber("anything")
    async def handle(message: Any) -> None:
        """Never called."""

    with pytest.raises(KafkaConnectionError):
        await asyncio.wait_for(broker.start(), 10)
    await broker.stop()
