"""A record the client library cannot decode stops nobody and loses nothing."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage
from faststream.kafka.message import FAKE_CONSUMER
from faststream.kafka.subscriber.usecase import BatchSubscriber

from casebus_testing.stack import Stack
from casebus_testing.waiting import eventually
from chassis.fetching import TotalSubscriber, handled


class StrangeName(str):
    """A header name whose bytes are no UTF-8."""

    def encode(self, *_: Any) -> bytes:
        return b"\xff\xfe"


def batch_with_strange_header() -> bytes:
    builder = _DefaultRecordBatchBuilderPy(
        magic=2,
        compression_type=0,
        is_transactional=False,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        batch_size=100_000,
    )
    now = int(time.time() * 1000)
    headers: list[list[tuple[str, bytes]]] = [[], [(StrangeName("x"), b"1")], []]
    for number, each in enumerate(headers):
        builder.append(number, timestamp=now, key=b"k", value=str(number).encode(), headers=each)
    return bytes(builder.build())


async def produce_raw(producer: AIOKafkaProducer, topic: str, partition: int, batch: bytes) -> None:
    node = producer.client.cluster.leader_for_partition(TopicPartition(topic, partition))
    request = ProduceRequest(
        transactional_id=None, required_acks=-1, timeout=5000, topics=[(topic, [(partition, batch)])]
    )
    response = await producer.client.send(node, request)
    assert response.topics[0][1][0][1] == 0, response


async def make(stack: Stack, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 2, 1)])
    await admin.close()


def subscribe(broker: KafkaBroker, topic: str, handle: Callable[[KafkaMessage], Awaitable[None]]) -> BatchSubscriber:
    """As the chassis does: raw batches, made total."""

    async def parser(message: Any) -> KafkaMessage:
        return KafkaMessage(body=b"", headers={}, raw_message=message, message_id="", consumer=FAKE_CONSUMER)

    async def decoder(_: Any) -> None:
        """Nothing to decode."""

    subscriber = broker.subscriber(
        topic,
        batch=True,
        group_id=topic,
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.MANUAL,
        parser=parser,
        decoder=decoder,
    )
    subscriber.__class__ = TotalSubscriber
    subscriber(handle)
    return subscriber


async def test_a_header_name_that_is_no_utf8_is_stepped_over(stack: Stack, topic_prefix: str) -> None:
    topic = f"{topic_prefix}poison"
    await make(stack, topic)
    async with AIOKafkaProducer(bootstrap_servers=stack.kafka) as producer:
        await producer.send_and_wait(topic, b"other", partition=1)
        await producer.client.set_topics([topic])
        # The broker tells of a new topic before each partition of it has a leader.
        first, cluster = TopicPartition(topic, 0), producer.client.cluster
        await eventually(lambda: cluster.leader_for_partition(first) not in (None, -1))
        await produce_raw(producer, topic, 0, batch_with_strange_header())
        await producer.send_and_wait(topic, b"behind", partition=0)
    seen: list[Any] = []

    async def handle(message: KafkaMessage) -> None:
        seen.extend(message.raw_message)

    broker = KafkaBroker(stack.kafka, logger=None)
    subscribe(broker, topic, handle)
    async with broker:
        await broker.start()
        await eventually(lambda: len(seen) >= 5, within=20)

    assert sorted(record.value for record in seen) == [b"0", b"1", b"2", b"behind", b"other"]
    assert [name for record in seen for name, _ in record.headers] == ["\\xff\\xfe"]


async def test_what_is_handed_out_is_not_handled_before_the_next_batch_is_asked_for(
    stack: Stack, topic_prefix: str
) -> None:
    """A clock that took the client's position for what is done would fire before the message that stops it."""
    topic = f"{topic_prefix}unhurried"
    place, begun, go_on = TopicPartition(topic, 0), asyncio.Event(), asyncio.Event()

    async def handle(_: KafkaMessage) -> None:
        begun.set()
        await go_on.wait()

    await make(stack, topic)
    broker = KafkaBroker(stack.kafka, logger=None)
    async with AIOKafkaProducer(bootstrap_servers=stack.kafka) as producer, broker:
        await producer.send_and_wait(topic, b"one", partition=0)
        subscriber = subscribe(broker, topic, handle)
        await broker.start()
        await asyncio.wait_for(begun.wait(), 20)
        consumer = subscriber.consumer
        assert consumer is not None

        assert (await consumer.position(place), handled(consumer)[place]) == (1, 0)
        go_on.set()
        await eventually(lambda: handled(consumer)[place] == 1, within=20)
