"""A release that fails nearly a third of all lanes stops by itself; after the mend nothing is lost."""

from collections import Counter
from dataclasses import dataclass

import pytest
import pytest_asyncio
from flow import Flow, WalkIn
from releases import bad_release, good_release
from terminal import Said, casebus

from casebus_testing.checker import Places, Verdict, check
from casebus_testing.places import describe
from casebus_testing.waiting import eventually

COMMANDS = 2000
BROKEN_SHARE = "0.3"
MOST_PARKED = 300
"""A fifth of what a release without a circuit would park."""
DONE = "SELECT count(*) FROM inbox WHERE topic = 'intake.commands' AND id = ANY($1::uuid[])"


@dataclass(frozen=True)
class Stopped:
    """What was seen while the circuit was open, and when all was over."""

    ready: list[str]
    live: int
    door: tuple[int, str, str]
    parked: int
    left_in_topic: int
    operators: Said
    redriven: Said
    outcomes: Counter[str]
    verdict: Verdict


@pytest_asyncio.fixture(scope="module")
async def stopped(parking: Flow) -> Stopped:
    """2,000 commands meet a bad release; when it has stopped, a good one takes over and the lanes are tried again."""
    await bad_release(parking.system, BROKEN_SHARE, CASEBUS_BATCH_RECORDS="100")
    ids = await parking.sender.send_all([WalkIn().create() for _ in range(COMMANDS)])
    ready = await eventually(lambda: problems(parking), within=30, what="intake says that it takes nothing in")
    live = (await parking.http.get(f"{parking.system.processes['intake'].http}/health/live")).status_code
    door = await at_the_door(parking)
    ((parked,),) = await parking.rows("intake", "SELECT count(*) FROM parked")
    ((done,),) = await parking.rows("intake", DONE, ids)
    operators = await casebus(parking.system, "parked", "ls", "--service", "intake")
    await good_release(parking.system)
    redriven = await casebus(parking.system, "parked", "redrive", "--yes", "--rate", "1000")
    outcomes = Counter([(await parking.sender.receipt(id_)).outcome for id_ in ids])
    verdict = await check(Places.of(describe(parking.system)), settle_seconds=30)
    return Stopped(ready, live, door, int(parked), COMMANDS - int(done), operators, redriven, outcomes, verdict)


async def problems(flow: Flow) -> list[str]:
    """Why intake is not ready; nothing when it is."""
    answer = await flow.http.get(f"{flow.system.processes['intake'].http}/health/ready")
    return list(answer.json()["problems"]) if answer.status_code == 503 else []


async def at_the_door(flow: Flow) -> tuple[int, str, str]:
    """What somebody hears who comes over HTTP: status, reason, when to come again."""
    address = f"{flow.system.processes['intake'].http}/v1/commands"
    token = (await casebus(flow.system, "token", "adair-greeter")).out.strip()
    answer = await flow.http.post(address, json={}, headers={"authorization": f"Bearer {token}"})
    return answer.status_code, str(answer.json()["reason"]), answer.headers["retry-after"]


async def test_a_bad_release_says_that_it_is_not_ready_and_why(stopped: Stopped) -> None:
    assert any("circuit is open" in problem for problem in stopped.ready)


async def test_a_bad_release_is_not_restarted_for_it(stopped: Stopped) -> None:
    assert stopped.live == 200


async def test_a_bad_release_sends_whoever_comes_over_http_away_for_a_while(stopped: Stopped) -> None:
    assert stopped.door == (503, "no commands are taken in: too many fail", "60")


async def test_a_bad_release_does_not_empty_the_topic_into_the_parking_lot(stopped: Stopped) -> None:
    assert stopped.parked <= MOST_PARKED
    assert stopped.left_in_topic > COMMANDS // 2


async def test_while_the_circuit_is_open_operators_can_look(stopped: Stopped) -> None:
    assert (stopped.operators.status, "LookupError" in stopped.operators.out) == (0, True)


async def test_after_the_mend_every_command_is_done(stopped: Stopped) -> None:
    assert stopped.outcomes == {"accepted": COMMANDS}


async def test_after_the_mend_nothing_is_lost_and_nothing_doubled(stopped: Stopped) -> None:
    assert stopped.verdict.clean, stopped.verdict.report()


@pytest.mark.usefixtures("stopped")
async def test_after_the_mend_nothing_is_parked_and_intake_is_ready(parking: Flow) -> None:
    assert await parking.rows("intake", "SELECT count(*) FROM lanes") == [(0,)]
    assert await problems(parking) == []
