"""How far the inputs have been read: a clock fires only once everything that arrived before its time is done.

Otherwise an outage makes every alert false: the visit was served at 8:20, its message is still in
the backlog, and the clock of 8:30 would fire first.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from chassis.clock import Clock
from chassis.fetching import handled

SKEW = timedelta(milliseconds=100)
"""Between the broker's clock and ours, and between an answer's making and its coming."""

ADVANCE = """
INSERT INTO progress (topic, partition, position, read_until)
SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[], $4::timestamptz[]) ORDER BY 1, 2
ON CONFLICT (topic, partition) DO UPDATE SET position = excluded.position, read_until = excluded.read_until
WHERE progress.position <= excluded.position OR progress.read_until < excluded.read_until"""
"""Of two copies the one that has read further knows better, also after the clock has been set back."""

READ_UNTIL = "SELECT topic, partition, read_until FROM progress"


class Progress:
    """Kept by every copy for the partitions it owns, in one table for all."""

    def __init__(self, pool: "asyncpg.Pool[Any]", clock: Clock, topics: tuple[str, ...], topic_prefix: str) -> None:
        self._pool = pool
        self._clock = clock
        self._topics = tuple(topic_prefix + topic for topic in topics)
        self._done: dict[TopicPartition, tuple[int, int]] = {}
        self._partitions = 0

    def handled(self, place: TopicPartition, offset: int, timestamp: int) -> None:
        """A batch with this last record (offset, append time in ms) of the partition is committed."""
        self._done[place] = (offset + 1, timestamp)

    async def advance(self, consumer: AIOKafkaConsumer) -> None:
        """Write down how far this copy's partitions have been read. A batch under way does not count."""
        rows = [row for place in sorted(consumer.assignment()) if (row := self._row(consumer, place)) is not None]
        self._partitions = sum(len(consumer.partitions_for_topic(topic) or ()) for topic in self._topics)
        if rows:
            async with self._pool.acquire(timeout=5) as connection:
                await connection.execute(ADVANCE, *zip(*rows, strict=True))

    async def read_until(self) -> datetime | None:
        """Everything appended before this moment (system time) has been handled; None while that is unknown."""
        async with self._pool.acquire(timeout=5) as connection:
            rows = await connection.fetch(READ_UNTIL)
        known = [row["read_until"] for row in rows if row["topic"] in self._topics]
        return min(known) if self._partitions and len(known) >= self._partitions else None

    def _row(self, consumer: AIOKafkaConsumer, place: TopicPartition) -> tuple[str, int, int, datetime] | None:
        _, highwater, asked = _standing(consumer, place)
        position = handled(consumer).get(place)
        if position is None:
            return None
        if highwater is not None and asked is not None and position >= highwater:
            return (*place, position, self._moved(asked) - SKEW)
        if (done := self._done.get(place)) is not None and done[0] == position:
            return (*place, position, self._moved(done[1]))
        return None

    def _moved(self, milliseconds: float) -> datetime:
        return self._clock.at(datetime.fromtimestamp(milliseconds / 1000, UTC))


class Grace:
    """How long a due clock waits for inputs that do not move, and how often that happened."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._since: float | None = None
        self.used = 0

    def over(self, waiting: bool) -> bool:
        """Told after every look whether due clocks wait; true once they have waited long enough."""
        if not waiting:
            self._since = None
            return False
        now = time.monotonic()
        self._since = now if self._since is None else self._since
        if now - self._since < self._seconds:
            return False
        self._since = None
        self.used += 1
        return True


def standing(consumer: AIOKafkaConsumer) -> dict[TopicPartition, tuple[int, int]]:
    """(next offset to hand out, end) of each partition whose both are known."""
    places = {place: _standing(consumer, place)[:2] for place in consumer.assignment()}
    return {place: (at, end) for place, (at, end) in places.items() if at is not None and end is not None}


def _standing(consumer: AIOKafkaConsumer, place: TopicPartition) -> tuple[int | None, int | None, int | None]:
    """(next offset to hand out, end of the partition, moment in ms when that end was told)."""
    subscription = consumer._subscription.subscription
    assignment = None if subscription is None else subscription.assignment
    if assignment is None or place not in assignment.tps:
        return None, None, None
    state = assignment.state_value(place)
    return (state.position if state.has_valid_position else None), state.highwater, state.timestamp
