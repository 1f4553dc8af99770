"""Intake is away for an hour while the offices work on: afterwards times and tickets are those of the hour itself."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest_asyncio
from flow import ZONE, Flow, WalkIn

from casebus_testing.settling import settled
from casebus_testing.system import System

REAL_SECONDS = 30
"""What a slow machine may add between two steps of the story."""


@dataclass(frozen=True)
class Hour:
    """What was sent while intake was away, and when, by the system's time."""

    first: WalkIn
    second: WalkIn
    third: WalkIn
    sent_at: dict[str, datetime]
    restarted_at: datetime


@pytest_asyncio.fixture(scope="module")
async def hour(flow: Flow, system: System) -> AsyncIterator[Hour]:
    """Three come at 9:00, 9:10 and 9:30; two are served at 9:20 and 9:50; intake is back at 10:00."""
    flow.open_a_new_day()
    first, second, third = WalkIn(), WalkIn(), WalkIn()
    await flow.accepted(*(walk_in.create() for walk_in in (first, second, third)))
    await system.end("intake")
    story = [(0, first.check_in()), (10, second.check_in()), (10, first.time_in())]
    story += [(10, third.check_in()), (20, second.time_in())]
    sent_at = {}
    for minutes, order in story:
        system.clock.shift(timedelta(minutes=minutes))
        sent_at[f"{order.type} {order.record_key}"] = system.clock.now()
        await flow.sender.send(order)
    system.clock.shift(timedelta(minutes=10))
    restarted_at = system.clock.now()
    await system.start("intake")
    for _, order in story:
        assert (await flow.sender.receipt(order.id)).outcome == "accepted"
    yield Hour(first, second, third, sent_at, restarted_at)


async def test_after_an_outage_waits_are_as_if_there_had_been_none(flow: Flow, hour: Hour) -> None:
    timed = [await flow.witness.saw("walkin.timed", walk_in.request_id) for walk_in in (hour.first, hour.second)]

    assert [round_down(told["wait_seconds"]) for told in timed] == [20 * 60, 40 * 60]


def round_down(seconds: int) -> int:
    """To whole minutes, after taking off what the machine took."""
    assert seconds % 60 < REAL_SECONDS
    return seconds // 60 * 60


async def test_times_are_those_at_which_a_message_reached_us(flow: Flow, hour: Hour) -> None:
    for walk_in in (hour.first, hour.second, hour.third):
        waiting = await flow.witness.saw("visit.waiting", walk_in.request_id)
        late = datetime.fromisoformat(waiting["at"]) - hour.sent_at[f"CheckIn {walk_in.request_id}"]
        assert timedelta(milliseconds=-1) <= late < timedelta(seconds=REAL_SECONDS)


async def test_after_an_outage_tickets_are_as_if_there_had_been_none(flow: Flow, hour: Hour) -> None:
    walk_ins = (hour.first, hour.second, hour.third)
    waiting = [await flow.witness.saw("visit.waiting", walk_in.request_id) for walk_in in walk_ins]

    assert [told["ticket"] for told in waiting] == [1, 2, 3]


async def test_no_clock_fires_before_the_backlog_in_front_of_it_is_read(flow: Flow, hour: Hour) -> None:
    # The third one has waited half an hour by now: that alarm is right. The first was served in time.
    late = await flow.witness.saw("visit.overdue", hour.third.request_id, kind="waiting")
    await settled(flow.system)

    assert datetime.fromisoformat(late["at"]) - datetime.fromisoformat(late["since"]) == timedelta(minutes=30)
    assert flow.witness.all_of("visit.overdue", hour.first.request_id) == []


async def test_an_hour_without_intake_alerts_nobody_about_a_visit_that_was_served_in_time(
    flow: Flow, hour: Hour
) -> None:
    query = "SELECT subject_id, recipients FROM alerts WHERE subject_id = ANY($1)"
    await flow.witness.saw("visit.overdue", hour.third.request_id, kind="waiting")
    await settled(flow.system)

    alerted = await flow.rows("notifications", query, [hour.first.request_id, hour.third.request_id])

    assert [subject for subject, _ in alerted] == [hour.third.request_id]


async def test_a_backlog_from_before_midnight_has_tickets_of_that_day(flow: Flow, system: System) -> None:
    flow.open_a_new_day(hour=23)
    evening, night, morning = WalkIn(), WalkIn(), WalkIn()
    await flow.accepted(*(walk_in.create() for walk_in in (evening, night, morning)))
    await system.end("intake")
    for hours, walk_in in ((0, evening), (2, night), (8, morning)):
        system.clock.shift(timedelta(hours=hours))
        await flow.sender.send(walk_in.check_in())
    await system.start("intake")

    waiting = [await flow.witness.saw("visit.waiting", walk_in.request_id) for walk_in in (evening, night, morning)]

    days = [local_day(told) for told in waiting]
    assert days == [days[0], days[0] + timedelta(days=1), days[0] + timedelta(days=1)]
    assert [told["ticket"] for told in waiting] == [1, 1, 2]


def local_day(told: dict[str, Any]) -> datetime:
    at = datetime.fromisoformat(told["at"]).astimezone(ZONE)
    return datetime(at.year, at.month, at.day, tzinfo=UTC)


async def test_what_comes_over_http_after_the_outage_stands_behind_the_backlog(flow: Flow, system: System) -> None:
    flow.open_a_new_day()
    waited, came = WalkIn(), WalkIn()
    await flow.accepted(waited.create(), came.create())
    await system.end("intake")
    await flow.sender.send(waited.check_in())
    system.clock.shift(timedelta(hours=1))
    await system.start("intake")
    await flow.witness.saw("visit.waiting", waited.request_id)

    status, _ = await flow.post(came.check_in())

    told = await flow.witness.saw("visit.waiting", came.request_id)
    assert (status, told["ticket"], told["people_ahead"]) == (200, 2, 1)
