"""B3: an open loop at 100, 500 and 2,000 commands a second. How late is the answer, and does the backlog grow?"""

import asyncio
from statistics import median

from bench import contending, drain_check
from bench.contending import Contender, Ground, ground
from bench.harness import Bar, Run, described, idle
from bench.open_loop import Load, Told
from bench.open_loop import run as send_and_read
from casebus_testing.stack import Stack

BAR = (
    "at 500/s p99 <= the larger of 100 ms and 1.5x the hand loop's; at 2,000/s no growing backlog; "
    "no loss, repeat or order fault"
)
OURS, HAND = contending.OURS, contending.HAND
JUDGED, MOST = 500, 2_000
LIMIT_MS, OF_THE_HAND_LOOP = 100.0, 1.5
GROWTH_SECONDS = 0.1
"""A backlog that ends higher than it began by what comes in so much time has not grown."""


def run(stack: Stack, count: int = 3, *, full: bool = False) -> dict[str, Bar]:
    """One round of each by default; with `full`, `count` rounds."""
    print("B3 open loop: 60 s after 15 s of warm-up; latency from the scheduled sending to the last record appended")
    runs = []
    with ground(stack) as here:
        for number in range(1, (count if full else 1) + 1):
            for contender, rate in ((OURS, 100), (OURS, JUDGED), (HAND, JUDGED), (OURS, MOST)):
                idle()
                runs.append(open_loop(here, contender, Load(rate), number))
                print(line(runs[-1]), flush=True)
    return {"B3": _judge(runs)}


def open_loop(here: Ground, contender: Contender, load: Load, number: int) -> Run:
    """One contender at one rate. `rate` of the run is its p99 in ms."""
    orders = load.orders()
    with here.place(f"b3_{contender.name}_{load.rate}_{number}") as place:
        told = send_and_read(here, contender, place, orders, load)
        faults = asyncio.run(drain_check.faults(place.dsn, told.found, [order.id for order in orders]))
    return Run(f"{contender.name}, {load.rate}/s", told.percentile(0.99), faults, notes(told))


def notes(told: Told) -> dict[str, float | list[float]]:
    """What a run showed, for reports: latencies in ms, the backlog in commands."""
    return {
        "p50_ms": round(told.percentile(0.5), 1),
        "p99_ms": round(told.percentile(0.99), 1),
        "p99_ms_by_thirds": [round(each, 1) for each in told.thirds(0.99)],
        "max_ms": round(told.percentile(1), 1),
        "backlog_growth": told.growth,
        "backlog_max": max(told.backlogs),
    }


def line(run: Run) -> str:
    """A run as the report prints it."""
    thirds = ", ".join(f"{each:.0f}" for each in run.notes["p99_ms_by_thirds"])
    faults = f"  FAULTS: {'; '.join(run.faults)}" if run.faults else ""
    return (
        f"  {run.contender:<28} p50 {run.notes['p50_ms']:>5.0f} ms  p99 {run.rate:>5.0f} ms ({thirds})  "
        f"max {run.notes['max_ms']:>5.0f} ms  backlog {run.notes['backlog_growth']:+.0f}, "
        f"at most {run.notes['backlog_max']}{faults}"
    )


def _judge(runs: list[Run]) -> Bar:
    ours, hand = _of(runs, OURS, JUDGED), _of(runs, HAND, JUDGED)
    p99, peer = median(run.rate for run in ours), median(run.rate for run in hand)
    growth = median(run.notes["backlog_growth"] for run in _of(runs, OURS, MOST))
    clean = not any(run.faults for run in runs if run.contender.startswith(OURS.name))
    holds = p99 <= max(LIMIT_MS, OF_THE_HAND_LOOP * peer) and growth <= MOST * GROWTH_SECONDS and clean
    print(f"  p99 at {JUDGED}/s {p99:.0f} ms, the hand loop's {peer:.0f} ms: {'holds' if holds else 'FAILS'}")
    peers = {run.contender: median(each.rate for each in runs if each.contender == run.contender) for run in runs}
    return Bar(p99, "ms", peers, {"p99 / hand loop": p99 / peer}, BAR, holds, described(runs))


def _of(runs: list[Run], contender: Contender, rate: int) -> list[Run]:
    return [run for run in runs if run.contender == f"{contender.name}, {rate}/s"]
