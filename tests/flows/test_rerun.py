"""A morning of walk-ins is played again under every fault of a plan, and ends each time as it does without one."""

import os
import random
from collections.abc import AsyncIterator
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from flow import ADAIR, ZONE, WalkIn

from casebus_cli.orders import Order
from casebus_testing.faults import Ending, FaultPlan, Stage, rerun_under_faults
from casebus_testing.sample import sample

SEED = int(os.environ.get("CASEBUS_SEED") or random.SystemRandom().randrange(10**6))
PEOPLE = sample().staff[ADAIR]
FAULTS = [fault.name for fault in FaultPlan(0)]
LEFT_OPEN = ("alerts.delivered",)
"""Which of two mails goes out first."""


async def morning(stage: Stage) -> None:
    """Eight requests are written down and given to somebody; three people come, one is served, one waits too long."""
    here = stage.clock.now().astimezone(ZONE)
    stage.clock.shift(datetime.combine(here.date() + timedelta(days=1), time(9), ZONE) - here)
    walk_ins = [WalkIn() for _ in range(8)]
    await stage.send(*(order for walk_in in walk_ins for order in written_down(walk_in)))
    await stage.all_answered()
    served, waiting, leaving = walk_ins[:3]
    for order in (served.check_in(), waiting.check_in(), leaving.check_in(), served.time_in(), leave(leaving)):
        await stage.ask(order)
    await stage.ask(served.time_out())
    stage.clock.shift(timedelta(minutes=31))


def written_down(walk_in: WalkIn) -> list[Order]:
    """A request, and the two who are to care for it one after the other."""
    return [walk_in.create(), *(assign(walk_in, PEOPLE[role]) for role in ("es", "es_clerical"))]


def assign(walk_in: WalkIn, person: str) -> Order:
    data = {"request_id": walk_in.request_id, "as": "caseworker", "staff_id": person}
    return Order("AssignRequest", data, PEOPLE["supervisor"])


def leave(walk_in: WalkIn) -> Order:
    data = {"request_id": walk_in.request_id, "office_id": ADAIR, "stage": "waiting"}
    return Order("LeaveVisit", data, PEOPLE["rc_greeter"])


@pytest_asyncio.fixture(scope="module")
async def endings(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[dict[str, Ending]]:
    """Every play, by its fault."""
    print(f"seed {SEED}")
    plan, run_dir = FaultPlan(SEED), tmp_path_factory.mktemp("rerun")
    played = await rerun_under_faults(morning, plan, run_dir=run_dir, ignore=LEFT_OPEN)
    yield {ending.fault: ending for ending in played}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_morning_ends_under_a_fault_as_without_one(endings: dict[str, Ending], fault: str) -> None:
    assert endings[fault].fell
    assert endings[fault].states == endings["no fault"].states


@pytest.mark.parametrize("fault", ["no fault", *FAULTS])
async def test_under_a_fault_nothing_is_lost_and_nothing_doubled(endings: dict[str, Ending], fault: str) -> None:
    assert endings[fault].verdict.clean, endings[fault].verdict.report()


async def test_the_morning_has_requests_facts_an_alert_and_mails(endings: dict[str, Ending]) -> None:
    """Otherwise this file compares nothing with nothing."""
    counts = {table: sum(rows.values()) for table, rows in endings["no fault"].states.items()}

    assert counts["intake.requests"] == 8
    assert counts["notifications.alerts"] == 1
    assert counts["notifications.deliveries"] == 2
    assert counts["answers"] == 30


async def test_an_ending_that_differs_is_told(endings: dict[str, Ending], tmp_path: Path) -> None:
    (row, *_) = endings["no fault"].states["intake.requests"]
    states = {**endings["no fault"].states, "intake.requests": endings["no fault"].states["intake.requests"].copy()}
    states["intake.requests"][row] -= 1

    (told,) = endings["no fault"].faults_against(states)

    assert told == f"intake.requests: too much {row}"
