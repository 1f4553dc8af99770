"""B1: commands lie in the topic; one service drains them until the last fact and receipt are on theirs."""

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import asyncpg

from access.keys import NewSender, SenderFiles, write_senders
from access.proofs import sign_proof
from bench import drain_check, walkins
from bench.draining import Watch
from bench.harness import Bar, Run, described, median, ratio, rounds, show
from casebus_deploy.topics import create_topics
from casebus_testing.stack import Stack
from chassis.migrate import migrate
from chassis.partitions import keep_partitions
from intake.app import MIGRATIONS

NAIVE, HAND, OURS = "naive FastStream service", "hand loop", "intake, relay inside"
APART = "intake, relay apart"
HAND_PROOFS, OURS_PROOFS = "hand loop, RS256 proofs", "intake, relay inside, RS256 proofs"
BAR = ">= 20x the naive service; >= 0.65x the hand loop, relay inside, without proofs; no loss, repeat or order fault"

_TEMPLATE: Final = "b1_empty"
_WARM_UP: Final = 2_000
_NAIVE_WARM_UP: Final = 100
_STOP_SECONDS_MAX: Final = 20.0


@dataclass(frozen=True)
class Contender:
    """Processes that drain the commands, and what they are told."""

    name: str
    modules: tuple[tuple[str, ...], ...]
    warm_up: int = _WARM_UP
    proofs: bool = False
    relay: str = "inside"


@dataclass(frozen=True)
class Bench:
    """What all runs share."""

    stack: Stack
    files: SenderFiles
    logs: Path


def run(stack: Stack, count: int = 3, *, full: bool = False) -> dict[str, Bar]:
    """Run the rounds and judge them."""
    visits, naive_visits, proof_visits = (25_000, 1_500, 10_000) if full else (10_000, 625, 6_000)
    print(
        f"B1 drain: {visits * walkins.STEPS:,} commands about {visits:,} walk-ins in {walkins.OFFICES} offices "
        f"(naive: {naive_visits * walkins.STEPS:,}; with proofs: {proof_visits * walkins.STEPS:,})"
    )
    asyncio.run(_prepare(stack))
    with tempfile.TemporaryDirectory(prefix="b1-") as folder:
        bench = Bench(stack, write_senders(Path(folder), [NewSender(walkins.SENDER)]), Path(folder))
        naive = Contender(NAIVE, (("bench.peers.naive",),), warm_up=_NAIVE_WARM_UP)
        hand, ours = Contender(HAND, (("bench.peers.hand",),)), Contender(OURS, (("bench.ours",),))
        apart = Contender(APART, (("bench.ours",), ("bench.ours", "relay")), relay="apart")
        runs = rounds(
            {
                NAIVE: partial(_drain, bench, naive, walkins.orders(naive_visits)),
                HAND: partial(_drain, bench, hand, walkins.orders(visits)),
                OURS: partial(_drain, bench, ours, walkins.orders(visits)),
                APART: partial(_drain, bench, apart, walkins.orders(visits)),
            },
            count,
        )
        runs += _with_proofs(bench, proof_visits, count)
    show(runs)
    return {"B1": _judge(runs)}


def _with_proofs(bench: Bench, visits: int, count: int) -> list[Run]:
    """The same with a signed proof each. Signed here at once: a proof is good for five minutes."""
    signed = _sign(bench, walkins.orders(visits))
    hand = Contender(HAND_PROOFS, (("bench.peers.hand",),), proofs=True)
    ours = Contender(OURS_PROOFS, (("intake",),), proofs=True)
    contenders: dict[str, Callable[[int], Run]] = {
        HAND_PROOFS: partial(_drain, bench, hand, signed),
        OURS_PROOFS: partial(_drain, bench, ours, signed),
    }
    return rounds(contenders, count)


def _judge(runs: list[Run]) -> Bar:
    ratios = {NAIVE: ratio(runs, OURS, NAIVE), HAND: ratio(runs, OURS, HAND)}
    clean = not any(run.faults for run in runs if run.contender in (OURS, APART, OURS_PROOFS))
    holds = ratios[NAIVE] >= 20 and ratios[HAND] >= 0.65 and clean
    told = {
        f"{APART} / {HAND}": ratio(runs, APART, HAND),
        f"{OURS_PROOFS} / {HAND_PROOFS}": ratio(runs, OURS_PROOFS, HAND_PROOFS),
    }
    verdict = "holds" if holds else "FAILS"
    print(f"  ratios: {ratios[NAIVE]:.1f}x naive, {ratios[HAND]:.2f} of the hand loop: {verdict}")
    print("  " + ", ".join(f"{name}: {value:.2f}" for name, value in told.items()))
    peers = {name: median(runs, name) for name in (NAIVE, HAND, APART, HAND_PROOFS, OURS_PROOFS)}
    return Bar(median(runs, OURS), "commands/s", peers, {**ratios, **told}, BAR, holds, described(runs))


def _drain(bench: Bench, contender: Contender, orders: list[walkins.Order], number: int) -> Run:
    """One contender, one round: its own database, its own topics."""
    name = f"b1_{contender.name}_{number}".replace(" ", "_").replace(",", "").lower()
    prefix, dsn = f"{name}.", bench.stack.create_database(name, template=_TEMPLATE)
    asyncio.run(create_topics(bench.stack.kafka, [walkins.SENDER], prefix))
    walkins.produce(bench.stack.kafka, prefix + "intake.commands", orders)
    with ExitStack() as processes:
        begun = [_begin(bench, contender, module, dsn, prefix, name) for module in contender.modules]
        for process in begun:
            processes.callback(_end, process)
        watch = Watch(bench.stack.kafka, prefix, len(orders), contender.warm_up, begun)
        finished = watch.until_drained() and asyncio.run(drain_check.outbox_emptied(dsn))
    found = drain_check.read(bench.stack.kafka, prefix)
    faults = asyncio.run(drain_check.faults(dsn, found, [order.id for order in orders]))
    bench.stack.drop_database(name)
    if not finished:
        print((bench.logs / f"{name}.log").read_text()[-3_000:])
        return Run(contender.name, float("nan"), ("not finished in time", *faults))
    notes = {"commands": len(orders), "processor_us_per_command": watch.processor_us}
    return Run(contender.name, found.rate(contender.warm_up), faults, notes)


def _begin(
    bench: Bench, contender: Contender, module: tuple[str, ...], dsn: str, prefix: str, name: str
) -> "subprocess.Popen[bytes]":
    settings = {
        "CASEBUS_KAFKA": bench.stack.kafka,
        "CASEBUS_DATABASE": dsn,
        "CASEBUS_TOPIC_PREFIX": prefix,
        "CASEBUS_SENDERS": str(bench.files.senders),
        "CASEBUS_RELAY": contender.relay,
        "CASEBUS_LOG_LEVEL": "warning",
    }
    if contender.proofs or "bench.ours" in module:
        settings["CASEBUS_JWKS"] = str(bench.files.jwks)
    log = (bench.logs / f"{name}.log").open("ab")
    environment = {**os.environ, **settings}
    return subprocess.Popen([sys.executable, "-m", *module], env=environment, stdout=log, stderr=log)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _sign(bench: Bench, orders: list[walkins.Order]) -> list[walkins.Order]:
    pem = bench.files.signing_keys[walkins.SENDER].read_bytes()
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        return list(pool.map(partial(_signed, pem), orders, chunksize=500))


def _signed(pem: bytes, order: walkins.Order) -> walkins.Order:
    kid = NewSender(walkins.SENDER).kid
    return replace(
        order, proof=sign_proof(pem, kid, walkins.SENDER, order.actor, order.id, order.type, order.key, order.body)
    )


async def _prepare(stack: Stack) -> None:
    """An empty database of the service with its directory, to be copied."""
    dsn = stack.create_database(_TEMPLATE)
    await asyncio.to_thread(migrate, dsn, [MIGRATIONS])
    connection = await asyncpg.connect(dsn)
    await keep_partitions(connection, datetime.now(UTC))
    await connection.close()
    await walkins.fill_directory(dsn)
