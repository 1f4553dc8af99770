"""Commands that are done leave Kafka; unreadable bytes leave the database after a week."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest_asyncio
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from pipeline_rig import Rig, headed

from casebus_testing.stack import Stack
from chassis.clock import Clock
from chassis.forgetting import Forgetting
from chassis.settings import Settings

RECORDS = 5


@pytest_asyncio.fixture
async def topic(stack: Stack, topic_prefix: str) -> str:
    """Two partitions with five commands each; the group of the service has done three of the first."""
    name = f"{topic_prefix}staffing.commands"
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka)
    await admin.start()
    await admin.create_topics([NewTopic(name, 2, 1)])
    await admin.close()
    async with AIOKafkaProducer(bootstrap_servers=stack.kafka) as producer:
        for number in range(2 * RECORDS):
            await producer.send_and_wait(name, b"%d" % number, partition=number % 2)
    async with AIOKafkaConsumer(
        bootstrap_servers=stack.kafka, group_id=f"{topic_prefix}staffing", enable_auto_commit=False
    ) as consumer:
        consumer.assign([TopicPartition(name, 0)])
        await consumer.commit({TopicPartition(name, 0): 3})
    return name


@pytest_asyncio.fixture
async def forgetting(
    stack: Stack, rig: Rig, topic_prefix: str, tmp_path: Path
) -> AsyncIterator[tuple[Forgetting, Path]]:
    """What forgets for the service, and the clock file it goes by."""
    clock_file = tmp_path / "clock.json"
    clock_file.write_text('{"offsets": []}')
    settings = Settings(kafka=stack.kafka, database=rig.dsn, jwks="unused", senders=Path("unused"))
    group = f"{topic_prefix}staffing"
    yield Forgetting(rig.pool, Clock(clock_file), settings, group, f"{group}.commands"), clock_file


async def first_offsets(stack: Stack, topic: str) -> list[int]:
    async with AIOKafkaConsumer(bootstrap_servers=stack.kafka) as consumer:
        told = await consumer.beginning_offsets([TopicPartition(topic, number) for number in range(2)])
        return [told[TopicPartition(topic, number)] for number in range(2)]


async def test_what_the_group_has_done_is_deleted_and_nothing_else(
    stack: Stack, topic: str, forgetting: tuple[Forgetting, Path]
) -> None:
    left = await forgetting[0].forget_commands()

    assert left == {0: 3}
    assert await first_offsets(stack, topic) == [3, 0]


async def test_deleting_again_at_once_does_no_harm(
    stack: Stack, topic: str, forgetting: tuple[Forgetting, Path]
) -> None:
    await asyncio.gather(*(forgetting[0].forget_commands() for _ in range(3)))

    assert await first_offsets(stack, topic) == [3, 0]


async def test_a_group_that_has_done_nothing_deletes_nothing(forgetting: tuple[Forgetting, Path]) -> None:
    assert await forgetting[0].forget_commands() == {}


async def test_unreadable_bytes_are_kept_for_seven_days(rig: Rig, forgetting: tuple[Forgetting, Path]) -> None:
    await rig.feed(headed({"ce_proof": None}))
    after = [await days_later(forgetting, days) for days in (6, 8)]

    assert after == [0, 1]
    assert await rig.rows("SELECT count(*) FROM unreadable") == [(0,)]


async def days_later(forgetting: tuple[Forgetting, Path], days: int) -> int:
    """How many unreadable records are forgotten when so many days have gone by."""
    offset = {"from": datetime.now(UTC).isoformat(), "offset_seconds": timedelta(days=days).total_seconds()}
    forgetting[1].write_text(json.dumps({"offsets": [offset]}))
    return await forgetting[0].forget_unreadable()
