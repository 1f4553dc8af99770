"""How far from now a given time may lie (Q38), and visits that end on a later day (Q35)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from access.directory import Staff
from casebus_contracts import OfficeSettings, TimeIn, TimeOut, WalkinTimed
from chassis.rules import Decided, Decision, Refused, set_timer
from intake.examples import (
    ADAIR,
    ALL_ROUNDER,
    CENTRAL,
    CLERK,
    GREETER,
    MANAGER,
    MINUTE,
    NINE,
    OFFERED,
    ONE_IS_SERVED,
    ONE_WAITS,
    SECOND,
    SERVING,
    SPECIALIST,
    SUPERVISOR,
    WAITING,
    WALK_IN,
)
from intake.lobby import Lobby
from intake.request import Request
from intake.times import time_in, time_out

IN = TimeIn(request_id=WALK_IN.id, office_id="ADAIR")
OUT = TimeOut(request_id=WALK_IN.id, office_id="ADAIR")
TEN_PAST = NINE + 10 * MINUTE
HOUR = 60 * MINUTE


def begin(
    actor: Staff = CLERK, at: datetime | None = None, request: Request = WAITING, now: datetime = TEN_PAST
) -> Decision:
    return time_in(request, ONE_WAITS, ADAIR, IN.model_copy(update={"at": at}), actor, now)


def end(
    actor: Staff = CLERK, at: datetime | None = None, request: Request = SERVING, now: datetime = NINE + 25 * MINUTE
) -> Decision:
    return time_out(request, ONE_IS_SERVED, ADAIR, OFFERED, OUT.model_copy(update={"at": at}), actor, now)


def request_after(outcome: Decision) -> Request:
    assert isinstance(outcome, Decided)
    request = outcome.states[0]
    assert isinstance(request, Request)
    return request


def lobby_after(outcome: Decision) -> Lobby:
    assert isinstance(outcome, Decided)
    lobby = outcome.states[-1]
    assert isinstance(lobby, Lobby)
    return lobby


def timed(outcome: Decision) -> WalkinTimed:
    assert isinstance(outcome, Decided)
    fact = outcome.facts[-1]
    assert isinstance(fact, WalkinTimed)
    return fact


NOW = NINE + 20 * MINUTE
LONG_SERVED = replace(SERVING, time_in=NINE)
WITHIN = [NOW - 15 * MINUTE, NOW + 5 * SECOND]
OUTSIDE = [NOW - 15 * MINUTE - SECOND, NOW + 5 * SECOND + timedelta(milliseconds=1)]


@pytest.mark.rule("I-29", "I-30")
@pytest.mark.parametrize("at", WITHIN)
def test_a_time_may_lie_fifteen_minutes_back_and_five_seconds_ahead(at: datetime) -> None:
    assert timed(begin(at=at, now=NOW)).at == at
    assert timed(end(at=at, request=LONG_SERVED, now=NOW)).at == at


@pytest.mark.rule("I-30")
@pytest.mark.parametrize("at", OUTSIDE)
@pytest.mark.parametrize("actor", [CLERK, ALL_ROUNDER, GREETER])
def test_who_may_not_edit_times_gives_none_farther_away(actor: Staff, at: datetime) -> None:
    assert begin(actor, at=at, now=NOW) == Refused("I-30", "")
    assert end(actor, at=at, request=LONG_SERVED, now=NOW) == Refused("I-30", "")


@pytest.mark.rule("I-26")
@pytest.mark.parametrize("at", OUTSIDE)
def test_a_specialist_gives_no_time_farther_away_either(at: datetime) -> None:
    own = {"interviewer": SPECIALIST.id}

    assert begin(SPECIALIST, at=at, request=replace(WAITING, **own), now=NOW) == Refused("I-26", "")
    assert end(SPECIALIST, at=at, request=replace(LONG_SERVED, **own), now=NOW) == Refused("I-26", "")


@pytest.mark.rule("I-26")
@pytest.mark.parametrize("at", OUTSIDE)
@pytest.mark.parametrize("actor", [SUPERVISOR, MANAGER, CENTRAL])
def test_who_may_edit_times_gives_any_time_in_order(actor: Staff, at: datetime) -> None:
    assert timed(begin(actor, at=at, now=NOW)).at == at
    assert timed(end(actor, at=at, request=LONG_SERVED, now=NOW)).at == at


@pytest.mark.rule("I-30")
def test_an_office_may_allow_times_farther_back() -> None:
    lenient = replace(ADAIR, settings=OfficeSettings(time_edit_back_minutes=20))

    outcome = time_in(WAITING, ONE_WAITS, lenient, IN.model_copy(update={"at": NINE}), CLERK, NOW)

    assert timed(outcome).at == NINE


@pytest.mark.rule("A-14")
def test_the_limit_of_service_runs_from_the_time_in_and_is_a_setting() -> None:
    strict = replace(ADAIR, settings=OfficeSettings(serve_limit_minutes=60))

    outcome = time_in(WAITING, ONE_WAITS, strict, IN.model_copy(update={"at": NINE}), CLERK, TEN_PAST)

    assert isinstance(outcome, Decided)
    assert set_timer("serving", NINE + HOUR) in outcome.timers


EVENING = datetime(2026, 3, 3, 5, 50, tzinfo=UTC)
"""Ten to midnight in the office."""
LATE = replace(SERVING, arrived_at=EVENING, time_in=EVENING)


@pytest.mark.rule("D-01")
def test_a_visit_may_end_at_the_last_second_of_the_local_day() -> None:
    assert timed(end(request=LATE, now=EVENING + 10 * MINUTE - SECOND)).accurate


@pytest.mark.rule("D-01", "I-30")
def test_a_clerk_ends_no_visit_on_a_later_local_day() -> None:
    assert end(request=LATE, now=EVENING + 10 * MINUTE) == Refused("I-30", "")


@pytest.mark.rule("D-01", "I-26")
def test_a_specialist_ends_no_visit_on_a_later_local_day() -> None:
    own = replace(LATE, interviewer=SPECIALIST.id)

    assert end(SPECIALIST, request=own, now=EVENING + 10 * MINUTE) == Refused("I-26", "")


@pytest.mark.rule("D-01", "L-03")
def test_a_visit_ended_on_a_later_local_day_is_inaccurate_and_counts_for_no_estimate() -> None:
    outcome = end(SUPERVISOR, request=LATE, now=EVENING + 10 * MINUTE)

    assert (timed(outcome).accurate, request_after(outcome).accurate) == (False, False)
    assert lobby_after(outcome).service_times == ()
