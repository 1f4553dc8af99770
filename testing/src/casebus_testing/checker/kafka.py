"""Reads every topic from its first record to its present end."""

import time
from collections.abc import Iterable, Mapping
from typing import Final

from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, KafkaError, KafkaException, Message, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType

from casebus_testing.checker.evidence import Record

AT_ONCE: Final = 5000
QUIET: Final = 3
"""Errors, not the notes of a client that is closed."""

POLL_SECONDS: Final = 0.1
SILENCE_SECONDS: Final = 30.0
OFFSET_BEGINNING: Final = -2

Login = Mapping[str, str]
"""Settings of the client library, for a broker that asks who is there."""


def topics_of(bootstrap: str, prefix: str, login: Login) -> dict[str, int]:
    """Partitions of each topic with this prefix, by full name."""
    admin = AdminClient({**login, "bootstrap.servers": bootstrap, "log_level": QUIET})
    listed = admin.list_topics(timeout=SILENCE_SECONDS).topics
    return {
        name: len(topic.partitions)
        for name, topic in listed.items()
        if name.startswith(prefix) and not name.startswith("__")
    }


def compacted_of(bootstrap: str, names: Iterable[str], login: Login) -> set[str]:
    """Those of the topics that are compacted."""
    resources = [ConfigResource(ResourceType.TOPIC, name) for name in names]
    if not resources:
        return set()
    # The answers arrive only as long as the client lives.
    admin = AdminClient({**login, "bootstrap.servers": bootstrap, "log_level": QUIET})
    answers = admin.describe_configs(resources)
    return {
        resource.name
        for resource, answer in answers.items()
        if "compact" in str(answer.result(SILENCE_SECONDS)["cleanup.policy"].value)
    }


def committed_of(
    bootstrap: str, groups: Iterable[str], prefix: str, login: Login
) -> dict[str, dict[tuple[str, int], int]]:
    """What each group (named without prefix) has committed, by topic (without prefix) and partition."""
    admin = AdminClient({**login, "bootstrap.servers": bootstrap, "log_level": QUIET})
    committed: dict[str, dict[tuple[str, int], int]] = {}
    for group in groups:
        request = [ConsumerGroupTopicPartitions(prefix + group)]
        (answer,) = admin.list_consumer_group_offsets(request).values()
        places = answer.result(SILENCE_SECONDS).topic_partitions or ()
        committed[group] = {
            (place.topic.removeprefix(prefix), place.partition): place.offset for place in places if place.offset >= 0
        }
    return committed


def read(
    bootstrap: str, partitions: dict[str, int], prefix: str, login: Login
) -> tuple[dict[str, list[Record]], set[str]]:
    """All records by topic (without prefix), in order per partition; and the topics that do not begin at 0."""
    consumer = Consumer(
        {
            **login,
            "bootstrap.servers": bootstrap,
            "log_level": QUIET,
            "group.id": "casebus-checker",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "fetch.wait.max.ms": 10,
        }
    )
    places = [
        TopicPartition(name, number, OFFSET_BEGINNING) for name, count in partitions.items() for number in range(count)
    ]
    try:
        consumer.assign(places)
        found: dict[str, list[Record]] = {name.removeprefix(prefix): [] for name in partitions}
        for message in _until_end(consumer, len(places)):
            record = _record(message, prefix)
            found[record.topic].append(record)
        return found, {place.topic.removeprefix(prefix) for place in places if _begins_late(consumer, place)}
    finally:
        consumer.close()


def _until_end(consumer: Consumer, partitions: int) -> Iterable[Message]:
    ended: set[tuple[str | None, int | None]] = set()
    heard_at = time.monotonic()
    while len(ended) < partitions:
        # Waits until it has all it asked for or the time is over, so the time is short.
        messages = consumer.consume(AT_ONCE, timeout=POLL_SECONDS)
        heard_at = time.monotonic() if messages else heard_at
        if time.monotonic() - heard_at > SILENCE_SECONDS:
            raise TimeoutError(f"Kafka was silent for {SILENCE_SECONDS:.0f} s")
        for message in messages:
            if _is_end(message):
                ended.add((message.topic(), message.partition()))
            else:
                yield message


def _is_end(message: Message) -> bool:
    error = message.error()
    if error is not None and error.code() != KafkaError._PARTITION_EOF:
        raise KafkaException(error)
    return error is not None


def _begins_late(consumer: Consumer, place: TopicPartition) -> bool:
    watermarks = consumer.get_watermark_offsets(place, timeout=SILENCE_SECONDS, cached=True)
    return watermarks is not None and watermarks[0] > 0


def _record(message: Message, prefix: str) -> Record:
    topic, partition, offset = message.topic(), message.partition(), message.offset()
    if topic is None or partition is None or offset is None:
        raise ValueError("a record without a place")
    key, value = _raw(message.key()), _raw(message.value())
    name = topic.removeprefix(prefix)
    return Record(name, partition, offset, key, _headers(message), value, message.timestamp()[1])


def _headers(message: Message) -> dict[str, bytes | None]:
    return {name: _raw(value) for name, value in message.headers() or []}


def _raw(value: str | bytes | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value
