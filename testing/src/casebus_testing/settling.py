"""Waits until nothing is under way in a whole system; when that does not come, says who is not done, and with what."""

import time
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Final

from aiokafka.errors import KafkaError

from casebus_cli.databases import Databases, Row
from casebus_cli.errors import CliError
from casebus_cli.stack import Stack, find_stack
from casebus_cli.topics import Place, Topics, readers, topics_of
from casebus_testing import places
from casebus_testing.causes import causal_trees
from casebus_testing.clock import SystemClock
from casebus_testing.system import System
from casebus_testing.waiting import eventually

POLL_SECONDS: Final = 0.1

TABLES: Final = """
SELECT (SELECT count(*) FROM outbox) AS outbox,
       (SELECT count(*) FROM timers WHERE due_at <= %(now)s) AS clocks,
       (SELECT count(*) FROM lanes WHERE state = 'retrying') AS lanes,
       (SELECT count(*) FROM deliveries WHERE state IN ('waiting', 'sending')) AS deliveries"""

UNDER_WAY: Final = """
SELECT aggregateid AS id FROM outbox UNION SELECT aggregate_id FROM timers WHERE due_at <= %(now)s
UNION SELECT message_id::text FROM parked JOIN lanes USING (lane) WHERE state = 'retrying' AND message_id IS NOT NULL
UNION SELECT subject_id FROM deliveries WHERE state IN ('waiting', 'sending') LIMIT 50"""

WORDS: Final = {
    "outbox": "rows in the outbox: {}",
    "clocks": "clocks due: {}",
    "lanes": "parked lanes to be tried again: {}",
    "deliveries": "deliveries not sent: {}",
}


@dataclass(slots=True)
class Standing:
    """Who is not done, in words; and which records nobody has read yet."""

    troubles: list[str] = field(default_factory=list)
    unread: dict[Place, int] = field(default_factory=dict)
    """The first offset that a reader has not done."""


async def settled(system: System, within: float = 30.0, *, parked: bool = False) -> None:
    """Returns once nothing is under way: every input read and done, outboxes empty, clocks due fired, deliveries sent.

    Lanes in quarantine are at rest, they wait for an operator; `parked` lets also those be that are tried again by
    themselves. After `within` seconds raises AssertionError: who is not settled, and the causal tree of what is in
    flight.
    """
    async with AsyncExitStack() as stack:
        place = find_stack(str(system.run_dir / places.NAME))
        topics = await stack.enter_async_context(topics_of(place))
        databases = await stack.enter_async_context(Databases(place))
        observer = Observer(place, topics, databases, system.clock)
        ignored = ("lanes",) if parked else ()
        deadline = time.monotonic() + within

        async def at_rest() -> bool:
            troubles = (await observer.look(ignored)).troubles
            assert not troubles, "; ".join(troubles)
            return True

        try:
            await eventually(at_rest, within=max(0.0, deadline - time.monotonic()), every=POLL_SECONDS)
        except AssertionError:
            raise AssertionError(await observer.report(within, ignored)) from None


class Observer:
    """Looks at one system again and again."""

    def __init__(self, stack: Stack, topics: Topics, databases: Databases, clock: SystemClock) -> None:
        self._stack, self._topics, self._databases, self._clock = stack, topics, databases, clock

    async def look(self, ignored: Iterable[str] = ()) -> Standing:
        """How everything stands. Nothing was published between its beginning and its end, or that is a trouble."""
        standing = Standing()
        try:
            before = await self._topics.extents()
            await self._add_unread(standing, before)
            await self._add_tables(standing, set(ignored))
            if await self._topics.extents() != before:
                standing.troubles.append("records are being published")
        except (KafkaError, CliError) as error:
            standing.troubles.append(f"Kafka does not answer: {type(error).__name__}")
        return standing

    async def report(self, within: float, ignored: Iterable[str]) -> str:
        """Who is not done, and what led to what is under way."""
        standing = await self.look(ignored)
        lines = [f"not settled within {within:g} s", *(f"  {trouble}" for trouble in standing.troubles)]
        try:
            wanted = [row["id"] for row in await self._databases.ask(UNDER_WAY, now=self._clock.now())]
            trees = await causal_trees(wanted, standing.unread, self._topics, self._databases)
        except (KafkaError, CliError) as error:
            trees = f"what is under way cannot be told: {type(error).__name__}"
        return "\n".join([*lines, trees])

    async def _add_unread(self, standing: Standing, extents: Mapping[Place, tuple[int, int]]) -> None:
        """Offsets are committed after the database is: who has none to read has done all."""
        for service in self._stack.services:
            committed = await self._topics.committed(service)
            for place, (first, end) in extents.items():
                done = max(committed.get(place, first), first)
                if service in readers(place[0]) and done < end:
                    standing.troubles.append(f"{service}: records of {place[0]}[{place[1]}] to do: {end - done}")
                    standing.unread[place] = min(done, standing.unread.get(place, done))

    async def _add_tables(self, standing: Standing, ignored: set[str]) -> None:
        await self._databases.look_again()
        for row in await self._databases.ask(TABLES, now=self._clock.now()):
            standing.troubles += _said(row, ignored)
        standing.troubles += [f"{name}: the database is away ({why})" for name, why in self._databases.away.items()]


def _said(row: Row, ignored: set[str]) -> list[str]:
    return [
        f"{row['service']}: {text.format(row[name])}"
        for name, text in WORDS.items()
        if row[name] and name not in ignored
    ]
