"""Makes the topics that the contracts declare, and checks those that are there."""

import asyncio
import time
from collections.abc import Iterable

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

from casebus_contracts.topics import Topic, all_topics
from chassis.login import NOBODY, KafkaLogin

REQUEST_SECONDS = 30.0
LED_SECONDS = 30.0


class TopicsDiffer(Exception):
    """A topic on the broker is not as the contracts declare it. The message names every such topic."""


async def create_topics(
    bootstrap: str, senders: Iterable[str], prefix: str = "", *, replicas: int = 1, login: KafkaLogin = NOBODY
) -> list[str]:
    """Makes every topic that is missing and returns the names of the new ones, prefix included.

    `bootstrap`: `host:port`. `senders`: who gets a topic of receipts. `prefix` goes in front
    of every name. `login`: an administrator's. Returns when each partition has a leader. A second call changes
    nothing. Raises TopicsDiffer where the number of partitions differs (keys would change their
    partition, so nobody adjusts it in passing), KafkaException when the broker does not answer.
    """
    wanted = {prefix + topic.name: topic for topic in all_topics(senders)}
    client = AdminClient({**login.librdkafka(), "bootstrap.servers": bootstrap, "log_level": 0})
    return await asyncio.to_thread(_create, client, wanted, replicas)


def _create(client: AdminClient, wanted: dict[str, Topic], replicas: int) -> list[str]:
    there = _partitions(client)
    _compare(wanted, there)
    missing = [name for name in wanted if name not in there]
    _make([_new(name, wanted[name], replicas) for name in missing], client)
    _wait_until_led(client, wanted)
    return missing


def _new(name: str, topic: Topic, replicas: int) -> NewTopic:
    return NewTopic(name, num_partitions=topic.partitions, replication_factor=replicas, config=dict(topic.config))


def _make(topics: list[NewTopic], client: AdminClient) -> None:
    if not topics:
        return
    for future in client.create_topics(topics, request_timeout=REQUEST_SECONDS).values():
        try:
            future.result()
        except KafkaException as error:
            if error.args[0] != KafkaError.TOPIC_ALREADY_EXISTS:  # a second deployment at the same time
                raise


def _partitions(client: AdminClient) -> dict[str, int]:
    """The number of partitions of every topic whose partitions all have a leader; 0 for the others."""
    topics = client.list_topics(timeout=REQUEST_SECONDS).topics
    return {
        name: len(topic.partitions) if all(part.leader >= 0 for part in topic.partitions.values()) else 0
        for name, topic in topics.items()
    }


def _compare(wanted: dict[str, Topic], there: dict[str, int]) -> None:
    different = [
        f"{name} has {there[name]}, declared are {topic.partitions}"
        for name, topic in wanted.items()
        if there.get(name) and there[name] != topic.partitions
    ]
    if different:
        raise TopicsDiffer("numbers of partitions differ: " + "; ".join(different))


def _wait_until_led(client: AdminClient, wanted: dict[str, Topic]) -> None:
    deadline = time.monotonic() + LED_SECONDS
    while not all(_partitions(client).get(name) for name in wanted):
        if time.monotonic() > deadline:
            raise TopicsDiffer(f"topics without a leader after {LED_SECONDS:.0f} s")
        time.sleep(0.05)
    _compare(wanted, _partitions(client))
