"""B6: growth. The same commands with a million rows in inbox, state and journal, and with hardly any.

The commands are about requests drawn from all of them. Their own ids are of now, as senders make them: the rows of the
inbox they are added to are those of all the days it looks back. The small database has the same requests and nothing
else.
"""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Final

import asyncpg

from bench import contending, drain_check, preload, walkins
from bench.contending import Ground, Place, ground
from bench.draining import Watch
from bench.harness import Bar, Run, described, ratio, rounds
from bench.open_loop import Load
from bench.open_loop import run as send_and_read
from casebus_testing.stack import Stack

BAR = "rate >= 0.80 and p99 at 500/s <= 1.3x of a database without these rows; no loss, repeat or order fault"
RATE_LEAST, P99_MOST = 0.80, 1.3

_STEPS: Final = range(1, walkins.STEPS)
"""Checked in, timed in, timed out; created long ago."""
_P99: Final = ", p99 in ms"
_VISITS: Final = 8_000
_WARM_UP: Final = 4_000
_LOAD: Final = Load(500, seconds=15, warm_up_seconds=6)


@dataclass(frozen=True)
class Size:
    """A database to begin with."""

    name: str
    template: str


def run(stack: Stack, count: int = 3, *, full: bool = False) -> dict[str, Bar]:
    """Load the rows once, then run the rounds on copies and judge them."""
    rows = 10_000_000 if full else 1_000_000
    numbers = random.Random(rows).sample(range(rows), _VISITS)
    print(f"B6 growth: {len(numbers) * len(_STEPS):,} commands about requests of {rows:,}", flush=True)
    with ground(stack) as here:
        small, large = Size("hardly any rows", "b6_small"), Size(f"{rows:,} rows", "b6_large")
        asyncio.run(_small(stack.create_database(small.template, template=contending.EMPTY), numbers))
        asyncio.run(preload.history(stack.create_database(large.template, template=contending.EMPTY), rows))
        drained = rounds({size.name: _contender(_drain, here, size, numbers) for size in (small, large)}, count)
        opened = rounds(
            {size.name: _contender(_open, here, size, numbers) for size in (small, large)}, count, " ms p99"
        )
        for size in (small, large):
            stack.drop_database(size.template)
    return {"B6": _judge(drained, opened, small.name, large.name)}


def _contender(
    work: Callable[[Ground, Size, list[int], int], Run], here: Ground, size: Size, numbers: list[int]
) -> Callable[[int], Run]:
    return partial(work, here, size, numbers)


def _judge(drained: list[Run], opened: list[Run], small: str, large: str) -> Bar:
    rate = ratio(drained, large, small)
    p99 = {name: median(run.rate for run in opened if run.contender == name + _P99) for name in (small, large)}
    slower = p99[large] / p99[small]
    clean = not any(run.faults for run in (*drained, *opened))
    holds = rate >= RATE_LEAST and slower <= P99_MOST and clean
    print(f"  rate {rate:.2f} of the small database's, p99 {slower:.2f} of it: {'holds' if holds else 'FAILS'}")
    peers = {f"p99 in ms, {name}": value for name, value in p99.items()}
    ratios = {"rate / small": rate, "p99 / small": slower}
    value = median(run.rate for run in drained if run.contender == large)
    return Bar(value, "commands/s", peers, ratios, BAR, holds, described([*drained, *opened]))


def _drain(here: Ground, size: Size, numbers: list[int], number: int) -> Run:
    with here.place(f"b6_drain_{size.template}_{number}", template=size.template) as place:
        asyncio.run(_settle(place))
        orders = _orders(numbers, walkins.LAG)
        walkins.produce(here.stack.kafka, place.prefix + "intake.commands", orders)
        with here.running(contending.OURS, place) as processes:
            watch = Watch(here.stack.kafka, place.prefix, len(orders), _WARM_UP, processes)
            done = watch.until_answered() and asyncio.run(drain_check.outbox_emptied(place.dsn))
        found = drain_check.read(here.stack.kafka, place.prefix)
    faults = drain_check.faults_of_answers(found, [order.id for order in orders])
    return Run(size.name, found.rate(_WARM_UP), faults if done else ("not finished in time", *faults))


def _open(here: Ground, size: Size, numbers: list[int], number: int) -> Run:
    visits = numbers[: _LOAD.commands // len(_STEPS)]
    with here.place(f"b6_open_{size.template}_{number}", template=size.template) as place:
        asyncio.run(_settle(place))
        orders = _orders(visits, _LOAD.rate)
        told = send_and_read(here, contending.OURS, place, orders, _LOAD)
    faults = drain_check.faults_of_answers(told.found, [order.id for order in orders])
    return Run(size.name + _P99, told.percentile(0.99), faults, {"p50_ms": round(told.percentile(0.5), 1)})


def _orders(numbers: list[int], lag: int) -> list[walkins.Order]:
    visits = [(each, preload.request_id(each)) for each in numbers]
    return walkins.orders_about(visits, steps=_STEPS, lag=lag)


async def _small(dsn: str, numbers: list[int]) -> None:
    connection = await asyncpg.connect(dsn)
    await preload.requests(connection, numbers)
    await connection.execute("VACUUM (FREEZE, ANALYZE)")
    await connection.close()


async def _settle(place: Place) -> None:
    """What making the copy left to be written is written before anything is measured."""
    connection = await asyncpg.connect(place.dsn)
    await connection.execute("CHECKPOINT")
    await connection.close()
