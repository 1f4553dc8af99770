"""B9: reports, lists and searches over millions of requests, and the lobby while commands flow."""

import asyncio
import json
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo

import httpx

from bench import drain_check, walkins
from bench.contending import Contender, Ground, Place, Processes, ground
from bench.draining import Watch
from bench.harness import Bar, Run, described, in_child, timed
from bench.open_loop import send
from bench.questions import Answers, Asker, dashboard, questions
from casebus_testing.stack import Stack
from casebus_testing.stack.ports import free_ports
from casebus_testing.traffic.commands import commands_of
from casebus_testing.traffic.days import contacts_on
from casebus_testing.traffic.loading import Months, fill_directory, load
from casebus_testing.traffic.places import ZONE, state
from chassis.database import open_pool
from chassis.pipeline import Pipeline
from chassis.tallies import Recount
from intake.handlers import SERVICE

BAR: Final = (
    "p95 <= 200 ms for each report, list and search; greeter dashboard p95 <= 50 ms while 500 commands/s flow; "
    "roll-ups equal to a recount"
)
P95_MS, DASHBOARD_P95_MS = 200.0, 50.0

_REQUESTS, _REQUESTS_FULL = 500_000, 5_000_000
_COMMANDS: Final = 50_000
_LAG: Final = 400
_FLOW_RATE, _FLOW_SECONDS = 500, 30
_EACH: Final = 25
_ASK_SECONDS: Final = 0.05
_READY_SECONDS_MAX: Final = 60.0
_SEED: Final = 9


def run(stack: Stack, count: int = 1, *, full: bool = False) -> dict[str, Bar]:
    """Load, count, drain, ask; judged at five million (`full`), shown with less."""
    requests = _REQUESTS_FULL if full else _REQUESTS
    today = datetime.now(ZoneInfo(ZONE)).date()
    print(f"B9 reads: {requests:,} requests of 24 months in {len(state())} offices", flush=True)
    with ground(stack) as here, here.place("b9") as place:
        _load(place, Months(requests, today - timedelta(days=1)))
        _show("roll-ups rebuilt", asyncio.run(_recount(place.dsn, correct=True)))
        (port,) = free_ports(1)
        contender = Contender("intake", (("bench.asked",),), settings={"CASEBUS_HTTP": f"127.0.0.1:{port}"})
        with here.running(contender, place) as processes, _asking(port) as asker:
            runs = [_drain(here, place, processes, today)]
            wrong = asyncio.run(_recount(place.dsn, correct=False))
            _show("roll-ups after the drain", wrong)
            runs += _ask(asker, today)
            runs.append(_look_on(here, place, processes, f"http://127.0.0.1:{port}", today))
    return {"B9": _judge(runs, wrong, requests)}


def _load(place: Place, wanted: Months) -> None:
    with timed() as taken:
        asyncio.run(fill_directory(place.dsn))
        loaded = asyncio.run(load(place.dsn, wanted))
    print(f"  {loaded:,} requests loaded and indexed in {taken[0]:.0f} s", flush=True)


async def _recount(dsn: str, *, correct: bool) -> tuple[Recount, float]:
    pool = await open_pool(dsn, name="bench")
    began = time.perf_counter()
    told = await (await Pipeline.open(SERVICE, pool)).recount(correct=correct)
    if correct:
        await pool.execute("VACUUM (ANALYZE) tallies", timeout=None)  # as autovacuum would within a minute
    await pool.close()
    return told, time.perf_counter() - began


def _show(what: str, told: tuple[Recount, float]) -> None:
    found, seconds = told
    print(f"  {what}: {found.states:,} states, {found.wrong_cells:,} cells differed, {seconds:.0f} s", flush=True)


def _drain(here: Ground, place: Place, processes: Processes, today: date) -> Run:
    """Commands about today through Kafka, until the last one is answered."""
    orders = list(islice(_orders(today, _COMMANDS, _SEED), _COMMANDS))
    began = time.perf_counter()
    walkins.produce(here.stack.kafka, place.prefix + "intake.commands", orders)
    done = Watch(here.stack.kafka, place.prefix, len(orders), 1, processes).until_answered()
    taken = time.perf_counter() - began
    found = drain_check.read(here.stack.kafka, place.prefix)
    faults = drain_check.faults_of_answers(found, [order.id for order in orders])
    print(f"  {len(orders):,} commands answered in {taken:.0f} s {'; '.join(faults)}", flush=True)
    return Run("commands", len(orders) / taken, faults if done else ("not finished in time", *faults))


def _ask(asker: Asker, today: date) -> list[Run]:
    for asked in questions(today, _EACH, _SEED):
        asker.ask(asked)
    return _told(asker.answers)


def _look_on(here: Ground, place: Place, processes: Processes, address: str, today: date) -> Run:
    """Greeters look at their lobbies while commands flow."""
    count = _FLOW_RATE * _FLOW_SECONDS
    orders = list(islice(_orders(today, count, _SEED + 1), count))
    asker, chance = Asker(address), random.Random(_SEED)
    with ThreadPoolExecutor(1) as beside:
        flowing = beside.submit(in_child, send, here.stack.kafka, place.prefix, orders, _FLOW_RATE)
        while not flowing.done():
            asker.ask(dashboard(chance))
            time.sleep(_ASK_SECONDS)
        flowing.result()
    done = Watch(here.stack.kafka, place.prefix, _COMMANDS + count, 1, processes).until_answered()
    (run,) = _told(asker.answers)
    return run if done else Run(run.contender, run.rate, ("commands not answered in time", *run.faults))


def _told(answers: Answers) -> list[Run]:
    """A line for each kind of question; its rate is the p95."""
    for failed in answers.failed[:3]:
        print(f"  NOT ANSWERED {failed}")
    runs = []
    for kind, p95 in answers.p95().items():
        faults = tuple(each for each in answers.failed if each.startswith(kind))[:1]
        runs.append(Run(kind, p95, faults, {"asked": len(answers.took_ms[kind])}))
        print(f"  p95 {p95:>8.1f} ms  {kind}{'  FAULTS' if faults else ''}", flush=True)
    return runs


def _judge(runs: list[Run], wrong: tuple[Recount, float], requests: int) -> Bar:
    lobby = runs[-1]
    worst = max(run.rate for run in runs[1:-1])
    clean = not any(run.faults for run in runs) and wrong[0].wrong_cells == 0
    holds = worst <= P95_MS and lobby.rate <= DASHBOARD_P95_MS and clean
    print(f"  slowest p95 {worst:.0f} ms, dashboard {lobby.rate:.0f} ms: {'holds' if holds else 'FAILS'}")
    ratios = {"slowest p95 / 200 ms": worst / P95_MS, "dashboard p95 / 50 ms": lobby.rate / DASHBOARD_P95_MS}
    return Bar(worst, f"ms p95 over {requests:,} requests", {}, ratios, BAR, holds, described(runs))


def _orders(today: date, count: int, seed: int) -> Iterator[walkins.Order]:
    """A day of the whole state, large enough, its offices side by side and each visit's steps apart."""
    offices = state()
    each = count / 2.5 / sum(place.weight for place in offices)
    contacts = [contact for place in offices for contact in contacts_on(place, today, each * place.weight + 3, seed)]
    random.Random(seed).shuffle(contacts)
    said = [
        (number + step * _LAG, number, step, command)
        for number, contact in enumerate(contacts)
        for step, command in enumerate(commands_of(contact))
    ]
    for _, _, _, command in sorted(said, key=lambda entry: entry[:3]):
        body = json.dumps(command.data).encode()
        yield walkins.Order(walkins.fresh_id(), command.type, command.key, command.actor, body)


@contextmanager
def _asking(port: int) -> Iterator[Asker]:
    """Once the service is ready."""
    address, deadline = f"http://127.0.0.1:{port}", time.monotonic() + _READY_SECONDS_MAX
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{address}/health/ready", trust_env=False).status_code == 200:
                break
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    yield Asker(address)
