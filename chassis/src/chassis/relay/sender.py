"""The producer side of a relay: windows of rows on their way to Kafka."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

import asyncpg
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from chassis.relay.holds import Holds
from chassis.relay.settings import RelaySettings

log = logging.getLogger("librdkafka")

Row: TypeAlias = asyncpg.Record
"""id, topic, key, headers as text `name<TAB>value<LF>` each, payload, xmin of the poll."""

Refused: TypeAlias = Callable[[str, str, KafkaError], None]
"""Full name of the topic, key, and why."""

_METADATA_TIMEOUT_SECONDS: Final = 5.0

# The broker does not take records for the topic at all, whatever the row.
_TOPIC_ERRORS: Final = frozenset(
    {KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC, KafkaError.TOPIC_AUTHORIZATION_FAILED}
)
# The producer is of no more use; says nothing about the row.
_PRODUCER_ERRORS: Final = frozenset(
    {KafkaError._FATAL, KafkaError._GAPLESS_GUARANTEE, KafkaError._PURGE_QUEUE, KafkaError._PURGE_INFLIGHT}
)


class Window:
    """Rows handed to the producer together; done when each has been answered."""

    __slots__ = ("answered", "failed", "ids", "keys", "tried")

    def __init__(self) -> None:
        self.ids: list[int] = []
        self.keys: list[str] = []
        self.answered = 0
        self.tried: list[str] = []
        self.failed: list[tuple[str, str, KafkaError]] = []

    @property
    def done(self) -> bool:
        """Whether every row that was handed over has been answered."""
        return self.answered == len(self.ids)

    def tries(self, key: str, holds: Holds) -> bool:
        """Whether this row is the one by which a held key is tried."""
        if not holds.may_try(key):
            return False
        self.tried.append(key)
        return True

    def delivered(self, error: KafkaError | None, message: Message) -> None:
        """Delivery report of one row (called by the producer's poll)."""
        self.answered += 1
        if error is not None:
            self.failed.append((message.topic() or "", (message.key() or b"").decode(), error))

    def acknowledged(self) -> list[int]:
        """Ids to delete: those of keys without a failure. A failed key's other rows are sent again."""
        if not self.failed:
            return self.ids
        failed = {key for _, key, _ in self.failed}
        return [row_id for row_id, key in zip(self.ids, self.keys, strict=True) if key not in failed]


def kafka_error(exception: KafkaException) -> KafkaError:
    """The error a KafkaException carries."""
    error = exception.args[0]
    assert isinstance(error, KafkaError)
    return error


def is_topic_error(error: KafkaError) -> bool:
    """Whether every row of the topic would meet this error."""
    return error.code() in _TOPIC_ERRORS


def is_producer_error(error: KafkaError) -> bool:
    """Whether the error speaks of the producer and not of the row."""
    return error.fatal() or error.code() in _PRODUCER_ERRORS


def producer_config(settings: RelaySettings) -> dict[str, Any]:
    """The C producer's configuration.

    Gapless: after a row that the broker refuses, the producer stops instead of sending what
    follows; without it later rows of the key would overtake (five requests are in flight).
    No message timeout: a row that timed out alone would be overtaken likewise.
    """
    return {
        **settings.kafka,
        "acks": "all",
        "enable.idempotence": True,
        "enable.gapless.guarantee": True,
        "partitioner": "murmur2_random",
        "message.timeout.ms": 0,
        "message.max.bytes": settings.max_message_bytes,
        "linger.ms": settings.linger_ms,
        "batch.size": settings.max_message_bytes,
        "queue.buffering.max.messages": settings.rows_per_window * (settings.windows_in_flight + 1),
        "queue.buffering.max.kbytes": settings.queue_kilobytes,
        "log_level": 3,
    }


class Sender:
    """One C producer and the topics it has seen at the broker.

    Its rows are bounded by the windows in flight; nothing else limits how long they may wait.
    """

    def __init__(self, bootstrap: str, topic_prefix: str, settings: RelaySettings) -> None:
        self._prefix = topic_prefix
        self.topics: dict[str, str] = {}
        config = {**producer_config(settings), "bootstrap.servers": bootstrap}
        self._producer = Producer(config, logger=log)
        self.lost = False
        """The producer takes no more rows; what it had is still answered."""
        self._produce: Callable[..., None] = self._producer.produce

    async def learn(self, topics: set[str]) -> set[str]:
        """Ask the broker for topics not seen yet.

        Returns: those it does not have. Raises: KafkaException when no broker answers.
        """
        names = (await asyncio.to_thread(self._producer.list_topics, timeout=_METADATA_TIMEOUT_SECONDS)).topics
        self.topics |= {topic: self._prefix + topic for topic in topics if self._prefix + topic in names}
        return topics - self.topics.keys()

    def full_name(self, topic: str) -> str:
        """The topic's name at the broker."""
        return self._prefix + topic

    def forget(self, name: str) -> str:
        """The broker no longer takes records for this topic (its full name). Returns the name without prefix."""
        topic = name.removeprefix(self._prefix)
        self.topics.pop(topic, None)
        return topic

    def send(self, window: Window, rows: Sequence[Row], holds: Holds, refused: Refused) -> None:
        """Hand rows to the producer, one after another; held ones stay, but for the one of a key that is tried.

        `refused` is told of a row that the producer does not take.
        Raises: BufferError when its queue is full; rows before that one are on their way.
        """
        produce, names, delivered = self._produce, self.topics, window.delivered
        held_keys, held_topics = holds.keys, holds.topics
        note_id, note_key = window.ids.append, window.keys.append
        for row_id, topic, key, headers, payload, _ in rows:
            if topic in held_topics or (key in held_keys and not window.tries(key, holds)):
                continue
            words = iter(headers.replace("\n", "\t").split("\t"))
            pairs = list(zip(words, words, strict=False))
            try:
                produce(names[topic], payload, key, headers=pairs, on_delivery=delivered)
            except KafkaException as error:
                refused(self.full_name(topic), key, kafka_error(error))
                continue
            note_id(row_id)
            note_key(key)

    def poll(self) -> None:
        """Let delivery reports arrive."""
        try:
            self._producer.poll(0)
        except KafkaException as error:  # raised once, by whichever call comes next
            self.lost = self.lost or is_producer_error(kafka_error(error))

    def abandon(self) -> None:
        """Drop what has not been sent; wait for nothing, flush nothing."""
        self._producer.purge(in_queue=True, in_flight=True, blocking=False)


def topics_of(rows: Sequence[Row]) -> set[str]:
    """The topics of a window's rows."""
    return {row[1] for row in rows}
