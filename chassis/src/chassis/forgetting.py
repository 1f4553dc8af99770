"""Deletes what may be kept no longer: commands that are done, bytes nobody could read, and what a service says itself.

Commands hold personal data and have one reader. What that reader's group has committed is in the database, or parked
there with a body of its own; nobody needs the record any more.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any

import asyncpg
import structlog
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.errors import KafkaError

from chassis.clock import Clock
from chassis.failures import Verdict, judge
from chassis.settings import Settings

log = structlog.get_logger()

UNREADABLE_KEPT = timedelta(days=7)
_REQUEST_MS = 10_000

FORGET_UNREADABLE = "DELETE FROM unreadable WHERE at < $1"


class Forgetting:
    """Of one service. Any number of copies may do it at once: deleting twice is deleting once."""

    def __init__(
        self,
        pool: "asyncpg.Pool[Any]",
        clock: Clock,
        settings: Settings,
        group: str,
        topic: str,
        statements: Sequence[str] = (),
    ) -> None:
        """`group`: whose committed offsets count; `topic`: its commands. Both with their prefix.

        `statements` are the service's own; each is given the present moment.
        """
        self._statements = statements
        self._pool = pool
        self._clock = clock
        self._settings = settings
        self._group = group
        self._topic = topic

    async def run(self) -> None:
        """Once an hour, until cancelled. What does not succeed is done the next time."""
        while True:
            await asyncio.sleep(self._settings.forget_seconds)
            try:
                await self.forget_commands()
                await self.forget_unreadable()
                await self.forget_own()
            except (KafkaError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                if judge(error) is Verdict.STOP:
                    raise
                log.warning("not everything was forgotten that may be", error=type(error).__name__)

    async def forget_commands(self) -> dict[int, int]:
        """Delete the records the group has committed; the first offset that is left, by partition."""
        async with self._admin() as admin:
            committed = await admin.list_consumer_group_offsets(self._group)
            done = {
                place: RecordsToDelete(before_offset=told.offset)
                for place, told in committed.items()
                if place.topic == self._topic and told.offset > 0
            }
            left: dict[TopicPartition, int] = await admin.delete_records(done) if done else {}
        return {place.partition: offset for place, offset in left.items()}

    async def forget_unreadable(self) -> int:
        """Delete unreadable records after their time; how many."""
        async with self._pool.acquire(timeout=5) as connection:
            tag = await connection.execute(FORGET_UNREADABLE, self._clock.now() - UNREADABLE_KEPT)
        return int(tag.rpartition(" ")[2])

    async def forget_own(self) -> int:
        """Run the statements of the service; how many rows they touched."""
        touched = 0
        async with self._pool.acquire(timeout=5) as connection:
            for statement in self._statements:
                tag = await connection.execute(statement, self._clock.now())
                touched += int(tag.rpartition(" ")[2])
        return touched

    @contextlib.asynccontextmanager
    async def _admin(self) -> AsyncIterator[Any]:
        login = self._settings.kafka_login.aiokafka()
        admin = AIOKafkaAdminClient(bootstrap_servers=self._settings.kafka, request_timeout_ms=_REQUEST_MS, **login)
        try:
            await admin.start()
            yield admin
        finally:
            await admin.close()
