"""B1: commands lie in the topic; one service drains them until the last fact and receipt are on theirs."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from typing import Final

from access.keys import NewSender
from access.proofs import sign_proof
from bench import contending, drain_check, walkins
from bench.contending import Contender, Ground, ground
from bench.draining import Watch
from bench.harness import Bar, Run, described, median, ratio, rounds, show
from casebus_testing.stack import Stack

NAIVE, HAND, OURS = "naive FastStream service", contending.HAND.name, contending.OURS.name
APART = "intake, relay apart"
HAND_PROOFS, OURS_PROOFS = "hand loop, RS256 proofs", "intake, relay inside, RS256 proofs"
BAR = ">= 20x the naive service; >= 0.65x the hand loop, relay inside, without proofs; no loss, repeat or order fault"

_WARM_UP: Final = 2_000
_NAIVE_WARM_UP: Final = 100


def run(stack: Stack, count: int = 3, *, full: bool = False) -> dict[str, Bar]:
    """Run the rounds and judge them."""
    visits, naive_visits, proof_visits = (25_000, 1_500, 10_000) if full else (10_000, 625, 6_000)
    print(
        f"B1 drain: {visits * walkins.STEPS:,} commands about {visits:,} walk-ins in {walkins.OFFICES} offices "
        f"(naive: {naive_visits * walkins.STEPS:,}; with proofs: {proof_visits * walkins.STEPS:,})"
    )
    naive = Contender(NAIVE, (("bench.peers.naive",),))
    apart = Contender(APART, (("bench.ours",), ("bench.ours", "relay")), relay="apart")
    with ground(stack) as here:
        runs = rounds(
            {
                NAIVE: partial(_drain, here, naive, walkins.orders(naive_visits), warm_up=_NAIVE_WARM_UP),
                HAND: partial(_drain, here, contending.HAND, walkins.orders(visits)),
                OURS: partial(_drain, here, contending.OURS, walkins.orders(visits)),
                APART: partial(_drain, here, apart, walkins.orders(visits)),
            },
            count,
        )
        runs += _with_proofs(here, proof_visits, count)
    show(runs)
    return {"B1": _judge(runs)}


def _with_proofs(here: Ground, visits: int, count: int) -> list[Run]:
    """The same with a signed proof each. Signed here at once: a proof is good for five minutes."""
    signed = _sign(here, walkins.orders(visits))
    hand = Contender(HAND_PROOFS, (("bench.peers.hand",),), proofs=True)
    ours = Contender(OURS_PROOFS, (("intake",),), proofs=True)
    contenders: dict[str, Callable[[int], Run]] = {
        HAND_PROOFS: partial(_drain, here, hand, signed),
        OURS_PROOFS: partial(_drain, here, ours, signed),
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


def _drain(
    here: Ground, contender: Contender, orders: list[walkins.Order], number: int, *, warm_up: int = _WARM_UP
) -> Run:
    """One contender, one round: its own database, its own topics."""
    with here.place(f"b1_{contender.name}_{number}") as place:
        walkins.produce(here.stack.kafka, place.prefix + "intake.commands", orders)
        with here.running(contender, place) as processes:
            watch = Watch(here.stack.kafka, place.prefix, len(orders), warm_up, processes)
            finished = watch.until_drained() and asyncio.run(drain_check.outbox_emptied(place.dsn))
        found = drain_check.read(here.stack.kafka, place.prefix)
        faults = asyncio.run(drain_check.faults(place.dsn, found, [order.id for order in orders]))
    if not finished:
        print(place.log.read_text()[-3_000:])
        return Run(contender.name, float("nan"), ("not finished in time", *faults))
    notes = {"commands": len(orders), "processor_us_per_command": watch.processor_us}
    return Run(contender.name, found.rate(warm_up), faults, notes)


def _sign(here: Ground, orders: list[walkins.Order]) -> list[walkins.Order]:
    pem = here.files.signing_keys[walkins.SENDER].read_bytes()
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        return list(pool.map(partial(_signed, pem), orders, chunksize=500))


def _signed(pem: bytes, order: walkins.Order) -> walkins.Order:
    kid = NewSender(walkins.SENDER).kid
    return replace(
        order, proof=sign_proof(pem, kid, walkins.SENDER, order.actor, order.id, order.type, order.key, order.body)
    )
