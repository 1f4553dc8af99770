"""The fixtures that this package gives to tests."""

import asyncpg
import confluent_kafka.admin

from casebus_testing.plugin import NewDatabase
from casebus_testing.stack import Stack


async def test_a_new_database_is_empty(new_database: NewDatabase):
    connection = await asyncpg.connect(await new_database())

    tables = await connection.fetchval("select count(*) from pg_tables where schemaname = 'public'")
    await connection.close()

    assert tables == 0


async def test_two_new_databases_are_different(new_database: NewDatabase):
    assert await new_database() != await new_database()


def test_the_broker_makes_no_topic_by_itself(stack: Stack):
    client = confluent_kafka.admin.AdminClient({"bootstrap.servers": stack.kafka})

    topic = client.list_topics("never-made", timeout=10).topics["never-made"]

    assert topic.error == confluent_kafka.KafkaError.UNKNOWN_TOPIC_OR_PART
