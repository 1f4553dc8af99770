"""Tries what a user may do at a broker, for real: one client for each user and act, all topics at once."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from casebus_testing.stack import Stack
from chassis.login import KafkaLogin

REFUSED = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
}
COMING_UP = {
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.NOT_COORDINATOR,
}
SECONDS = 20.0


@dataclass(frozen=True)
class Visitor:
    """Somebody who has come in by a user's name."""

    stack: Stack
    login: KafkaLogin

    def may_write(self, topics: Iterable[str]) -> set[str]:
        """The topics that took a record."""
        told: dict[str, KafkaError | None] = {}
        producer = Producer(self._config(acks="all", **{"message.timeout.ms": 10_000}))
        for topic in topics:
            producer.produce(topic, b"{}", b"key", partition=0, on_delivery=lambda e, m: told.update({m.topic(): e}))
        assert producer.flush(SECONDS) == 0
        return {topic for topic, error in told.items() if not _refused(error)}

    def may_read(self, topics: Iterable[str]) -> set[str]:
        """The topics that gave a record. Each must have one. What is not even shown cannot be fetched by any client."""
        waiting, given = set(topics) & self.may_see(), set[str]()
        consumer = Consumer(self._config(**{"group.id": "of-nobody", "enable.auto.commit": False}))
        try:
            consumer.assign([TopicPartition(topic, 0, 0) for topic in waiting])
            deadline = time.monotonic() + SECONDS
            while waiting and time.monotonic() < deadline:
                for message in consumer.consume(100, timeout=0.1):
                    topic = message.topic() or ""
                    waiting.discard(topic)
                    given |= set() if _refused(message.error()) else {topic}
            assert not waiting, f"neither records nor refusals: {waiting}"
            return given
        finally:
            consumer.close()

    def may_delete(self, topics: Iterable[str]) -> set[str]:
        """The topics whose records may be deleted; none is."""
        admin = self._admin()  # answers come only as long as the client lives
        places = [TopicPartition(topic, 0, 0) for topic in set(topics) & self.may_see()]
        futures = admin.delete_records(places) if places else {}
        return {place.topic for place, future in futures.items() if not _refused_by(future)}

    def may_join(self, groups: Iterable[str], topic: str) -> set[str]:
        """The groups in whose name offsets of a topic, which this user may read, can be committed."""
        return {group for group in groups if self._commits(group, TopicPartition(topic, 0, 0))}

    def may_see(self) -> set[str]:
        """The topics that are shown."""
        return set(self._admin().list_topics(timeout=SECONDS).topics)

    def _commits(self, group: str, place: TopicPartition) -> bool:
        admin, deadline = self._admin(), time.monotonic() + SECONDS
        while True:
            request = ConsumerGroupTopicPartitions(group, [place])
            future = admin.alter_consumer_group_offsets([request])[group]
            try:
                (answer,) = future.result(SECONDS).topic_partitions
            except KafkaException as error:
                return not _refused(error.args[0])
            if answer.error is None or answer.error.code() not in COMING_UP or time.monotonic() > deadline:
                return not _refused(answer.error)

    def _admin(self) -> AdminClient:
        return AdminClient(self._config())

    def _config(self, **more: Any) -> dict[str, Any]:
        return {**self.login.librdkafka(), "bootstrap.servers": self.stack.kafka, "log_level": 0, **more}


def _refused_by(future: Any) -> bool:
    try:
        future.result(SECONDS)
    except KafkaException as error:
        return _refused(error.args[0])
    return False


def _refused(error: KafkaError | None) -> bool:
    """Whether it is for lack of a right; any other error is none of these tests' business."""
    assert error is None or error.code() in REFUSED, error
    return error is not None


def each(tries: Mapping[str, set[str]]) -> set[tuple[str, str]]:
    """(user, thing) for every thing a user got."""
    return {(user, thing) for user, things in tries.items() for thing in things}
