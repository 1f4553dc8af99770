"""One life of a relay: one connection, one producer, the buckets owned through that connection."""

import asyncio
import contextlib
from collections import deque
from typing import Final, TypeAlias

import asyncpg
import structlog
from confluent_kafka import KafkaError, KafkaException

from chassis import faults
from chassis.relay.buckets import Buckets
from chassis.relay.floor import Floor
from chassis.relay.holds import Holds
from chassis.relay.sender import Row, Sender, Window, is_producer_error, is_topic_error, kafka_error, topics_of
from chassis.relay.settings import RelayCounters, RelaySettings

log = structlog.get_logger()

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

_TICK_SECONDS: Final = 0.001
_FIRST_WINDOW_ROWS: Final = 200
_ROWS_AT_ONCE: Final = 250
_LAST_ANSWERS_SECONDS: Final = 1.0

# The snapshot's lower bound comes with the rows it belongs to.
_READ: Final = """
SELECT id, topic, aggregateid, headers, payload,
       (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint) AS xmin_
FROM outbox
WHERE id > $1 AND bucket = ANY($2::smallint[])
  AND id <> ALL($3::bigint[]) AND aggregateid <> ALL($4::text[]) AND topic <> ALL($5::text[])
ORDER BY id
LIMIT $6
"""

# With the xid of the deletion, as every snapshot is told in.
_DELETE: Final = """
WITH sent AS (DELETE FROM outbox WHERE id = ANY($1::bigint[]))
SELECT pg_current_xact_id()::text::bigint
"""

_OLDEST: Final = """
SELECT extract(epoch FROM clock_timestamp() - at)::float8
FROM outbox WHERE bucket = ANY($1::smallint[]) ORDER BY id LIMIT 1
"""


class ProducerLost(Exception):
    """The producer cannot go on without disturbing the order of some key."""


class Session:
    """Reads, sends and deletes until told to stop. Pipelined: the next window is read while others await answers."""

    def __init__(
        self,
        connection: Connection,
        sender: Sender,
        settings: RelaySettings,
        holds: Holds,
        counters: RelayCounters,
        wake: asyncio.Event,
        stopping: asyncio.Event,
    ) -> None:
        self._connection = connection
        self._sender = sender
        self._settings = settings
        self._holds = holds
        self._counters = counters
        self._wake = wake
        self._stopping = stopping
        self._buckets = Buckets(connection)
        self._floor = Floor()
        self._windows: deque[Window] = deque()
        self._rows: list[Row] = []
        self._limit = _FIRST_WINDOW_ROWS
        self._pause = settings.poll_min_seconds
        self._now = asyncio.get_running_loop().time
        self._contact = self._now()
        self._next_ping = 0.0
        self._next_unfloored = 0.0

    async def relay(self) -> None:
        """Relay until told to stop, then finish what is in flight, within bounds."""
        self._holds.again()
        await self._buckets.announce()
        while not self._stopping.is_set():
            await self._turn()
        await self._finish(self._settings.stop_seconds, [])

    async def _finish(self, seconds: float, acknowledged: list[int]) -> None:
        """Send no more; wait for the answers to what is in flight, and delete what Kafka has taken."""
        deadline = self._now() + seconds
        while self._windows and self._now() < deadline:
            await asyncio.sleep(_TICK_SECONDS)
            acknowledged += self._collect()
        await self._delete(acknowledged)

    async def _turn(self) -> None:
        if self._now() >= self._next_ping:
            await self._ping()
        acknowledged = self._collect()
        if self._sender.lost:
            await self._finish(_LAST_ANSWERS_SECONDS, acknowledged)
            raise ProducerLost
        exchange = asyncio.create_task(self._exchange(acknowledged))
        await asyncio.sleep(0)  # the query leaves before this loop is busy with rows
        try:
            whole = await self._send(self._rows)
        finally:
            self._rows = await exchange
        if not whole:
            self._put_back()  # what was read meanwhile must not overtake the rest of the window
        await self._check_topics()
        self._counters.held_keys = len(self._holds.keys)
        self._counters.held_topics = len(self._holds.topics)
        if not self._rows:
            await self._wait()

    async def _ping(self) -> None:
        """Show the server that this session lives, take and give back buckets, look at the holds."""
        now = self._now()
        self._next_ping = now + self._settings.ping_seconds
        if self._buckets.surplus and not self._windows and not self._rows:
            await self._buckets.release_surplus()
        if await self._buckets.balance():
            self._floor.reset()
        self._contact = self._now()
        self._holds.forget_gone(now)
        self._counters.owned_buckets = len(self._buckets.owned)
        self._counters.oldest_seconds = await self._connection.fetchval(_OLDEST, self._buckets.owned) or 0.0

    def _collect(self) -> list[int]:
        """Ids of rows that Kafka has acknowledged, window by window."""
        self._sender.poll()
        acknowledged: list[int] = []
        while self._windows and self._windows[0].done:
            window = self._windows.popleft()
            self._settle(window)
            acknowledged += window.acknowledged()
        return acknowledged

    def _settle(self, window: Window) -> None:
        first_failures = {failure[1]: failure for failure in reversed(window.failed)}
        for name, key, error in first_failures.values():
            self._refused(name, key, error)
        freed = [key for key in window.tried if self._holds.passed(key)]
        if freed:
            self._put_back()  # rows of these keys may lie before those that were read meanwhile

    def _refused(self, name: str, key: str, error: KafkaError) -> None:
        """Hold what the error speaks of. `name` is the topic's full name."""
        self._counters.failures[error.name()] += 1
        if is_producer_error(error):
            self._sender.lost = True
        elif is_topic_error(error):
            self._hold_topic(self._sender.forget(name), [key])
        else:
            self._holds.hold_key(key, self._now())
            log.warning("relay holds a key", key=key, topic=name, error=error.name())

    def _hold_topic(self, topic: str, keys: list[str]) -> None:
        now = self._now()
        if topic not in self._holds.topics or topic in self._holds.due_topics(now):
            self._holds.hold_topic(topic, now)
            log.warning("relay holds a topic: the broker does not take its records", topic=topic)
        for key in keys:
            if len(self._holds.keys) < self._settings.held_keys_max:
                self._holds.hold_key(key, now, topic)

    async def _exchange(self, acknowledged: list[int]) -> list[Row]:
        """Delete what is acknowledged and read the next window."""
        in_flight = [row_id for window in self._windows for row_id in window.ids]
        in_flight += [row[0] for row in self._rows]
        await self._delete(acknowledged)
        return await self._read(in_flight) if self._can_read() else []

    async def _delete(self, ids: list[int]) -> None:
        if ids:
            faults.point(faults.RELAY_BEFORE_DELETE)
            self._floor.passed(await self._connection.fetchval(_DELETE, ids))
            self._contact = self._now()
            self._counters.deleted += len(ids)

    def _can_read(self) -> bool:
        return (
            len(self._windows) < self._settings.windows_in_flight
            and not self._buckets.surplus
            and len(self._holds.keys) < self._settings.held_keys_max + self._settings.rows_per_window
        )

    async def _read(self, in_flight: list[int]) -> list[Row]:
        self._wake.clear()
        now = self._now()
        if self._holds.ready(now):
            self._floor.reset()
        floor = self._floor.id
        if now >= self._next_unfloored:
            self._next_unfloored = now + self._settings.unfloored_poll_seconds
            floor = 0
        limit = self._limit
        excluded = (self._holds.excluded_keys(), list(self._holds.topics))
        rows = await self._connection.fetch(_READ, floor, self._buckets.owned, in_flight, *excluded, limit)
        self._contact = self._now()
        if rows:
            self._pause = self._settings.poll_min_seconds
            self._floor.polled(rows[-1]["xmin_"], rows[-1]["id"])
            self._fit_window(rows)
        return rows

    def _fit_window(self, rows: list[Row]) -> None:
        """Grow while windows are full and light, shrink when they are heavy."""
        size = sum([len(row[4]) for row in rows])
        if size > self._settings.bytes_per_window:
            self._limit = max(1, len(rows) * self._settings.bytes_per_window // size)
        elif len(rows) == self._limit and size * 2 <= self._settings.bytes_per_window:
            self._limit = min(self._settings.rows_per_window, self._limit * 2)

    async def _check_topics(self) -> None:
        """Ask the broker about topics it is not known to have; rows wait where it has none."""
        due = self._holds.due_topics(self._now())
        asked = due | (topics_of(self._rows) - self._sender.topics.keys())
        if not asked:
            return
        try:
            missing = await self._sender.learn(asked)
        except KafkaException as error:
            log.warning("relay cannot ask for topics", error=kafka_error(error).name())
            self._put_back()
            return
        for topic in missing:
            self._hold_topic(topic, list({row[2] for row in self._rows if row[1] == topic}))
        for topic in due - missing:
            self._holds.release_topic(topic)
            self._floor.reset()

    def _put_back(self) -> None:
        """Forget rows that were read and not sent; they are read again."""
        self._rows = []
        self._floor.reset()

    async def _send(self, rows: list[Row]) -> bool:
        """Hand the rows to the producer. False when its queue was full before the last one."""
        if not rows:
            return True
        if self._now() - self._contact > self._settings.idle_session_timeout_seconds * 0.8:
            raise TimeoutError("stopped for so long that others may own these buckets")
        window, whole = Window(), True
        try:
            for start in range(0, len(rows), _ROWS_AT_ONCE):
                part = rows[start : start + _ROWS_AT_ONCE]
                self._sender.send(window, part, self._holds, self._refused)
                await asyncio.sleep(0)  # the service that shares this loop, and the exchange, go on
        except BufferError:
            whole = False
        if window.ids:
            faults.point(faults.RELAY_AFTER_SEND)
            self._windows.append(window)
            self._counters.sent += len(window.ids)
        return whole

    async def _wait(self) -> None:
        """Until there may be something to do: an answer, new rows, the next poll or ping."""
        now = self._now()
        until = min(now + self._pause, self._next_ping)
        while self._windows and now < until and not (self._wake.is_set() and self._can_read()):
            await asyncio.sleep(_TICK_SECONDS)
            self._sender.poll()
            if self._windows[0].done:
                return
            now = self._now()
        self._pause = min(self._settings.poll_max_seconds, self._pause * 2)
        if not self._windows and now < until:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), until - now)
