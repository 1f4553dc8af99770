"""Kafka and PostgreSQL in containers do for a test what those from packages do."""

from collections.abc import Iterator

import confluent_kafka
import confluent_kafka.admin
import psycopg
import pytest

from casebus_testing import containers
from casebus_testing.stack import Stack

pytestmark = pytest.mark.containers
SECONDS = 20


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with containers.start(tmp_path_factory.mktemp("servers")) as started:
        yield started


def test_both_listen_on_loopback_alone(servers: Stack):
    assert servers.kafka.startswith("127.0.0.1:")
    assert "@127.0.0.1:" in servers.postgres


def test_the_broker_makes_no_topic_by_itself(servers: Stack):
    client = confluent_kafka.admin.AdminClient({"bootstrap.servers": servers.kafka})

    topic = client.list_topics("never-made", timeout=SECONDS).topics["never-made"]

    assert topic.error == confluent_kafka.KafkaError.UNKNOWN_TOPIC_OR_PART


def test_a_record_outlives_the_broker(servers: Stack):
    admin = confluent_kafka.admin.AdminClient({"bootstrap.servers": servers.kafka})
    admin.create_topics([confluent_kafka.admin.NewTopic("kept", 1)])["kept"].result(SECONDS)
    producer = confluent_kafka.Producer({"bootstrap.servers": servers.kafka, "acks": "all"})
    producer.produce("kept", b"here")
    assert producer.flush(SECONDS) == 0

    servers.kill_kafka()
    servers.start_kafka()

    assert first_record(servers.kafka, "kept") == b"here"


def first_record(address: str, topic: str) -> bytes | None:
    settings = {"bootstrap.servers": address, "group.id": "reader", "auto.offset.reset": "earliest"}
    consumer = confluent_kafka.Consumer(settings)
    consumer.subscribe([topic])
    record = consumer.poll(SECONDS)
    consumer.close()
    assert record is not None
    return record.value()


def test_a_row_outlives_the_database_server(servers: Stack):
    dsn = servers.create_database("kept")
    with psycopg.connect(dsn) as connection:
        connection.execute("create table kept as select 'here' as said")

    servers.kill_postgres()
    servers.start_postgres()

    with psycopg.connect(dsn) as connection:
        assert connection.execute("select said from kept").fetchone() == ("here",)


def test_a_dropped_database_is_gone(servers: Stack):
    dsn = servers.create_database("passing")

    servers.drop_database("passing")

    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(dsn)
