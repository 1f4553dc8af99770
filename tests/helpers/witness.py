"""Reads every topic of a system from its beginning and keeps what it saw, for tests to ask about."""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from casebus_cli.kafka import MAX_RECORDS, POLL_MILLISECONDS, reader
from casebus_cli.stack import Stack as Place
from casebus_contracts.topics import all_topics

DEADLINE_SECONDS = 20.0


class Witness:
    """Records by topic (without prefix) and key. A record that came twice under one id is kept once."""

    def __init__(self, consumer: Any, prefix: str) -> None:
        self._consumer = consumer
        self._prefix = len(prefix)
        self._bodies: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
        self._headers: dict[tuple[str, str], list[dict[str, bytes]]] = defaultdict(list)
        self._seen: set[tuple[str, bytes]] = set()
        self._arrived = asyncio.Condition()

    async def watch(self) -> None:
        """Take in records for ever."""
        while True:
            batches = await self._consumer.getmany(timeout_ms=POLL_MILLISECONDS, max_records=MAX_RECORDS)
            async with self._arrived:
                for record in (record for found in batches.values() for record in found):
                    self._take(record)
                self._arrived.notify_all()

    def _take(self, record: Any) -> None:
        topic, headers = record.topic[self._prefix :], dict(record.headers)
        if topic.endswith(".commands") or (topic, headers["ce_id"]) in self._seen:
            return
        self._seen.add((topic, headers["ce_id"]))
        self._bodies[topic, record.key.decode()].append(json.loads(record.value))
        self._headers[topic, record.key.decode()].append(headers)

    def all_of(self, topic: str, key: str) -> list[dict[str, Any]]:
        """The bodies seen so far, in their order."""
        return list(self._bodies[topic, key])

    def numbers(self, topic: str, key: str) -> list[int]:
        """The `ce_sequence` of each record seen so far, in their order."""
        return [int(headers["ce_sequence"]) for headers in self._headers[topic, key]]

    def of_topic(self, topic: str) -> list[dict[str, Any]]:
        """The bodies of a topic seen so far, whatever their key."""
        return [body for (name, _), bodies in self._bodies.items() if name == topic for body in bodies]

    async def saw(self, topic: str, key: str, **fields: Any) -> dict[str, Any]:
        """The first body under this key that has these fields; waits for it."""
        return await self._first(f"{topic} of {key} with {fields}", lambda: self.all_of(topic, key), fields)

    async def saw_any(self, topic: str, **fields: Any) -> dict[str, Any]:
        """The first body on this topic that has these fields, whatever its key; waits for it."""
        return await self._first(f"{topic} with {fields}", lambda: self.of_topic(topic), fields)

    async def _first(self, what: str, bodies: Any, fields: dict[str, Any]) -> dict[str, Any]:
        def matching() -> list[dict[str, Any]]:
            return [body for body in bodies() if fields.items() <= body.items()]

        try:
            async with asyncio.timeout(DEADLINE_SECONDS), self._arrived:
                await self._arrived.wait_for(matching)
        except TimeoutError:
            raise AssertionError(f"not within {DEADLINE_SECONDS:g} s: {what}; seen: {bodies()}") from None
        return matching()[0]


@asynccontextmanager
async def watching(place: Place, senders: Sequence[str]) -> AsyncIterator[Witness]:
    """A witness of all topics of a system, from their first record."""
    topics = [place.topic_prefix + topic.name for topic in all_topics(senders)]
    async with reader(place.bootstrap, topics, from_start=True) as consumer:
        witness = Witness(consumer, place.topic_prefix)
        watching_task = asyncio.create_task(witness.watch())
        try:
            yield witness
        finally:
            watching_task.cancel()
            await asyncio.wait([watching_task])
