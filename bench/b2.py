"""B2: the database stage alone: loading and saving for the batches of B1, against statements written for them."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final

import asyncpg

from bench import stage, walkins
from bench.contending import Ground, ground
from bench.harness import Bar, Run, described, in_child, median, ratio, rounds, show
from casebus_testing.stack import Stack

OURS, HAND = "chassis", "hand-written statements"
BAR = ">= 0.6 of the best hand-written statement set for the same rows"

_TABLES: Final = ("requests", "lobbies", "timers", "inbox", "journal", "outbox")


def run(stack: Stack, count: int = 3, *, full: bool = False) -> dict[str, Bar]:
    """Run the rounds and judge them."""
    visits = 20_000 if full else 5_000
    print(f"B2 database stage: {visits * walkins.STEPS:,} commands in batches of {stage.BATCH}, rules not counted")
    with ground(stack) as here:
        orders = walkins.orders(visits)
        ours: Callable[[int], Run] = partial(_stage, here, OURS, stage.run_ours, orders)
        hand: Callable[[int], Run] = partial(_stage, here, HAND, stage.run_hand, orders)
        runs = rounds({HAND: hand, OURS: ours}, max(count, 3))
    show(runs)
    share = ratio(runs, OURS, HAND)
    clean = not any(run.faults for run in runs)
    print(f"  ratio: {share:.2f} of the hand-written statements: {'holds' if share >= 0.6 and clean else 'FAILS'}")
    peers = {HAND: median(runs, HAND)}
    holds = share >= 0.6 and clean
    return {"B2": Bar(median(runs, OURS), "commands/s", peers, {HAND: share}, BAR, holds, described(runs))}


def _stage(
    here: Ground, name: str, work: Callable[[str, list[walkins.Order]], float], orders: list[walkins.Order], number: int
) -> Run:
    with here.database(f"b2_{name}_{number}") as dsn:
        seconds = in_child(work, dsn, orders)
        written = asyncio.run(_written(dsn))
    return Run(name, len(orders) / seconds, _missing(written, orders), {"rows": written})


async def _written(dsn: str) -> dict[str, int]:
    """How many rows there are in each table, so that contenders can be seen to have written the same."""
    connection = await asyncpg.connect(dsn)
    counts = {table: int(await connection.fetchval(f"SELECT count(*) FROM {table}")) for table in _TABLES}
    counts["served"] = int(await connection.fetchval("SELECT count(*) FROM requests WHERE visit_status = 'served'"))
    await connection.close()
    return counts


def _missing(written: dict[str, int], orders: list[walkins.Order]) -> tuple[str, ...]:
    visits = len(orders) // walkins.STEPS
    wanted = {"requests": visits, "served": visits, "inbox": len(orders), "timers": 0}
    least = {"journal": visits * walkins.FACTS_PER_VISIT, "lobbies": walkins.OFFICES}
    wrong = [f"{name}: {written[name]}, not {rows}" for name, rows in wanted.items() if written[name] != rows]
    return (*wrong, *(f"{name}: only {written[name]}" for name, rows in least.items() if written[name] < rows))
