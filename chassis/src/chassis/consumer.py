"""The one place where FastStream meets the chassis: a raw batch subscriber over all topics of a service.

What FastStream would do by itself and must not (decode, acknowledge, reply, create topics, pass
over a failed batch) is switched off here; tests/chassis/test_faststream.py shows each default.
"""

import asyncio
import time
from collections import Counter, defaultdict
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import GroupAuthorizationFailedError, KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage
from faststream.kafka.message import FAKE_CONSUMER
from faststream.security import BaseSecurity, SASLScram256

from chassis import faults
from chassis.failures import CannotStart, DatabaseAway
from chassis.fetching import TotalSubscriber
from chassis.items import Item, SetAside
from chassis.login import KafkaLogin
from chassis.metrics import EVENT_AGE, SET_ASIDE
from chassis.pipeline import Pipeline
from chassis.progress import Progress, standing
from chassis.reading import Reader, Record
from chassis.settings import Settings

log = structlog.get_logger()

_REVOKE_SECONDS = 5.0
_PROBE_SECONDS = 1.0
_FIRST_PROBE_SECONDS = 0.02
"""After a batch that the database did not take. Doubled with each one more: a full disk answers, and takes nothing."""
_BATCH_TIMEOUT_MS = 15
_PARTITION_BYTES = 1024 * 1024


class Consumer(ConsumerRebalanceListener):  # type: ignore[misc]
    """Feeds the pipeline from Kafka until stopped. `failed` is set when it cannot go on."""

    def __init__(
        self,
        topics: tuple[str, ...],
        settings: Settings,
        group: str,
        reader: Reader,
        pipeline: Pipeline,
        progress: Progress,
    ) -> None:
        self._reader = reader
        self._pipeline = pipeline
        self._progress = progress
        self._settings = settings
        self._topics = tuple(settings.topic_prefix + topic for topic in topics)
        self._group = group
        self._idle = asyncio.Event()
        self._idle.set()
        self._under_way: tuple[Record, ...] = ()
        self._done: dict[TopicPartition, int] = {}
        self._committing: asyncio.Task[None] | None = None
        self._probing: asyncio.Task[None] | None = None
        self._aways = 0
        """Batches in a row that the database did not take."""
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._began = time.monotonic()
        security = _security(settings.kafka_login)
        self._broker = KafkaBroker(settings.kafka, allow_auto_create_topics=False, security=security, logger=None)
        self._subscriber = self._broker.subscriber(
            *self._topics,
            batch=True,
            group_id=group,
            group_instance_id=settings.group_instance,
            ack_policy=AckPolicy.MANUAL,
            auto_offset_reset="earliest",
            batch_timeout_ms=_BATCH_TIMEOUT_MS,
            max_records=settings.batch_records,
            max_partition_fetch_bytes=_PARTITION_BYTES,
            session_timeout_ms=int(settings.session_timeout_seconds * 1000),
            heartbeat_interval_ms=int(settings.session_timeout_seconds * 1000 / 4),
            fetch_max_wait_ms=100,
            listener=self,
            parser=_no_parser,
            decoder=_no_decoder,
            no_reply=True,
        )
        self._subscriber.__class__ = TotalSubscriber
        self._subscriber(self._handle)

    async def start(self) -> None:
        """Join the group. The start gate has made sure of broker and topics. Raises CannotStart if it may not join."""
        try:
            await self._broker.start()
        except GroupAuthorizationFailedError as error:
            who, grants = self._settings.kafka_user, "`python -m casebus_deploy` grants it"
            raise CannotStart(f"Kafka does not let {who} into the consumer group {self._group}: {grants}") from error

    async def stop(self) -> None:
        """Finish the batch under way, commit its offsets, leave the group."""
        self._subscriber.running = False
        try:
            await asyncio.wait_for(self._idle.wait(), _REVOKE_SECONDS)
        except TimeoutError:
            log.warning("the batch under way was abandoned")
        if self._probing is not None:
            self._probing.cancel()
        await self._finish_commit()
        await self._broker.stop()

    async def advance_progress(self) -> None:
        """Write down how far this copy has read."""
        consumer = self._consumer
        if consumer is not None and not self.paused:
            await self._progress.advance(consumer)

    @property
    def assigned(self) -> bool:
        """Whether the group has given this copy partitions, or at least a place."""
        consumer = self._consumer
        return consumer is not None and bool(consumer.assignment())

    @property
    def paused(self) -> bool:
        """Whether messages are kept out: the database is away, or the circuit is open."""
        return self._probing is not None and not self._probing.done()

    @property
    def stalled_seconds(self) -> float:
        """How long the batch under way has been running; 0 between batches."""
        return 0.0 if self._idle.is_set() else time.monotonic() - self._began

    @property
    def partitions(self) -> int:
        """How many partitions the group has given to this copy."""
        consumer = self._consumer
        return 0 if consumer is None else len(consumer.assignment())

    def standing(self) -> dict[tuple[str, int], tuple[int, int]]:
        """(next offset to be done, end) of each partition of this copy, by topic without prefix and partition."""
        consumer = self._consumer
        if consumer is None:
            return {}
        found = {(place.topic, place.partition): ends for place, ends in standing(consumer).items()}
        if not self._idle.is_set():
            for record in reversed(self._under_way):
                place = (record.topic, record.partition)
                if place in found:
                    found[place] = (record.offset, found[place][1])
        prefix = len(self._settings.topic_prefix)
        return {(topic[prefix:], partition): ends for (topic, partition), ends in found.items()}

    @property
    def _consumer(self) -> AIOKafkaConsumer | None:
        return self._subscriber.consumer

    async def on_partitions_revoked(self, revoked: Any) -> None:
        """Finish or abandon: the next owner starts where the offsets say."""
        try:
            await asyncio.wait_for(self._idle.wait(), _REVOKE_SECONDS)
        except TimeoutError:
            log.warning("a batch was still running when its partitions were taken")
        await self._finish_commit()

    async def on_partitions_assigned(self, assigned: Any) -> None:
        """The inbox knows what is done; only a pause has to be kept."""
        if self.paused and self._consumer is not None:
            self._consumer.pause(*assigned)

    async def _handle(self, message: KafkaMessage) -> None:
        """One batch. An exception must not escape: FastStream would pass over the batch and lose it."""
        records: tuple[Record, ...] = message.raw_message
        self._began = time.monotonic()
        self._under_way = records
        self._idle.clear()
        try:
            await self._run(records)
        except DatabaseAway as away:
            log.warning("database away", error=type(away.__cause__).__name__)
            self._aways += 1
            self._pause_at(records)
        except Exception as error:
            self._idle.set()
            if not self.failed.done():
                self.failed.set_exception(error)
            # Hold the loop here: whatever it polled next would be committed past this batch.
            await asyncio.Event().wait()
        finally:
            self._idle.set()

    async def _run(self, records: tuple[Record, ...]) -> None:
        self._note_ages(records)
        items: list[Item] = []
        aside: list[SetAside] = []
        for record in self._reader.order(records):
            read = self._reader.read(record)
            if isinstance(read, Item):
                items.append(read)
            elif read is not None:
                aside.append(read)
        if items or aside:
            await self._pipeline.run(items, aside)
            self._aways = 0
            self._pipeline.metrics.add(SET_ASIDE, Counter(each.reason for each in aside))
        self._commit(records)
        if self._pipeline.circuit.is_open:
            log.error("circuit open: no more messages are taken in", reason=self._pipeline.circuit.reason)
            self._pause()

    def _note_ages(self, records: tuple[Record, ...]) -> None:
        now, ages = time.time() * 1000, defaultdict(list)
        for record in records:
            ages[record.topic].append((now - record.timestamp) / 1000)
        for topic, of_topic in ages.items():
            self._pipeline.metrics.observe(EVENT_AGE, of_topic, topic[len(self._settings.topic_prefix) :])

    def _commit(self, records: tuple[Record, ...]) -> None:
        """Commit exactly what was done, without waiting for the answer: the inbox decides."""
        for record in records:
            place = TopicPartition(record.topic, record.partition)
            if record.offset >= self._done.get(place, 0):
                self._done[place] = record.offset + 1
                self._progress.handled(place, record.offset, record.timestamp)
        if self._committing is None or self._committing.done():
            self._committing = asyncio.create_task(self._commit_done())

    async def _commit_done(self) -> None:
        while self._done and (consumer := self._consumer) is not None:
            offsets, self._done = self._done, {}
            mine = {place: offset for place, offset in offsets.items() if place in consumer.assignment()}
            try:
                if mine:
                    faults.point(faults.BEFORE_OFFSET_COMMIT)
                    await consumer.commit(mine)
            except KafkaError as error:
                log.info("offsets not committed; the inbox will recognise the records", error=type(error).__name__)

    async def _finish_commit(self) -> None:
        if self._committing is not None:
            await asyncio.wait({self._committing}, timeout=_REVOKE_SECONDS)

    def _pause_at(self, records: tuple[Record, ...]) -> None:
        """Back to the first record of the batch; poll on without being given any until the database is back."""
        consumer = self._consumer
        if consumer is None:
            return
        first: dict[TopicPartition, int] = {}
        for record in records:
            place = TopicPartition(record.topic, record.partition)
            first[place] = min(first.get(place, record.offset), record.offset)
        for place, offset in first.items():
            if place in consumer.assignment():
                consumer.seek(place, offset)
        self._pause()

    def _pause(self) -> None:
        """Keep polling, so that the group keeps its place, but be given nothing."""
        consumer = self._consumer
        if consumer is not None:
            consumer.pause(*consumer.assignment())
            if self._probing is None or self._probing.done():
                self._probing = asyncio.create_task(self._resume_when_well(consumer))

    async def _resume_when_well(self, consumer: AIOKafkaConsumer) -> None:
        await asyncio.sleep(min(_PROBE_SECONDS, _FIRST_PROBE_SECONDS * 2 ** min(self._aways, 10)))
        while self._pipeline.circuit.is_open or not await self._pipeline.database_answers():
            await asyncio.sleep(_PROBE_SECONDS)
        log.info("taking messages in again")
        consumer.resume(*consumer.paused())


def _security(login: KafkaLogin) -> BaseSecurity:
    """The login in FastStream's words."""
    if not login.user:
        return BaseSecurity(login.ssl_context())
    return SASLScram256(login.user, login.password.get_secret_value(), login.ssl_context())


async def _no_parser(message: tuple[Any, ...]) -> KafkaMessage:
    """Touches no header: one that is null or no UTF-8 would make the record vanish."""
    return KafkaMessage(body=b"", headers={}, raw_message=message, message_id="", consumer=FAKE_CONSUMER)


async def _no_decoder(message: Any) -> None:
    """The chassis decodes, straight from bytes."""
