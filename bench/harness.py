"""Rounds, figures and the result file."""

import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final, TypeVar

from bench.plots import draw

RESULTS: Final = Path(__file__).parent / "results" / "latest.json"
RUN_SECONDS_MAX: Final = 600.0
_IDLE_SHARE_MAX: Final = 0.25
_IDLE_WAIT_SECONDS: Final = 5.0
_LIBRARIES: Final = ("confluent-kafka", "aiokafka", "asyncpg", "faststream", "faststream-outbox", "pydantic")

T = TypeVar("T")


@dataclass(frozen=True)
class Run:
    """One contender in one round. `faults` are losses, repeats and order faults found by the check."""

    contender: str
    rate: float
    faults: tuple[str, ...] = ()
    notes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Bar:
    """One bar of the bench: our median rate, the peers', their ratios, and whether the bar holds."""

    value: float
    unit: str
    peers: Mapping[str, float]
    ratios: Mapping[str, float]
    bar: str
    holds: bool
    runs: list[Mapping[str, Any]]


def in_child(function: Callable[..., T], *arguments: Any) -> T:
    """Run a function in a fresh process, so that no contender inherits another's heap."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result(timeout=RUN_SECONDS_MAX)


def rounds(contenders: Mapping[str, Callable[[int], Run]], count: int, unit: str = "/s") -> list[Run]:
    """Run every contender once a round, so that neighbours share the machine's mood."""
    runs = []
    for number in range(1, count + 1):
        for contender in contenders.values():
            busy = idle()
            run = contender(number)
            runs.append(run)
            faults = f"  FAULTS: {'; '.join(run.faults)}" if run.faults else ""
            noise = f"  (others took {busy:.0%} of the processors before it)" if busy > _IDLE_SHARE_MAX else ""
            print(f"  round {number}  {run.contender:<34} {run.rate:>10,.0f}{unit}{noise}{faults}", flush=True)
    return runs


def rates(runs: list[Run], contender: str) -> list[float]:
    """The contender's rate in each round."""
    return [run.rate for run in runs if run.contender == contender]


def median(runs: list[Run], contender: str) -> float:
    """The contender's median rate."""
    return statistics.median(rates(runs, contender))


def ratio(runs: list[Run], ours: str, peer: str) -> float:
    """The median over the rounds of our rate by the peer's in the same round."""
    return statistics.median([a / b for a, b in zip(rates(runs, ours), rates(runs, peer), strict=True)])


def show(runs: list[Run]) -> None:
    """Median, minimum and maximum of each contender."""
    for contender in dict.fromkeys(run.contender for run in runs):
        got = rates(runs, contender)
        print(f"  {contender:<43} {statistics.median(got):>10,.0f}/s  ({min(got):,.0f}-{max(got):,.0f}, n={len(got)})")


def record(bars: Mapping[str, Bar]) -> None:
    """Merge the bars into the result file, and draw them."""
    RESULTS.parent.mkdir(exist_ok=True)
    known = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    known |= {name: asdict(bar) for name, bar in bars.items()}
    RESULTS.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")
    draw(known, RESULTS.parent)


def described(runs: list[Run]) -> list[Mapping[str, Any]]:
    """The runs as the result file keeps them."""
    return [{**asdict(run), "rate": round(run.rate, 1), "faults": list(run.faults)} for run in runs]


def settings_line() -> str:
    """Machine and versions, for the head of every report."""
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    return f"{os.cpu_count()} processors, Python {platform.python_version()}, {libraries}"


@contextmanager
def timed() -> Iterator[list[float]]:
    """Seconds of the block, in the list it gives."""
    taken: list[float] = []
    began = time.perf_counter()
    yield taken
    taken.append(time.perf_counter() - began)


def idle() -> float:
    """Wait, within bounds, for other work on the machine to end; the share still busy at last."""
    deadline = time.monotonic() + _IDLE_WAIT_SECONDS
    while (busy := _busy_share()) > _IDLE_SHARE_MAX and time.monotonic() < deadline:
        pass
    return busy


def _busy_share() -> float:
    before = _processor_ticks()
    time.sleep(0.5)
    after = _processor_ticks()
    total = sum(after) - sum(before)
    idle = (after[3] + after[4]) - (before[3] + before[4])
    return 1 - idle / total if total else 0.0


def _processor_ticks() -> list[int]:
    stat = Path("/proc/stat")
    if not stat.exists():
        return [0, 0, 0, 0, 0]
    return [int(ticks) for ticks in stat.read_text().splitlines()[0].split()[1:9]]
