"""`casebus where ID` on a running system."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
import pytest_asyncio
from flow import ADAIR, Flow, WalkIn
from terminal import casebus

from casebus_cli.orders import Order
from casebus_contracts.receipts import Receipt
from casebus_testing.sample import sample
from casebus_testing.system import System
from casebus_testing.waiting import eventually


@dataclass(frozen=True)
class Thread:
    """A walk-in that waited too long, and the alert about it."""

    request_id: str
    alert_id: str
    check_in: Receipt


@pytest_asyncio.fixture(scope="module")
async def thread(flow: Flow) -> AsyncIterator[Thread]:
    flow.open_a_new_day()
    walk_in = WalkIn()
    _, receipt = await flow.accepted(walk_in.create(), walk_in.check_in())
    flow.system.clock.shift(timedelta(minutes=31))
    alert = await flow.witness.saw_any("alert.raised", subject={"type": "request", "id": walk_in.request_id})
    await flow.witness.saw("alert.delivered", alert["alert_id"])
    yield Thread(walk_in.request_id, str(alert["alert_id"]), receipt)


async def where(system: System, id_: str) -> list[str]:
    """The lines of the tree."""
    said = await casebus(system, "where", id_)
    assert (said.status, said.err) == (0, "")
    return said.out.splitlines()


def depth(line: str) -> int:
    return next(place for place, letter in enumerate(line) if letter.isalnum() or letter == "(")


def line_of(lines: list[str], *words: str) -> str:
    (found,) = [line for line in lines if all(word in line for word in words)]
    return found


async def test_a_request_shows_what_each_command_caused(system: System, thread: Thread) -> None:
    lines = await where(system, thread.request_id)

    command, fact = line_of(lines, "CheckIn"), line_of(lines, "visit.waiting #2")
    assert lines.index(fact) == lines.index(command) + 1
    assert depth(fact) > depth(command)
    assert "intake: accepted" in command
    assert "answered on receipts.guest[" in command
    assert "visit.waiting[" in fact


async def test_what_another_service_made_of_it_hangs_below_its_cause(system: System, thread: Thread) -> None:
    lines = await where(system, thread.request_id)

    clock, overdue, raised = [line_of(lines, word) for word in ("(a clock)", "visit.overdue #", "alert.raised #1")]
    assert depth(clock) < depth(overdue) < depth(raised)
    assert "notifications: done" in overdue
    assert thread.alert_id in raised


async def test_clocks_that_are_set_and_deliveries_are_told_without_addresses(system: System, thread: Thread) -> None:
    lines = await where(system, thread.request_id)

    assert "(intake)" in line_of(lines, "closing of request/")
    assert "sent" in line_of(lines, "email", f"to {sample().staff[ADAIR]['supervisor']}")
    assert not [line for line in lines if "@casebus" in line or "@example" in line or ".test" in line]


async def test_an_alert_shows_the_fact_and_the_clock_that_led_to_it(system: System, thread: Thread) -> None:
    lines = await where(system, thread.alert_id)

    assert [line_of(lines, word) for word in ("(a clock)", "visit.overdue", "alert.raised")]
    assert not [line for line in lines if "CreateRequest" in line]


async def test_a_command_shows_its_own_consequences_alone(system: System, thread: Thread) -> None:
    lines = await where(system, thread.check_in.command_id)

    assert line_of(lines, "CheckIn")
    assert line_of(lines, "visit.waiting #2")
    assert not [line for line in lines if "request.created" in line]


async def test_a_member_of_staff_shows_who_has_heard_of_the_last_change(system: System) -> None:
    lines = await where(system, sample().staff[ADAIR]["supervisor"])

    # Directory facts are told again now and then, under their own number: the first time is meant.
    fact = next(line for line in lines if "staff.upserted #1" in line)
    assert "intake: done" in fact
    assert "notifications: done" in fact


async def test_a_refusal_names_its_rule_and_no_value(flow: Flow) -> None:
    order = WalkIn(actor=sample().staff[ADAIR]["supervisor"]).create(reasons=["no such reason"])
    receipt = await flow.ask(order)

    command = line_of(await where(flow.system, order.id), "CreateRequest")

    assert f"intake: {receipt.outcome}" in command
    assert "no such reason" not in command


async def test_a_service_that_is_down_has_not_read_it_yet(flow: Flow) -> None:
    flow.system.kill("notifications")
    walk_in = WalkIn()
    await flow.accepted(walk_in.create(), walk_in.check_in(), walk_in.time_in())
    await flow.witness.saw("walkin.timed", walk_in.request_id)

    lines = await where(flow.system, walk_in.request_id)

    assert "notifications: not read yet" in line_of(lines, "walkin.timed #")
    await flow.system.start("notifications")

    async def read() -> bool:
        return "notifications: done" in line_of(await where(flow.system, walk_in.request_id), "walkin.timed #")

    await eventually(read, within=20)


@pytest.mark.parametrize("id_", ["nobody", "0197c9a0-0000-7000-8000-00000000000a"])
async def test_an_id_nobody_knows_is_said_so(system: System, id_: str) -> None:
    said = await casebus(system, "where", id_)

    assert (said.status, said.out.splitlines()[0]) == (1, f"Nothing is known of {id_}.")


async def test_a_command_that_cannot_be_handled_is_shown_with_its_lane(flow: Flow) -> None:
    order = Order("TimeIn", {}, "nobody")
    lane = f"intake.commands/{order.id}"
    await flow.rows(
        "intake",
        "INSERT INTO lanes (lane, state, type, fingerprint, attempts, next_try_at) "
        "VALUES ($1, 'quarantined', 'TimeIn', 'ValueError@times.py:1', 8, now())",
        lane,
    )
    await flow.rows(
        "intake",
        "INSERT INTO parked (lane, message_id, sender, type, message, now) "
        "VALUES ($1, $2, 'guest', 'TimeIn', '', now())",
        lane,
        order.id,
    )

    lines = await where(flow.system, order.id)

    assert "quarantined" in line_of(lines, "TimeIn", lane, "ValueError@times.py:1")
    said = await casebus(flow.system, "flows", "--once")
    assert (said.status, lane in said.out) == (1, True)
    await flow.rows("intake", "DELETE FROM parked WHERE lane = $1", lane)
    await flow.rows("intake", "DELETE FROM lanes WHERE lane = $1", lane)
