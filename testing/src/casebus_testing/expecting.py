"""What is told on the topics from a moment on: a fact that has to come, a fact that must not."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from aiokafka.errors import KafkaError

from casebus_cli.kafka import MAX_RECORDS, POLL_MILLISECONDS, reader
from casebus_contracts.base import FACTS
from casebus_testing.settling import settled
from casebus_testing.system import System
from casebus_testing.waiting import eventually

MOST_NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class Told:
    """A fact on its topic. `told["ticket"]` is a field of its body."""

    type: str
    id: str
    key: str
    subject: str
    sequence: int
    correlation: str
    causation: str
    body: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.body[name]

    def has(self, fields: Mapping[str, Any]) -> bool:
        """Whether the body has these fields with these values."""
        return all(name in self.body and self.body[name] == value for name, value in fields.items())


class Expect:
    """Hears every fact of a system from the moment it was made. Make one with `listening`, or use the fixture."""

    def __init__(self, system: System, consumer: Any) -> None:
        self._system = system
        self._consumer = consumer
        self._seen: dict[str, Told] = {}

    async def __call__(self, fact_type: str, /, *, within: float = 10.0, **fields: Any) -> Told:
        """The first fact of this type whose body has these fields; one that has come already counts.

        After `within` seconds raises AssertionError with those of the type that came instead.
        """
        _check(fact_type)
        try:
            return await eventually(lambda: self._first(fact_type, fields), within=within)
        except AssertionError:
            raise AssertionError(self._missing(fact_type, fields, within)) from None

    async def none(self, fact_type: str, /, *, within: float = 30.0, **fields: Any) -> None:
        """No fact of this type with these fields has come once the system is settled, which it must be in time."""
        _check(fact_type)
        await settled(self._system, within)
        await self._has_heard_all(within)
        found = self._first(fact_type, fields)
        assert found is None, f"{fact_type} with {fields} came: {dict(found.body)}" if found else ""

    @property
    def heard(self) -> list[Told]:
        """Everything so far, each fact once."""
        return list(self._seen.values())

    async def listen(self) -> None:
        """Take facts in for ever."""
        while True:
            try:
                batches = await self._consumer.getmany(timeout_ms=POLL_MILLISECONDS, max_records=MAX_RECORDS)
            except KafkaError:
                continue
            # Nothing is awaited between here and the fetch: whoever sees the position sees the facts.
            for record in (record for records in batches.values() for record in records):
                if (told := _told(record)) is not None:
                    self._seen.setdefault(told.id, told)

    def _first(self, fact_type: str, fields: Mapping[str, Any]) -> Told | None:
        return next((told for told in self._seen.values() if told.type == fact_type and told.has(fields)), None)

    def _missing(self, fact_type: str, fields: Mapping[str, Any], within: float) -> str:
        others = [told.body for told in self._seen.values() if told.type == fact_type]
        shown = [f"  instead: {dict(body)}" for body in others[:MOST_NAMED]]
        came = f"{len(others)} others of this type came" if others else "none of this type came"
        return "\n".join([f"not within {within:g} s: {fact_type} with {fields}; {came}", *shown])

    async def _has_heard_all(self, within: float) -> None:
        ends = await self._consumer.end_offsets(self._consumer.assignment())

        async def all_read() -> bool:
            return all([await self._consumer.position(place) >= end for place, end in ends.items()])

        await eventually(all_read, within=within, what="all facts are heard")


@asynccontextmanager
async def listening(system: System) -> AsyncIterator[Expect]:
    """An `Expect` that hears what is told from here on."""
    topics = [system.prefix + fact.TOPIC for fact in FACTS.values()]
    async with reader(system.stack.kafka, topics, login=system.stack.login) as consumer:
        expect = Expect(system, consumer)
        ears = asyncio.create_task(expect.listen())
        try:
            yield expect
        finally:
            ears.cancel()
            await asyncio.wait([ears])


def _check(fact_type: str) -> None:
    if fact_type not in FACTS:
        raise ValueError(f"no fact is called {fact_type}; docs/events.md lists them")


def _told(record: Any) -> Told | None:
    """The fact of a record; None for one that a reader of facts would set aside."""
    headers = {name: (value or b"").decode("utf-8", "replace") for name, value in record.headers}
    try:
        body = json.loads(record.value or b"")
        return Told(
            type=headers["ce_type"],
            id=headers["ce_id"],
            key=(record.key or b"").decode(),
            subject=headers.get("ce_subject", ""),
            sequence=int(headers.get("ce_sequence", "0")),
            correlation=headers.get("ce_correlationid", ""),
            causation=headers.get("ce_causationid", ""),
            body=body,
        )
    except (KeyError, ValueError):
        return None
