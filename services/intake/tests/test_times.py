"""Walk-ins are timed in and out: by whom, and in which order."""

from dataclasses import replace
from datetime import datetime

import pytest

from access.directory import SYSTEM, Staff
from casebus_contracts import TimedAction, TimeIn, TimeOut, VisitServing, WalkinTimed
from chassis.rules import Decided, Decision, Invalid, Refused, Unchanged, cancel_timer, decide, set_timer
from intake.examples import (
    ADAIR,
    ALL_ROUNDER,
    BOONE_CLERK,
    CENTRAL,
    CLERK,
    CRU,
    EMPTY,
    GREETER,
    LEFT,
    MANAGER,
    MERIT,
    MINUTE,
    NINE,
    OFFERED,
    ONE_IS_SERVED,
    ONE_WAITS,
    OTHER_SPECIALIST,
    SECOND,
    SERVED,
    SERVING,
    SPECIALIST,
    SUPERVISOR,
    WAITING,
    WALK_IN,
)
from intake.request import Request, VisitStatus
from intake.times import time_in, time_out

IN = TimeIn(request_id=WALK_IN.id, office_id="ADAIR")
OUT = TimeOut(request_id=WALK_IN.id, office_id="ADAIR")
TEN_PAST = NINE + 10 * MINUTE
HOUR = 60 * MINUTE
ALL_CLOCKS = (cancel_timer("waiting"), cancel_timer("serving"), cancel_timer("closing"))


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


def timed(outcome: Decision) -> WalkinTimed:
    assert isinstance(outcome, Decided)
    fact = outcome.facts[-1]
    assert isinstance(fact, WalkinTimed)
    return fact


@pytest.mark.rule("I-29")
def test_a_clerk_times_a_visitor_in() -> None:
    assert begin() == decide(
        SERVING,
        VisitServing(request_id=WALK_IN.id, office_id="ADAIR", ticket=1, at=TEN_PAST, staff_id="adair-clerical"),
        WalkinTimed(
            request_id=WALK_IN.id,
            office_id="ADAIR",
            ticket=1,
            action=TimedAction.TIME_IN,
            at=TEN_PAST,
            staff_id="adair-clerical",
            wait_seconds=600,
            accurate=True,
        ),
        guard=ONE_IS_SERVED,
        timers=(cancel_timer("waiting"), set_timer("serving", TEN_PAST + 4 * HOUR)),
    )


@pytest.mark.rule("I-29")
def test_a_clerk_times_a_visitor_out() -> None:
    done = NINE + 25 * MINUTE

    assert end() == decide(
        SERVED,
        WalkinTimed(
            request_id=WALK_IN.id,
            office_id="ADAIR",
            ticket=1,
            action=TimedAction.TIME_OUT,
            at=done,
            staff_id="adair-clerical",
            wait_seconds=600,
            service_seconds=900,
            accurate=True,
        ),
        guard=ONE_IS_SERVED.finish(WALK_IN.id, done, 900, accurate=True),
        timers=ALL_CLOCKS,
    )


@pytest.mark.rule("I-29", "I-26")
@pytest.mark.parametrize("actor", [CLERK, ALL_ROUNDER, GREETER, SUPERVISOR, MANAGER, CENTRAL, SYSTEM])
def test_those_with_clerical_duties_and_those_above_time_walk_ins(actor: Staff) -> None:
    assert (timed(begin(actor)).staff_id, timed(end(actor)).staff_id) == (actor.id, actor.id)


@pytest.mark.rule("I-36")
@pytest.mark.parametrize("place", ["interviewer", "caseworker"])
def test_a_specialist_times_a_walk_in_of_their_own(place: str) -> None:
    own = {place: SPECIALIST.id}

    assert isinstance(begin(SPECIALIST, request=replace(WAITING, **own)), Decided)
    assert isinstance(end(SPECIALIST, request=replace(SERVING, **own)), Decided)


@pytest.mark.rule("I-36")
@pytest.mark.parametrize("owner", [OTHER_SPECIALIST.id, None])
def test_a_specialist_times_nobody_elses_walk_in(owner: str | None) -> None:
    assert begin(SPECIALIST, request=replace(WAITING, interviewer=owner)) == Refused("I-36", "")
    assert end(SPECIALIST, request=replace(SERVING, interviewer=owner)) == Refused("I-36", "")


@pytest.mark.rule("I-43", "I-26")
@pytest.mark.parametrize(("actor", "rule"), [(CRU, "I-43"), (MERIT, "I-26"), (BOONE_CLERK, "I-26")])
def test_others_time_nothing(actor: Staff, rule: str) -> None:
    assert begin(actor) == Refused(rule, "")
    assert end(actor) == Refused(rule, "")


@pytest.mark.rule("I-36")
def test_timing_in_makes_nobody_the_interviewer() -> None:
    assert request_after(begin(ALL_ROUNDER)).interviewer is None


def test_times_speak_of_the_office_of_the_request() -> None:
    elsewhere = {"office_id": "BOONE"}

    assert time_in(WAITING, EMPTY, ADAIR, IN.model_copy(update=elsewhere), CLERK, TEN_PAST) == Invalid("office_id", "")
    assert time_out(SERVING, EMPTY, ADAIR, OFFERED, OUT.model_copy(update=elsewhere), CLERK, TEN_PAST) == Invalid(
        "office_id", ""
    )


@pytest.mark.rule("INV-I1")
@pytest.mark.parametrize("request_", [WALK_IN, LEFT], ids=["not come", "left"])
def test_who_is_not_here_is_not_timed_in(request_: Request) -> None:
    assert begin(request=request_) == Refused("INV-I1", "")


@pytest.mark.rule("INV-I1")
def test_service_may_begin_on_arrival() -> None:
    assert timed(begin(at=NINE)).wait_seconds == 0


@pytest.mark.rule("INV-I1")
def test_service_does_not_begin_before_arrival() -> None:
    assert begin(at=NINE - SECOND) == Refused("INV-I1", "")


@pytest.mark.rule("INV-I1")
def test_service_may_end_when_it_begins() -> None:
    assert timed(end(at=TEN_PAST)).service_seconds == 0


@pytest.mark.rule("INV-I1")
def test_service_does_not_end_before_it_begins() -> None:
    """Time in at 9:10, time out at 9:05."""
    assert end(at=NINE + 5 * MINUTE, now=NINE + 12 * MINUTE) == Refused("INV-I1", "")


@pytest.mark.rule("INV-I1", "INV-I2")
@pytest.mark.parametrize("request_", [WALK_IN, WAITING, LEFT], ids=lambda each: str(each.visit_status))
def test_who_was_not_timed_in_is_not_timed_out(request_: Request) -> None:
    assert end(request=request_) == Refused("INV-I2", "")


@pytest.mark.rule("INV-I1")
def test_who_left_while_being_served_is_not_timed_out() -> None:
    assert end(request=replace(SERVING, visit_status=VisitStatus.LEFT)) == Refused("INV-I1", "")


@pytest.mark.rule("INV-I3")
@pytest.mark.parametrize("at", [None, TEN_PAST])
@pytest.mark.parametrize("request_", [SERVING, SERVED], ids=["serving", "served"])
def test_timing_in_again_changes_nothing(request_: Request, at: datetime | None) -> None:
    assert begin(at=at, request=request_, now=NINE + 3 * HOUR) == Unchanged()


@pytest.mark.rule("INV-I3")
@pytest.mark.parametrize("at", [TEN_PAST - SECOND, TEN_PAST + SECOND])
@pytest.mark.parametrize("actor", [CLERK, SUPERVISOR])
def test_timing_in_again_at_another_time_is_refused(actor: Staff, at: datetime) -> None:
    assert begin(actor, at=at, request=SERVING) == Refused("INV-I3", "")


@pytest.mark.rule("INV-I3")
@pytest.mark.parametrize("at", [None, NINE + 25 * MINUTE])
def test_timing_out_again_changes_nothing(at: datetime | None) -> None:
    assert end(at=at, request=SERVED, now=NINE + 3 * HOUR) == Unchanged()


@pytest.mark.rule("INV-I3")
@pytest.mark.parametrize("at", [NINE + 24 * MINUTE, NINE + 26 * MINUTE])
@pytest.mark.parametrize("actor", [CLERK, SUPERVISOR])
def test_timing_out_again_at_another_time_is_refused(actor: Staff, at: datetime) -> None:
    assert end(actor, at=at, request=SERVED) == Refused("INV-I3", "")
