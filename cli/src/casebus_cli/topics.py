"""How topics and their readers stand, and a walk over records that disturbs no group."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final, TypeAlias

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import TopicAuthorizationFailedError

from casebus_cli.kafka import started
from casebus_cli.stack import Stack
from casebus_contracts.topics import READERS, all_topics, services

USER: Final = "operator"
AT_ONCE: Final = 2000
_WAIT_MILLISECONDS: Final = 500
_FETCH_MILLISECONDS: Final = 10
"""A fetch that the broker holds back holds back the one for the next partition."""
_MOST_WAITS: Final = 10

Place: TypeAlias = tuple[str, int]
"""A topic without prefix, and a partition."""


class Topics:
    """All topics of a stack. Make one with `topics_of`."""

    def __init__(self, consumer: Any, admin: Any, prefix: str, names: list[str]) -> None:
        self._consumer = consumer
        self._admin = admin
        self._prefix = prefix
        self._names = names
        self.skipped: dict[str, str] = {}
        """What could not be read, and why."""

    async def extents(self) -> dict[Place, tuple[int, int]]:
        """First offset and end of every partition."""
        described = await self._admin.describe_topics([self._prefix + name for name in self._names])
        there = [topic for topic in described if not topic["error_code"]]
        places = [TopicPartition(topic["topic"], each["partition"]) for topic in there for each in topic["partitions"]]
        if not self._consumer.assignment().issuperset(places):
            self._consumer.assign(places)  # asks for the metadata of all at once, not topic by topic
        first, end = await self._consumer.beginning_offsets(places), await self._consumer.end_offsets(places)
        return {self._without_prefix(place): (first[place], end[place]) for place in sorted(places)}

    async def committed(self, service: str) -> dict[Place, int]:
        """The offsets a service has committed."""
        found = await self._admin.list_consumer_group_offsets(self._prefix + service)
        return {self._without_prefix(place): offset.offset for place, offset in found.items() if offset.offset >= 0}

    async def members(self, service: str) -> int:
        """How many copies of a service are in its consumer group."""
        (answer,) = await self._admin.describe_consumer_groups([self._prefix + service])
        return len(answer.groups[0][5])

    async def appended_at(self, offsets: Mapping[Place, int]) -> dict[Place, float]:
        """When the record at each of these offsets was appended, in seconds of Unix time, where it can be read."""
        found: dict[Place, float] = {}
        for place, offset in offsets.items():
            async for record in self._read(place, offset, offset + 1, 1):
                found[place] = record.timestamp / 1000
        return found

    async def walk(self, since: datetime | None) -> AsyncIterator[Any]:
        """Every record appended since then, partition by partition, up to the end each has now."""
        extents = {place: extent for place, extent in (await self.extents()).items() if extent[0] < extent[1]}
        starts = await self._offsets_at(since, extents) if since else {}
        for place, (first, end) in extents.items():
            async for record in self._read(place, starts.get(place, first), end, AT_ONCE):
                yield record

    def name_of(self, topic: str) -> str:
        """A topic's name without the prefix."""
        return topic.removeprefix(self._prefix)

    async def _offsets_at(self, moment: datetime, extents: Mapping[Place, tuple[int, int]]) -> dict[Place, int]:
        """The first offset appended at that moment or later; the end where there is none."""
        at = int(moment.timestamp() * 1000)
        found = await self._consumer.offsets_for_times({self._with_prefix(place): at for place in extents})
        offsets = {self._without_prefix(place): each.offset for place, each in found.items() if each is not None}
        return {place: offsets.get(place, end) for place, (_, end) in extents.items()}

    async def _read(self, place: Place, offset: int, end: int, at_once: int) -> AsyncIterator[Any]:
        """Records from `offset` up to `end`; what cannot be read is noted, and left out."""
        whole, waits = self._with_prefix(place), 0
        if offset >= end:
            return
        self._consumer.assign([whole])
        self._consumer.seek(whole, offset)
        while waits < _MOST_WAITS and await self._consumer.position(whole) < end:
            try:
                batches = await self._consumer.getmany(whole, timeout_ms=_WAIT_MILLISECONDS, max_records=at_once)
            except TopicAuthorizationFailedError:
                self.skipped[place[0]] = "may not be read"
                return
            except UnicodeDecodeError:
                self.skipped[f"{place[0]}[{place[1]}]"] = "has a header name that is no UTF-8"
                return
            waits = 0 if batches else waits + 1
            for record in batches.get(whole, ()):
                if record.offset < end:
                    yield record

    def _with_prefix(self, place: Place) -> TopicPartition:
        return TopicPartition(self._prefix + place[0], place[1])

    def _without_prefix(self, place: TopicPartition) -> Place:
        return place.topic.removeprefix(self._prefix), place.partition


@asynccontextmanager
async def topics_of(stack: Stack) -> AsyncIterator[Topics]:
    """The topics of a stack, as its operator may see them. Raises `CliError`."""
    login = stack.login(USER)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=stack.bootstrap,
        group_id=None,
        enable_auto_commit=False,
        fetch_max_wait_ms=_FETCH_MILLISECONDS,
        **login.aiokafka(),
    )
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.bootstrap, **login.aiokafka())
    names = [topic.name for topic in all_topics(stack.signing_keys)]
    await started(consumer, stack.bootstrap, login)
    try:
        await started(admin, stack.bootstrap, login)
        try:
            yield Topics(consumer, admin, stack.topic_prefix, names)
        finally:
            await admin.close()
    finally:
        await consumer.stop()


def readers(topic: str) -> Iterable[str]:
    """The services that read a topic."""
    owner, _, kind = topic.rpartition(".")
    return (owner,) if kind == "commands" and owner in services() else READERS.get(topic, ())
