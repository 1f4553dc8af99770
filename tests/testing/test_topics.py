"""Topics as code."""

import pytest
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, ResourceType

from casebus_deploy.topics import TopicsDiffer, create_topics
from casebus_testing.stack import Stack


async def test_every_declared_topic_is_made(stack: Stack, topic_prefix: str):
    made = await create_topics(stack.kafka, ["guest"], topic_prefix)

    assert {f"{topic_prefix}intake.commands", f"{topic_prefix}receipts.guest"} <= set(made)


async def test_a_second_time_makes_nothing(stack: Stack, topic_prefix: str):
    await create_topics(stack.kafka, ["guest"], topic_prefix)

    assert await create_topics(stack.kafka, ["guest"], topic_prefix) == []


async def test_a_new_sender_gets_its_topic_of_receipts(stack: Stack, topic_prefix: str):
    await create_topics(stack.kafka, ["guest"], topic_prefix)

    assert await create_topics(stack.kafka, ["guest", "clinic"], topic_prefix) == [f"{topic_prefix}receipts.clinic"]


async def test_a_topic_with_another_number_of_partitions_is_named(stack: Stack, topic_prefix: str):
    name = f"{topic_prefix}intake.commands"
    client = AdminClient({"bootstrap.servers": stack.kafka})
    client.create_topics([NewTopic(name, 1, 1)])[name].result()

    with pytest.raises(TopicsDiffer, match=rf"{name} has 1, declared are 3"):
        await create_topics(stack.kafka, ["guest"], topic_prefix)


async def test_records_carry_the_time_the_broker_got_them(stack: Stack, topic_prefix: str):
    await create_topics(stack.kafka, ["guest"], topic_prefix)

    client = AdminClient({"bootstrap.servers": stack.kafka})
    resource = ConfigResource(ResourceType.TOPIC, f"{topic_prefix}intake.commands")
    settings = client.describe_configs([resource])[resource].result()

    assert settings["message.timestamp.type"].value == "LogAppendTime"
