"""One thread through three services: somebody waits too long, and the right people hear of it."""

import asyncio
import mailbox
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from flow import ADAIR, BOONE, Flow, WalkIn

from casebus_cli.orders import Order
from casebus_testing.expecting import Expect
from casebus_testing.plugin import ExpectNone
from casebus_testing.sample import entries, sample
from casebus_testing.settling import settled
from casebus_testing.system import System

GREETER, SUPERVISOR = sample().staff[ADAIR]["rc_greeter"], sample().staff[ADAIR]["supervisor"]
CENTRAL = sample().staff[ADAIR]["central"]
LIMIT = timedelta(minutes=30)


def address_of(staff_id: str) -> str:
    (member,) = [e["data"] for e in entries() if e["type"] == "UpsertStaff" and e["data"]["staff_id"] == staff_id]
    return str(member["work_email"])


@dataclass(frozen=True)
class Alarm:
    """A walk-in nobody called for 31 minutes, and the alert about it."""

    walk_in: WalkIn
    arrived_at: datetime
    alert: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.alert["alert_id"])


@pytest_asyncio.fixture(scope="module")
async def alarm(flow: Flow) -> AsyncIterator[Alarm]:
    yield await left_waiting(flow)


async def left_waiting(flow: Flow, office: str = ADAIR) -> Alarm:
    """Somebody takes a ticket in the morning; then nothing happens for 31 minutes."""
    flow.open_a_new_day()
    walk_in = WalkIn(office)
    await flow.accepted(walk_in.create(), walk_in.check_in())
    waiting = await flow.witness.saw("visit.waiting", walk_in.request_id)
    flow.system.clock.shift(LIMIT + timedelta(minutes=1))
    alert = await flow.witness.saw_any(
        "alert.raised", rule="A-14", subject={"type": "request", "id": walk_in.request_id}
    )
    return Alarm(walk_in, datetime.fromisoformat(waiting["at"]), alert)


def acknowledge(alarm: Alarm, actor: str) -> Order:
    return Order("Acknowledge", {"alert_id": alarm.id}, actor)


async def test_the_visit_is_overdue_when_the_limit_of_its_office_has_passed(flow: Flow, alarm: Alarm) -> None:
    overdue = await flow.witness.saw("visit.overdue", alarm.walk_in.request_id)

    assert (overdue["kind"], overdue["office_id"]) == ("waiting", ADAIR)
    assert datetime.fromisoformat(overdue["since"]) == alarm.arrived_at
    assert datetime.fromisoformat(overdue["at"]) == alarm.arrived_at + LIMIT


@pytest.mark.rule("A-14", "INV-N2")
async def test_the_alert_goes_to_greeters_and_supervisors_of_that_office_alone(alarm: Alarm) -> None:
    assert (alarm.alert["rule"], alarm.alert["office_id"]) == ("A-14", ADAIR)
    assert sorted(alarm.alert["recipients"]) == sorted([GREETER, SUPERVISOR])


@pytest.mark.rule("INV-N4")
async def test_the_alert_names_office_and_request_and_nobody(alarm: Alarm) -> None:
    assert alarm.walk_in.request_id in alarm.alert["text"]
    assert ADAIR in alarm.alert["text"]


async def test_a_mail_lies_in_the_box_of_each_recipient(system: System, flow: Flow, alarm: Alarm) -> None:
    for recipient in (GREETER, SUPERVISOR):
        await flow.witness.saw("alert.delivered", alarm.id, recipient=recipient, channel="email")

    letters = [each for each in mailbox.Maildir(system.mailbox) if alarm.walk_in.request_id in each.as_string()]
    assert sorted(str(each["To"]) for each in letters) == sorted(map(address_of, (GREETER, SUPERVISOR)))
    assert len({each["Message-ID"] for each in letters}) == 2


async def test_the_facts_of_an_alert_are_numbered_without_a_gap(flow: Flow, alarm: Alarm) -> None:
    await flow.witness.saw("alert.delivered", alarm.id, recipient=GREETER)
    await flow.witness.saw("alert.delivered", alarm.id, recipient=SUPERVISOR)

    assert flow.witness.numbers("alert.raised", alarm.id) == [1]
    assert flow.witness.numbers("alert.delivered", alarm.id) == [2, 3]


async def test_who_did_not_get_the_alert_cannot_take_it_on(flow: Flow, alarm: Alarm) -> None:
    for stranger in (sample().staff[BOONE]["supervisor"], sample().staff[ADAIR]["clerical"], CENTRAL):
        refused = await flow.ask(acknowledge(alarm, stranger))
        assert (refused.outcome, refused.rule) == ("refused", "I-26")


async def test_over_http_who_did_not_get_the_alert_is_answered_403(flow: Flow, alarm: Alarm) -> None:
    status, answer = await flow.post(acknowledge(alarm, sample().staff[BOONE]["rc_greeter"]))

    assert (status, answer["rule"]) == (403, "I-26")


async def test_a_recipient_takes_it_on_and_service_ends_it(flow: Flow) -> None:
    alarm = await left_waiting(flow)

    await flow.accepted(acknowledge(alarm, SUPERVISOR))
    taken = await flow.witness.saw("alert.acknowledged", alarm.id)
    await flow.accepted(alarm.walk_in.time_in())
    ended = await flow.witness.saw("alert.resolved", alarm.id)

    timed = await flow.witness.saw("walkin.timed", alarm.walk_in.request_id)
    assert (taken["by"], ended["cause"]) == (SUPERVISOR, "walkin.timed")
    assert timed["wait_seconds"] >= timedelta(minutes=31).total_seconds()


async def test_who_leaves_ends_the_alert_too(flow: Flow) -> None:
    alarm = await left_waiting(flow, BOONE)
    leaving = {"request_id": alarm.walk_in.request_id, "office_id": BOONE, "stage": "waiting"}

    await flow.accepted(Order("LeaveVisit", leaving, sample().staff[BOONE]["rc_greeter"]))

    assert (await flow.witness.saw("alert.resolved", alarm.id))["cause"] == "visit.left"


async def test_who_is_served_in_time_raises_no_alert(flow: Flow, expect: Expect, expect_none: ExpectNone) -> None:
    flow.open_a_new_day()
    served, waits = WalkIn(), WalkIn()
    await flow.accepted(served.create(), served.check_in(), waits.create(), waits.check_in(), served.time_in())
    flow.system.clock.shift(LIMIT + timedelta(minutes=1))

    await expect("alert.raised", subject={"type": "request", "id": waits.request_id})
    await expect_none("alert.raised", subject={"type": "request", "id": served.request_id})


def hired(staff_id: str, **changed: object) -> Order:
    """Central Office says who somebody is."""
    member = {
        "staff_id": staff_id,
        "name": "Greta Lindholm",
        "work_email": f"{staff_id}@adair.example.org",
        "role": "rc_greeter",
        "office_id": ADAIR,
        "positions": [],
        "active": True,
    }
    return Order("UpsertStaff", {**member, **changed}, CENTRAL)


async def test_somebody_new_may_act_as_soon_as_the_service_knows_them(flow: Flow) -> None:
    walk_in = WalkIn(actor="adair-new-greeter")
    unknown = await flow.ask(walk_in.create())

    await flow.accepted(hired("adair-new-greeter"))
    await flow.directory_says("adair-new-greeter", lambda member: bool(member["active"]))

    assert (unknown.outcome, unknown.rule) == ("refused", "I-07")
    await flow.accepted(walk_in.create())


async def test_somebody_dismissed_may_not_act_any_more(flow: Flow) -> None:
    walk_in = WalkIn(actor="adair-leaver")
    await flow.accepted(hired("adair-leaver"))
    await flow.directory_says("adair-leaver", lambda member: bool(member["active"]))
    await flow.accepted(walk_in.create())

    await flow.accepted(hired("adair-leaver", active=False))
    await flow.directory_says("adair-leaver", lambda member: not member["active"])

    refused = await flow.ask(walk_in.check_in())
    assert (refused.outcome, refused.rule) == ("refused", "I-07")


async def test_another_role_counts_for_the_next_message(flow: Flow) -> None:
    walk_in = WalkIn(actor="adair-changer")
    await flow.accepted(hired("adair-changer"))
    await flow.directory_says("adair-changer", lambda member: member["role"] == "rc_greeter")
    await flow.accepted(walk_in.create())

    await flow.accepted(hired("adair-changer", role="rent_coordinator"))
    await flow.directory_says("adair-changer", lambda member: member["role"] == "rent_coordinator")

    refused = await flow.ask(walk_in.check_in())
    assert (refused.outcome, refused.rule) == ("refused", "I-26")


async def test_alerts_go_to_those_who_work_there_now(flow: Flow) -> None:
    await flow.accepted(hired("boone-second-supervisor", role="supervisor", office_id=BOONE))
    await flow.accepted(hired("boone-former-greeter", office_id=BOONE, active=False))
    await flow.directory_says("boone-second-supervisor", lambda member: member["role"] == "supervisor")
    await flow.directory_says("boone-former-greeter", lambda member: not member["active"])

    alarm = await left_waiting(flow, BOONE)

    staff = sample().staff[BOONE]
    expected = [staff["rc_greeter"], staff["supervisor"], "boone-second-supervisor"]
    assert sorted(alarm.alert["recipients"]) == sorted(expected)


async def test_many_overdue_at_once_are_one_alert_each(flow: Flow) -> None:
    flow.open_a_new_day()
    walk_ins = [WalkIn() for _ in range(12)]
    await flow.sender.send_all([order for each in walk_ins for order in (each.create(), each.check_in())])
    await asyncio.gather(*(flow.witness.saw("visit.waiting", each.request_id) for each in walk_ins))

    flow.system.clock.shift(LIMIT + timedelta(minutes=1))

    await settled(flow.system)
    raised = "SELECT count(*), count(DISTINCT id) FROM alerts WHERE subject_id = ANY($1)"
    assert await flow.rows("notifications", raised, [each.request_id for each in walk_ins]) == [(12, 12)]
    assert await flow.rows("notifications", "SELECT count(*) FROM deliveries WHERE state <> 'sent'") == [(0,)]
