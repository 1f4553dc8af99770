"""B7: memory. How much is resident after so many messages, and does it grow with them?

Intake handles commands; then notifications reads the facts that came of them, in a directory without anybody whom
its alerts could be mailed to.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import linear_regression
from typing import Final

from confluent_kafka import Consumer, TopicPartition

from bench import contending, walkins
from bench.contending import Contender, Ground, Place, Processes, ground
from bench.drain_check import on_topics
from bench.harness import Bar, Run, described
from casebus_testing.stack import Stack
from notifications.app import MIGRATIONS

BAR = "<= 200 MiB resident per service after a million messages, no slope"
LIMIT_MEBIBYTES, GROWTH_MOST = 200.0, 0.02
"""Growth: over the second half of the messages, by regression, as a share of what is resident."""

NOTIFICATIONS: Final = Contender(
    "notifications",
    (("notifications",),),
    settings={"CASEBUS_SMTP": "127.0.0.1:9", "CASEBUS_MAIL_FROM": "bench@example.gov"},
)
_CHUNK_VISITS: Final = 5_000
_AHEAD: Final = 40_000
_LOOK_SECONDS: Final = 0.5
_STUCK_SECONDS: Final = 60.0


@dataclass(frozen=True)
class Sample:
    """So many messages handled, so much resident."""

    messages: int
    mebibytes: float


def run(stack: Stack, count: int = 3, *, full: bool = False) -> dict[str, Bar]:
    """One run of each service: a million commands with `full`, by which growth is judged; else it is shown."""
    commands = 1_000_000 if full else 200_000
    print(f"B7 memory: {commands:,} commands through intake, their facts through notifications", flush=True)
    with ground(stack) as here, here.place("b7") as place:
        runs = [_intake(here, place, commands, full=full), _notifications(here, place, full=full)]
    worst = max(run.rate for run in runs)
    holds = worst <= LIMIT_MEBIBYTES and not any(run.faults for run in runs)
    print(f"  at most {worst:.0f} MiB: {'holds' if holds else 'FAILS'}")
    peers = {run.contender: run.rate for run in runs}
    return {"B7": Bar(worst, "MiB", peers, {}, BAR, holds, described(runs))}


def _intake(here: Ground, place: Place, commands: int, *, full: bool) -> Run:
    made = 0

    def feed(handled: int) -> None:
        nonlocal made
        while made < min(commands, handled + _AHEAD):
            orders = walkins.orders(_CHUNK_VISITS)
            walkins.produce(here.stack.kafka, place.prefix + "intake.commands", orders)
            made += len(orders)

    with here.running(contending.OURS, place) as processes:
        samples = _watch(processes, lambda: on_topics(here.stack.kafka, place.prefix)[0], commands, feed)
    return _told(contending.OURS.name, samples, commands, full=full)


def _notifications(here: Ground, place: Place, *, full: bool) -> Run:
    with here.database("b7_notifications", template="template1") as dsn:
        asyncio.run(contending.prepare(dsn, MIGRATIONS))
        own = Place(dsn, place.prefix, place.log.with_name("notifications.log"))
        topic, group = f"{place.prefix}walkin.timed", f"{place.prefix}notifications"
        messages = _ends(here.stack.kafka, topic)
        with here.running(NOTIFICATIONS, own) as processes:
            samples = _watch(processes, lambda: _committed(here.stack.kafka, topic, group), messages)
    return _told("notifications", samples, messages, full=full)


def _watch(
    processes: Processes, handled: Callable[[], int], wanted: int, feed: Callable[[int], None] = lambda _: None
) -> list[Sample]:
    """Look at the one process until everything is handled, or nothing has been for a minute."""
    samples = [Sample(0, _resident(processes[0].pid))]
    moved = time.monotonic()
    while samples[-1].messages < wanted and time.monotonic() < moved + _STUCK_SECONDS:
        if processes[0].poll() is not None:
            break
        feed(samples[-1].messages)
        time.sleep(_LOOK_SECONDS)
        sample = Sample(handled(), _resident(processes[0].pid))
        moved = time.monotonic() if sample.messages > samples[-1].messages else moved
        samples.append(sample)
    return samples


def _told(name: str, samples: list[Sample], wanted: int, *, full: bool) -> Run:
    """`rate` of the run is the most that was resident, in MiB. Growth is judged over a million: before, all is new."""
    most, growth = max(each.mebibytes for each in samples), _slope(samples, wanted / 2) * wanted / 2
    faults = []
    if samples[-1].messages < wanted:
        faults.append(f"only {samples[-1].messages:,} of {wanted:,} messages handled")
    if full and growth > GROWTH_MOST * samples[-1].mebibytes:
        faults.append(f"grows by {growth:.1f} MiB over the second half")
    notes = {"messages": wanted, "growth_mebibytes": round(growth, 2), "samples": _thinned(samples)}
    print(f"  {name:<28} {wanted:>9,} messages  at most {most:.0f} MiB, growth {growth:+.1f} MiB  {'; '.join(faults)}")
    return Run(name, most, tuple(faults), notes)


def _slope(samples: list[Sample], since: float) -> float:
    """MiB a message, by least squares over the samples since then; 0 where they show no movement."""
    later = [each for each in samples if each.messages >= since]
    if len({each.messages for each in later}) < 2:
        return 0.0
    return linear_regression([each.messages for each in later], [each.mebibytes for each in later]).slope


def _thinned(samples: list[Sample]) -> list[tuple[int, float]]:
    """Some forty of them, for a plot."""
    return [(each.messages, round(each.mebibytes, 1)) for each in samples[:: max(1, len(samples) // 40)]]


def _resident(pid: int) -> float:
    """MiB of a process; 0 where there is no /proc."""
    status = Path(f"/proc/{pid}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


def _committed(bootstrap: str, topic: str, group: str) -> int:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group, "enable.auto.commit": False})
    places = consumer.committed([TopicPartition(topic, number) for number in range(3)], timeout=10)
    consumer.close()
    return sum(max(0, place.offset) for place in places)


def _ends(bootstrap: str, topic: str) -> int:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "bench-check", "enable.auto.commit": False})
    parts = [TopicPartition(topic, number) for number in range(3)]
    ends = sum(consumer.get_watermark_offsets(part, timeout=10)[1] for part in parts)
    consumer.close()
    return ends
