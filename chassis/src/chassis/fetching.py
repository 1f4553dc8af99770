"""Fetching that loses nothing when the client library cannot decode.

aiokafka decodes the names of headers while it hands records out. One that is no UTF-8 makes the
whole call fail for ever, and what it had already taken from other partitions would be passed over.
Here every partition goes back to where it stood before the call, and for a moment records are
decoded by the library's slower Python code with such names made harmless.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from itertools import chain
from typing import Any
from weakref import WeakKeyDictionary

import aiokafka.consumer.fetcher as fetcher
import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import ConsumerStoppedError
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import _MemoryRecordsPy
from faststream.kafka.subscriber.usecase import BatchSubscriber

log = structlog.get_logger()

_TOLERANT_SECONDS = 5.0
_NOWHERE = TopicPartition("", 0)
"""No partition: asked for none at all, the client would answer for every one."""

_handled: WeakKeyDictionary[AIOKafkaConsumer, dict[TopicPartition, int]] = WeakKeyDictionary()


def handled(consumer: AIOKafkaConsumer) -> Mapping[TopicPartition, int]:
    """Of each partition, the offset below which everything is done: where it stood between the last two batches.

    The client's own position runs ahead of that as soon as it has handed a batch out.
    """
    return _handled.get(consumer, {})


class TotalSubscriber(BatchSubscriber):
    """FastStream's batch subscriber, made total. Put in place of its class; adds no attribute of its own."""

    __slots__ = ()

    async def get_msg(self, consumer: AIOKafkaConsumer) -> "tuple[ConsumerRecord[Any, Any], ...]":
        """The next batch; nothing is handed out, and nothing passed over, when it cannot be decoded.

        Only partitions whose position is known are asked: one that learns it meanwhile could not go back.
        """
        before = _handled[consumer] = _positions(consumer)
        try:
            found = await consumer.getmany(
                *(before or (_NOWHERE,)), timeout_ms=self.batch_timeout_ms, max_records=self.max_records
            )
            if not found:
                await asyncio.sleep(self.batch_timeout_ms / 1000)
            return tuple(chain.from_iterable(found.values()))
        except ConsumerStoppedError:
            raise
        except UnicodeDecodeError:
            log.warning("a record has a header name that is no UTF-8")
            _decode.tolerant_until = time.monotonic() + _TOLERANT_SECONDS
            _go_back(consumer, before)
            return ()
        except Exception:
            _go_back(consumer, before)
            raise


class _TolerantText(bytearray):
    def decode(self, *_: Any) -> str:
        return super().decode("utf-8", "backslashreplace")


class _TolerantBuffer(bytearray):
    def __getitem__(self, place: Any) -> Any:
        found = super().__getitem__(place)
        return _TolerantText(found) if isinstance(place, slice) else found


class _TolerantBatch(_DefaultRecordBatchPy):  # type: ignore[misc]
    def __iter__(self) -> "_TolerantBatch":
        super().__iter__()
        self._buffer: bytearray = _TolerantBuffer(self._buffer)
        return self


class _TolerantRecords(_MemoryRecordsPy):  # type: ignore[misc]
    def next_batch(self, *_: Any) -> Any:
        whole = self._next_slice
        self._cache_next()
        return _TolerantBatch(whole)


class _Decode:
    """Stands in for the library's decoder: itself, but for a few seconds after a record it could not decode."""

    def __init__(self, fast: Callable[[bytes], Any]) -> None:
        self._fast = fast
        self.tolerant_until = 0.0

    def __call__(self, data: bytes) -> Any:
        return _TolerantRecords(data) if time.monotonic() < self.tolerant_until else self._fast(data)


_decode = _Decode(fetcher.MemoryRecords)
fetcher.MemoryRecords = _decode


def _go_back(consumer: AIOKafkaConsumer, before: dict[TopicPartition, int]) -> None:
    for place in consumer.assignment() & before.keys():
        consumer.seek(place, before[place])


def _positions(consumer: AIOKafkaConsumer) -> dict[TopicPartition, int]:
    """Where each partition stands, without waiting for those that do not know yet."""
    subscription = consumer._subscription.subscription
    assignment = None if subscription is None else subscription.assignment
    if assignment is None:
        return {}
    states = {place: assignment.state_value(place) for place in assignment.tps}
    return {place: state.position for place, state in states.items() if state.has_valid_position}
