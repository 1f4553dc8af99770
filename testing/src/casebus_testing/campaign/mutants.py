"""Mutants of intake, each under a short scenario chosen to expose it; the checker must catch every one.

The mutants themselves are in tests/helpers/mutants. What each is caught by is listed there and in the checker's page.
"""

import asyncio
import os
import random
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeAlias

import httpx

from casebus_cli.client import Sender, bearer, connect
from casebus_cli.orders import Order, structured
from casebus_cli.stack import Stack as Place
from casebus_cli.stack import find_stack
from casebus_testing.campaign.field import POINTS_VARIABLE, SENDERS, Field, points_file
from casebus_testing.campaign.load import Load, Sent, publish, visitor
from casebus_testing.checker import Places, Verdict, check
from casebus_testing.places import NAME, describe
from casebus_testing.sample.loading import load_sample_directory
from casebus_testing.settling import settled
from casebus_testing.stack import Stack
from casebus_testing.system import SERVICES, System
from casebus_testing.waiting import eventually

HELPERS: Final = Path(__file__).parents[4] / "tests" / "helpers"
VARIABLE: Final = "CASEBUS_MUTANT"
SETTLE_SECONDS: Final = 10.0
GOOD: Final = "none"
WITHOUT_ALERTS: Final = ("staffing", "intake")
VISITORS: Final = 12
LIMIT: Final = timedelta(minutes=31)
SHOWN: Final = 100


@dataclass
class Trial:
    """One mutant at work."""

    field: Field
    place: Place
    env: Mapping[str, str]

    @property
    def sender(self) -> Sender:
        """Who sends."""
        return self.field.guest

    async def back(self) -> None:
        """The mutant takes the place of whoever ran."""
        await self.field.system.start("intake", module="mutants", env=self.env)

    async def falls_at(self, point: str) -> None:
        """It dies where it is told, and comes back."""
        await eventually(lambda: self.field.fallen("intake"), within=30, what=f"intake falls {point}")
        await self.back()

    async def send(self, *orders: Order) -> None:
        """Over Kafka, in this order."""
        await self.sender.send_all(orders)

    async def post(self, orders: list[Order]) -> None:
        """Over HTTP, one after the other."""
        async with httpx.AsyncClient(timeout=20, trust_env=False) as http:
            for order in orders:
                headers = {
                    "content-type": "application/cloudevents+json",
                    "authorization": f"Bearer {bearer(self.place, 'guest', order.actor)}",
                }
                with suppress(httpx.HTTPError):
                    door = self.field.system.processes["intake"].http
                    await http.post(f"{door}/v1/commands", json=structured(order, "guest"), headers=headers)


Scenario: TypeAlias = Callable[[Trial], Awaitable[None]]


def visitors(seed: int, number: int = VISITORS) -> list[list[Order]]:
    """So many visits from beginning to end."""
    chance = random.Random(seed)
    return [story for _ in range(number * 3) if len(story := visitor(chance)) > 2][:number]


async def everything_twice(trial: Trial) -> None:
    """Every command comes a second time."""
    orders = [order for story in visitors(1) for order in story]
    await trial.send(*orders)
    await settled_or_not(trial)
    await trial.send(*orders)


def dies_at(point: str) -> Scenario:
    """The service is killed at a point while there is work."""

    async def play(trial: Trial) -> None:
        trial.field.arm("intake", point)
        falling = asyncio.create_task(trial.falls_at(point))
        await trial.send(*(order for story in visitors(2) for order in story))
        await falling

    return play


async def both_doors(trial: Trial) -> None:
    """Visits come over both doors at once, so that transactions overlap."""
    stories = visitors(3, 60)
    doors = [
        trial.post([order for story in stories[start : start + 5] for order in story]) for start in range(0, 30, 5)
    ]

    async def kafka() -> None:
        for story in stories[30:]:
            await trial.send(*story)
            await asyncio.sleep(0.1)

    await asyncio.gather(kafka(), *doors)


async def crowded_lobby(trial: Trial) -> None:
    """Many who wait are served at once, over both doors: every step changes the lobby that they share."""
    stories = visitors(9, 120)
    await trial.send(*(order for story in stories for order in story[:2]))
    await settled_or_not(trial)
    doors = [trial.post([order for story in stories[start::8] for order in story[2:]]) for start in range(6)]
    by_kafka = [order for story in stories[6::8] + stories[7::8] for order in story[2:]]
    await asyncio.gather(trial.send(*by_kafka), *doors)


async def outage(trial: Trial) -> None:
    """Commands wait while nobody reads them."""
    await trial.field.system.end("intake")
    await trial.send(*(order for story in visitors(4) for order in story))
    await asyncio.sleep(1)
    await trial.back()


async def served_in_an_outage(trial: Trial) -> None:
    """Somebody waits, the service is away, they are served; then the limit passes and the service comes back."""
    stories = visitors(5)
    await trial.send(*(order for story in stories for order in story[:2]))
    await settled_or_not(trial)
    await trial.field.system.end("intake")
    await trial.send(*(story[2] for story in stories))
    trial.field.system.clock.shift(LIMIT)
    await trial.back()


async def limit_passes_and_dies(trial: Trial) -> None:
    """People wait past the limit; the service dies inside the transaction of their clocks."""
    await trial.send(*(order for story in visitors(6) for order in story[:2]))
    await settled_or_not(trial)
    trial.field.arm("intake", "inside-transaction")
    trial.field.system.clock.shift(LIMIT)
    await trial.falls_at("inside-transaction")


async def one_fails_at_first(trial: Trial) -> None:
    """Of each visitor's changes the first fails for a while."""
    for story in visitors(7, 4):
        request_id, actor = story[0].data["request_id"], story[0].actor
        changes = [
            Order("UpdateRequest", {"request_id": request_id, "comments": text}, actor)
            for text in ("FAILS AT FIRST", "comes after")
        ]
        await trial.send(story[0], *changes)


async def forged(trial: Trial) -> None:
    """Proofs of one command are sent with another."""
    for story in visitors(8):
        first, second = story[0], replace(story[0], id=story[1].id, data={**story[0].data, "comments": "forged"})
        headers = trial.sender.signature.headers(first)
        key = first.record_key.encode()
        await publish(trial.sender, Sent(first.topic, key, first.body, headers))
        named = [(name, second.id.encode() if name == "ce_id" else value) for name, value in headers]
        await publish(trial.sender, Sent(first.topic, key, second.body, named))


SCENARIOS: Final[Mapping[str, Scenario]] = MappingProxyType(
    {
        "inbox-dropped": everything_twice,
        "acknowledged-first": dies_at("inside-transaction"),
        "relay-by-cursor": both_doors,
        "relay-deletes-first": dies_at("relay-after-send"),
        "local-clock": outage,
        "upsert-without-version": crowded_lobby,
        "followers-overtake": one_fails_at_first,
        "claim-apart": limit_passes_and_dies,
        "timers-before-backlog": served_in_an_outage,
        "receipts-reencoded": outage,
        "proof-not-checked": forged,
        "outbox-apart": dies_at("before-commit"),
    }
)


async def hunt(only: str = "") -> int:
    """Every scenario with its mutant, and once without one; 1 if any is not caught, or the good one is."""
    missed: list[str] = []

    def chosen(name: str) -> bool:
        return not only or name in only.split(",")

    trials = [(name, scenario) for name, scenario in SCENARIOS.items() if chosen(name)]
    trials += [(GOOD, scenario) for scenario in dict.fromkeys(SCENARIOS.values()) if chosen(GOOD)]
    with tempfile.TemporaryDirectory(prefix="casebus-mutants-") as folder:
        stack = Stack.start(Path(folder) / "servers")
        try:
            for number, (name, scenario) in enumerate(trials):
                verdict = await _try(stack, Path(folder), name, scenario, number)
                told = _caught(verdict) if name != GOOD else f"under {scenario.__name__}: {verdict.report(3)}"
                print(f"{name}: {told}", flush=True)
                missed += [f"{name} ({scenario.__name__})"] if verdict.clean is (name != GOOD) else []
        finally:
            stack.stop()
    print(f"wrong: {', '.join(missed)}" if missed else "every mutant was caught, and no false alarm was given")
    return 1 if missed else 0


def _caught(verdict: Verdict) -> str:
    if verdict.clean:
        return "NOT CAUGHT"
    first = next(iter([*verdict.lost, *verdict.doubled, *verdict.disordered, *verdict.other]))
    return f"caught: {verdict.line}; the first: {first[:SHOWN]}"


async def _try(stack: Stack, folder: Path, name: str, scenario: Scenario, number: int) -> Verdict:
    run_dir = folder / f"run-{number}"
    path = os.pathsep.join(filter(None, (str(HELPERS), os.environ.get("PYTHONPATH"))))
    env = {VARIABLE: name, "PYTHONPATH": path, "CASEBUS_GROUP_INSTANCE": "first", "CASEBUS_BATCH_RECORDS": "20"}
    env |= {POINTS_VARIABLE: str(points_file(run_dir, "intake"))}
    prefix = f"m{number}."
    services = SERVICES if scenario in (served_in_an_outage, limit_passes_and_dies) else WITHOUT_ALERTS
    launching = System.launch(run_dir, stack=stack, prefix=prefix, services=services, senders=SENDERS[:1])
    async with await launching as system:
        await load_sample_directory(system)
        await system.end("intake")
        place = find_stack(str(system.run_dir / NAME))
        async with connect(place, "guest") as guest:
            chance = random.Random(number)
            trial = Trial(Field(system, Load(chance, 0), guest, guest, chance), place, env)
            await trial.back()
            await scenario(trial)
            await settled_or_not(trial)
        return await check(Places.of(describe(system)), 2.0 if name != GOOD else 20.0)


async def settled_or_not(trial: Trial) -> None:
    """A mutant may never come to rest."""
    with suppress(AssertionError):
        await settled(trial.field.system, SETTLE_SECONDS)
