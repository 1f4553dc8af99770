"""B5: clocks. Ten thousand run out within a minute; a hundred thousand have run out during an outage.

During the outage some of the visits were served: the commands that say so lie unread in the topic, appended before
the clocks ran out, and those clocks may not fire. While the backlog is worked off further clocks run out at a steady
pace; lateness is judged over those that do so once it is read, the facts of its clocks included, which the service
reads itself.
"""

import asyncio
import math
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias

import asyncpg
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from bench import contending, preload, walkins
from bench.contending import Ground, Place, ground
from bench.harness import Bar, Run, described
from bench.open_loop import percentile
from casebus_contracts import VisitOverdue
from casebus_testing.stack import Stack

BAR = "lateness p99 <= 500 ms once the backlog is read; never early, never twice, none that a message had stopped"
LIMIT_MS = 500.0
MINUTE, OUTAGE, STOPPED, AFTERWARDS = 10_000, 100_000, 10_000, 5_000

_START: Final = timedelta(seconds=8)
"""What loading rows and starting the service may take before the first clock runs out."""
_OUTAGE_SECONDS: Final = 10.0
_AFTERWARDS_SECONDS: Final = 90.0
_FIRED_SECONDS_MAX: Final = 240.0
_LOOK_SECONDS: Final = 0.5

Due: TypeAlias = list[tuple[int, datetime]]


@dataclass(frozen=True)
class Fired:
    """A fact that a clock made, as it lies on its topic: whose, when the clock ran out, when it was appended."""

    request_id: str
    due: float
    appended: float

    @property
    def late_ms(self) -> float:
        """From the moment the clock ran out until the fact could be read."""
        return (self.appended - self.due) * 1000


def run(stack: Stack, count: int = 3, *, full: bool = False) -> dict[str, Bar]:
    """Each once: both are long, and hold thousands of clocks."""
    print(f"B5 clocks: {MINUTE:,} within a minute; {OUTAGE:,} after an outage, {STOPPED:,} of them stopped by messages")
    with ground(stack) as here:
        runs = [_one_minute(here), _after_an_outage(here)]
    worst = max(run.rate for run in runs)
    holds = worst <= LIMIT_MS and not any(run.faults for run in runs)
    print(f"  p99 of lateness at most {worst:.0f} ms: {'holds' if holds else 'FAILS'}")
    return {"B5": Bar(worst, "ms", {}, {}, BAR, holds, described(runs))}


def _one_minute(here: Ground) -> Run:
    with here.place("b5_minute") as place:
        begin = datetime.now(UTC) + _START
        due = _spread(range(MINUTE), begin, 60.0)
        asyncio.run(_load(place, due))
        fired, faults, _ = _watch(here, place, due, set())
    late = sorted(each.late_ms for each in fired)
    return _told("10,000 within a minute", late, faults, {})


def _after_an_outage(here: Ground) -> Run:
    with here.place("b5_outage") as place:
        stopped = [(number, preload.request_id(number)) for number in range(STOPPED)]
        orders = walkins.orders_about(stopped, steps=range(2, 3))
        walkins.produce(here.stack.kafka, place.prefix + "intake.commands", orders)
        outage = datetime.now(UTC) + timedelta(seconds=1)
        before = _spread(range(OUTAGE), outage, _OUTAGE_SECONDS)
        back = datetime.now(UTC) + _START + timedelta(seconds=_OUTAGE_SECONDS)
        after = _spread(range(OUTAGE, OUTAGE + AFTERWARDS), back, _AFTERWARDS_SECONDS)
        asyncio.run(_load(place, [*before, *after]))
        _wait_until(before[-1][1])
        began = time.time()
        fired, faults, read = _watch(here, place, [*before, *after], {id_ for _, id_ in stopped})
    late = sorted(each.late_ms for each in fired if each.due > read)
    notes = {"caught_up_seconds": round(read - began, 1), "clocks_judged": len(late)}
    return _told("after an outage", late, faults, notes)


def _told(name: str, late: list[float], faults: tuple[str, ...], more: dict[str, Any]) -> Run:
    p50, p99, most = (percentile(late, share) for share in (0.5, 0.99, 1))
    notes = {"p50_ms": round(p50, 1), "max_ms": round(most, 1), **more}
    told = ", ".join(f"{key} {value}" for key, value in notes.items())
    print(f"  {name:<24} p99 {p99:.0f} ms ({told}){'  FAULTS: ' + '; '.join(faults) if faults else ''}", flush=True)
    return Run(name, p99, faults, notes)


def _spread(numbers: range, begin: datetime, seconds: float) -> Due:
    """Clocks of these requests, evenly over so many seconds."""
    return [(number, begin + timedelta(seconds=seconds * place / len(numbers))) for place, number in enumerate(numbers)]


async def _load(place: Place, due: Due) -> None:
    """Visitors that wait since half an hour before their clocks run out."""
    connection = await asyncpg.connect(place.dsn)
    since = datetime.now(UTC) - timedelta(minutes=30)
    await preload.requests(connection, [number for number, _ in due], waiting_since=since)
    await preload.clocks(connection, due)
    await connection.close()


def _watch(here: Ground, place: Place, due: Due, stopped: set[str]) -> tuple[list[Fired], tuple[str, ...], float]:
    """Run the service until no clock of waiting is left and the outbox is empty.

    What fired, what is wrong, and when the backlog was read.
    """
    topic = place.prefix + VisitOverdue.TOPIC
    backlog = Backlog(here.stack.kafka, topic, f"{place.prefix}intake", datetime.now(UTC))
    with here.running(contending.OURS, place):
        done = asyncio.run(_all_gone(place.dsn, backlog))
        fired = _read(here.stack.kafka, topic)
    backlog.close()
    wanted = {preload.request_id(number) for number, _ in due} - stopped
    faults = asyncio.run(_faults(place.dsn, fired, wanted))
    return fired, faults if done else ("not all fired in time", *faults), backlog.read_at


class Backlog:
    """When what an outage left was read: its clocks have fired, and the service has read the facts they made."""

    def __init__(self, bootstrap: str, topic: str, group: str, since: datetime) -> None:
        self._consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group, "enable.auto.commit": False})
        self._parts = [TopicPartition(topic, number) for number in range(VisitOverdue.PARTITIONS)]
        self._since = since
        self._ends: list[int] = []
        self.read_at = math.inf

    async def look(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        """Look once; cheap once the backlog is read."""
        if not self._ends:
            query = "SELECT EXISTS (SELECT FROM timers WHERE due_at < $1) OR EXISTS (SELECT FROM outbox WHERE at < $1)"
            if not await connection.fetchval(query, self._since):
                self._ends = [self._consumer.get_watermark_offsets(part, timeout=10)[1] for part in self._parts]
        elif self.read_at == math.inf:
            places = self._consumer.committed(self._parts, timeout=10)
            if all(place.offset >= end for place, end in zip(places, self._ends, strict=True)):
                self.read_at = time.time()

    def close(self) -> None:
        """Let the broker go."""
        self._consumer.close()


async def _all_gone(dsn: str, backlog: Backlog) -> bool:
    connection = await asyncpg.connect(dsn)
    deadline = time.monotonic() + _FIRED_SECONDS_MAX
    query = "SELECT EXISTS (SELECT FROM timers WHERE name = 'waiting') OR EXISTS (SELECT FROM outbox)"
    while (left := await connection.fetchval(query)) and time.monotonic() < deadline:
        await asyncio.sleep(_LOOK_SECONDS)
        await backlog.look(connection)
    await connection.close()
    return not left


async def _faults(dsn: str, fired: Sequence[Fired], wanted: set[str]) -> tuple[str, ...]:
    """Lost, early, repeated or false, by the topic and by SQL."""
    connection = await asyncpg.connect(dsn)
    rows = await connection.fetch("SELECT aggregate_id, at, recorded_at FROM journal WHERE type = 'visit.overdue'")
    await connection.close()
    on_topic, in_journal = Counter(each.request_id for each in fired), Counter(row["aggregate_id"] for row in rows)
    counted = {
        "clocks that did not fire": len(wanted - on_topic.keys()),
        "clocks that fired though they were stopped": len(on_topic.keys() - wanted),
        "facts too early": sum(each.late_ms < 0 for each in fired),
        "journal rows too early": sum(row["recorded_at"] < row["at"] for row in rows),
        "facts twice": sum(number - 1 for number in on_topic.values()),
        "journal rows twice": sum(number - 1 for number in in_journal.values()),
        "facts that are not in the journal": len(on_topic.keys() ^ in_journal.keys()),
    }
    return tuple(f"{number} {name}" for name, number in counted.items() if number)


def _read(bootstrap: str, topic: str) -> list[Fired]:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "bench-check", "enable.auto.commit": False})
    parts = [TopicPartition(topic, number, OFFSET_BEGINNING) for number in range(VisitOverdue.PARTITIONS)]
    missing = sum(consumer.get_watermark_offsets(part, timeout=10)[1] for part in parts)
    consumer.assign(parts)
    fired = []
    while missing:
        for message in consumer.consume(min(missing, 10_000), timeout=20):
            missing -= 1
            fact = VisitOverdue.model_validate_json(message.value() or b"")
            fired.append(Fired(fact.request_id, fact.at.timestamp(), message.timestamp()[1] / 1000))
    consumer.close()
    return fired


def _wait_until(moment: datetime) -> None:
    time.sleep(max(0.0, (moment - datetime.now(UTC)).total_seconds()))
