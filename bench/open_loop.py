"""An open loop: every command has a moment at which it is sent, whether or not the one before it is answered.

Latency counts from that moment, so a slow answer does not hide the commands that should have been sent meanwhile. It
ends when the last of the command's receipt and facts is appended, as the broker stamps it: with one replica a record
can be read from then on. Sender and broker share a clock.
"""

import asyncio
import gc
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import floor
from statistics import median
from typing import Final

from bench import drain_check, walkins
from bench.contending import Contender, Ground, Place, Processes
from bench.drain_check import Drained
from bench.draining import Watch
from bench.harness import in_child

WINDOWS: Final = 3
_LEAD_SECONDS: Final = 1.0
_TICK_SECONDS: Final = 0.001


@dataclass(frozen=True)
class Load:
    """So many commands a second, measured for `seconds` after a warm-up."""

    rate: int
    seconds: int = 60
    warm_up_seconds: int = 15

    @property
    def commands(self) -> int:
        """How many that are, with the warm-up and those sent beforehand to see that the contender is up."""
        return self.rate * (1 + self.warm_up_seconds + self.seconds)

    def orders(self) -> list[walkins.Order]:
        """Walk-ins from their creation on; all four steps are mixed before the warm-up is over."""
        return walkins.orders(self.commands // walkins.STEPS, lag=min(walkins.LAG, 2 * self.rate))


@dataclass(frozen=True)
class Told:
    """What an open loop showed."""

    latencies_ms: list[list[float]]
    """Sorted, for each third of the measured time."""
    backlogs: list[int]
    """Commands sent and not yet answered, at the end of each measured second."""
    found: Drained

    def percentile(self, share: float) -> float:
        """Of all latencies, in ms."""
        return percentile(sorted(value for third in self.latencies_ms for value in third), share)

    def thirds(self, share: float) -> list[float]:
        """The same for each third."""
        return [percentile(third, share) for third in self.latencies_ms]

    @property
    def growth(self) -> float:
        """By how many commands the usual backlog of the last third exceeds that of the first."""
        third = len(self.backlogs) // WINDOWS
        return median(self.backlogs[-third:]) - median(self.backlogs[:third])


def percentile(values: Sequence[float], share: float) -> float:
    """Of sorted values, the one that `share` of them do not exceed."""
    return values[min(len(values) - 1, int(len(values) * share))]


def run(here: Ground, contender: Contender, place: Place, orders: list[walkins.Order], load: Load) -> Told:
    """Send the orders at the load's pace to a contender that has nothing else to do, and read what came of it."""
    first, rest = orders[: load.rate], orders[load.rate :]
    walkins.produce(here.stack.kafka, place.prefix + "intake.commands", first)
    with here.running(contender, place) as processes:
        began, done = 0.0, _answered(here, place, len(first), processes)
        if done:
            began = in_child(send, here.stack.kafka, place.prefix, rest, load.rate)
            done = _answered(here, place, len(orders), processes)
        done = done and asyncio.run(drain_check.outbox_emptied(place.dsn))
    if not done:
        print(place.log.read_text()[-3_000:])
    found = drain_check.read(here.stack.kafka, place.prefix)
    return told(found, [order.id for order in rest], began, load)


def _answered(here: Ground, place: Place, commands: int, processes: Processes) -> bool:
    return Watch(here.stack.kafka, place.prefix, commands, 1, processes).until_answered()


def send(bootstrap: str, prefix: str, orders: list[walkins.Order], rate: int) -> float:
    """Send each order at its moment; when the first one's was, in seconds of Unix time."""
    producer = walkins.open_producer(bootstrap, linger_ms=0, room=len(orders))
    producer.list_topics(timeout=10)
    records = [(order.body, order.key, walkins.headers_of(order)) for order in orders]
    topic, sent = prefix + "intake.commands", 0
    gc.freeze()
    gc.disable()
    began = time.time() + _LEAD_SECONDS
    while sent < len(records):
        due = max(sent, floor((time.time() - began) * rate) + 1)
        for body, key, headers in records[sent:due]:
            producer.produce(topic, body, key, headers=headers)
        sent = due
        producer.poll(0)
        time.sleep(_TICK_SECONDS)
    assert producer.flush(60) == 0
    return began


def told(found: Drained, ids: Sequence[str], began: float, load: Load) -> Told:
    missing = float("inf")
    at = [(number / load.rate, found.answered.get(id_, missing) / 1000 - began) for number, id_ in enumerate(ids)]
    third = load.seconds / WINDOWS
    bounds = [load.warm_up_seconds + third * number for number in range(WINDOWS + 1)]
    latencies = [
        sorted((answered - sent) * 1000 for sent, answered in at if low <= sent < high)
        for low, high in pairwise(bounds)
    ]
    return Told(latencies, _backlogs(at, load), found)


def _backlogs(at: Sequence[tuple[float, float]], load: Load) -> list[int]:
    """At the end of each measured second."""
    end = load.warm_up_seconds + load.seconds
    change = [0] * (end + 1)
    for sent, answered in at:
        change[min(end, int(sent))] += 1
        change[int(min(end, answered))] -= 1
    return list(accumulate(change))[load.warm_up_seconds : end]
