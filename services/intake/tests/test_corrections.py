"""Wrong times are put right."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from access.directory import Staff
from casebus_contracts import CorrectTimes, TimedAction, VisitServing, WalkinTimed
from chassis.rules import Decided, Decision, Invalid, Refused, Unchanged, cancel_timer, decide, set_timer
from intake.examples import (
    ADAIR,
    ALL_ROUNDER,
    CENTRAL,
    CLERK,
    CRU,
    GREETER,
    LEFT,
    MANAGER,
    MERIT,
    MINUTE,
    NINE,
    OFFERED,
    ON_HOLD,
    ONE_IS_SERVED,
    ONE_WAITS,
    SECOND,
    SERVED,
    SERVING,
    SPECIALIST,
    SUPERVISOR,
    WAITING,
    WALK_IN,
)
from intake.intervals import closed
from intake.lobby import Lobby
from intake.request import Request, VisitStatus
from intake.times import correct_times

CORRECT = CorrectTimes(request_id=WALK_IN.id, office_id="ADAIR", reason="read off the wrong clock")
TEN_PAST = NINE + 10 * MINUTE
HALF_PAST = NINE + 30 * MINUTE
HOUR = 60 * MINUTE
ALL_CLOCKS = (cancel_timer("waiting"), cancel_timer("serving"), cancel_timer("closing"))


def correct(actor: Staff = SUPERVISOR, request: Request = SERVED, **times: datetime) -> Decision:
    return correct_times(
        request, ONE_IS_SERVED, ADAIR, OFFERED, CORRECT.model_copy(update=times), actor, NINE + 30 * MINUTE
    )


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


@pytest.mark.rule("I-48")
@pytest.mark.parametrize("actor", [SUPERVISOR, MANAGER, CENTRAL])
def test_a_supervisor_corrects_the_end_of_a_visit(actor: Staff) -> None:
    assert correct(actor, time_out=HALF_PAST) == decide(
        replace(
            SERVED,
            time_out=HALF_PAST,
            correction_reason="read off the wrong clock",
            intervals=closed(SERVING.intervals, HALF_PAST),
        ),
        WalkinTimed(
            request_id=WALK_IN.id,
            office_id="ADAIR",
            ticket=1,
            action=TimedAction.CORRECTED,
            at=HALF_PAST,
            staff_id=actor.id,
            wait_seconds=600,
            service_seconds=1200,
            accurate=True,
            previous_at=NINE + 25 * MINUTE,
        ),
        guard=ONE_IS_SERVED.finish(WALK_IN.id, HALF_PAST, 1200, accurate=True),
        timers=ALL_CLOCKS,
    )


def test_a_corrected_beginning_is_told_with_the_former_one() -> None:
    fact = timed(correct(time_in=NINE + 5 * MINUTE))

    assert (fact.at, fact.previous_at) == (NINE + 5 * MINUTE, TEN_PAST)
    assert (fact.wait_seconds, fact.service_seconds) == (300, 1200)


def test_of_two_corrected_times_the_end_is_told() -> None:
    fact = timed(correct(time_in=NINE + 5 * MINUTE, time_out=HALF_PAST))

    assert (fact.at, fact.previous_at) == (HALF_PAST, NINE + 25 * MINUTE)
    assert (fact.wait_seconds, fact.service_seconds) == (300, 1500)


def test_a_corrected_beginning_of_a_visit_that_goes_on_moves_its_limit() -> None:
    outcome = correct(request=SERVING, time_in=NINE + 5 * MINUTE)

    assert isinstance(outcome, Decided)
    assert request_after(outcome).visit_status is VisitStatus.SERVING
    assert set_timer("serving", NINE + 5 * MINUTE + 4 * HOUR) in outcome.timers


def test_a_forgotten_time_out_is_put_in() -> None:
    outcome = correct(request=SERVING, time_out=HALF_PAST)

    assert request_after(outcome).visit_status is VisitStatus.SERVED
    assert lobby_after(outcome).serving == ()
    assert timed(outcome).previous_at is None


def test_a_forgotten_time_in_is_put_in() -> None:
    command = CORRECT.model_copy(update={"time_in": TEN_PAST})
    outcome = correct_times(WAITING, ONE_WAITS, ADAIR, OFFERED, command, SUPERVISOR, NINE + 30 * MINUTE)

    assert isinstance(outcome, Decided)
    assert [type(fact) for fact in outcome.facts] == [VisitServing, WalkinTimed]
    assert lobby_after(outcome) == ONE_IS_SERVED


def test_a_correction_may_reach_far_back() -> None:
    long_ago = replace(SERVED, arrived_at=NINE - timedelta(days=40))

    assert timed(correct(request=long_ago, time_in=NINE - timedelta(days=39))).previous_at == TEN_PAST


@pytest.mark.rule("I-30", "I-26", "I-43")
@pytest.mark.parametrize(
    ("actor", "rule"),
    [
        (CLERK, "I-30"),
        (ALL_ROUNDER, "I-30"),
        (GREETER, "I-30"),
        (SPECIALIST, "I-26"),
        (MERIT, "I-26"),
        (CRU, "I-43"),
        (replace(SUPERVISOR, office_id="BOONE"), "I-26"),
    ],
)
def test_nobody_below_a_supervisor_corrects_times(actor: Staff, rule: str) -> None:
    own = replace(SERVED, interviewer=SPECIALIST.id)

    assert correct(actor, own, time_out=HALF_PAST) == Refused(rule, "")


@pytest.mark.rule("INV-I1")
@pytest.mark.parametrize(
    "times",
    [
        {"time_in": NINE - SECOND},
        {"time_in": NINE + 25 * MINUTE + SECOND},
        {"time_out": TEN_PAST - SECOND},
        {"time_in": HALF_PAST, "time_out": HALF_PAST - SECOND},
    ],
)
def test_corrected_times_are_in_order(times: dict[str, datetime]) -> None:
    assert correct(**times) == Refused("INV-I1", "")


@pytest.mark.rule("INV-I2")
def test_an_end_is_not_put_in_without_a_beginning() -> None:
    assert correct(request=WAITING, time_out=HALF_PAST) == Refused("INV-I2", "")


@pytest.mark.rule("INV-I1")
@pytest.mark.parametrize("request_", [WALK_IN, LEFT], ids=["not come", "left"])
def test_a_visit_that_was_not_timed_has_nothing_to_correct(request_: Request) -> None:
    assert correct(request=request_, time_in=TEN_PAST) == Refused("INV-I1", "")


def test_a_correction_to_the_same_times_changes_nothing() -> None:
    assert correct(time_in=TEN_PAST, time_out=NINE + 25 * MINUTE) == Unchanged()


def test_a_correction_names_a_time() -> None:
    assert correct() == Invalid("time_in", "")


@pytest.mark.rule("L-03")
def test_a_correction_to_the_same_day_makes_a_visit_accurate_again() -> None:
    overnight = replace(SERVED, time_out=NINE + timedelta(days=1), accurate=False)

    outcome = correct(request=overnight, time_out=HALF_PAST)

    assert request_after(outcome).accurate
    assert [each.seconds for each in lobby_after(outcome).service_times] == [1200]


def test_both_forgotten_times_are_put_in_at_once() -> None:
    times = {"time_in": TEN_PAST, "time_out": HALF_PAST}
    command = CORRECT.model_copy(update=times)
    outcome = correct_times(WAITING, ONE_WAITS, ADAIR, OFFERED, command, SUPERVISOR, HALF_PAST)

    assert isinstance(outcome, Decided)
    assert [type(fact) for fact in outcome.facts] == [VisitServing, WalkinTimed]
    assert (lobby_after(outcome).waiting, request_after(outcome).visit_status) == ((), VisitStatus.SERVED)


def test_a_corrected_beginning_leaves_a_visit_on_hold() -> None:
    outcome = correct(request=ON_HOLD, time_in=NINE + 5 * MINUTE)

    assert isinstance(outcome, Decided)
    assert [type(fact) for fact in outcome.facts] == [WalkinTimed]
    assert (request_after(outcome).visit_status, request_after(outcome).time_in) == (
        VisitStatus.ON_HOLD,
        NINE + 5 * MINUTE,
    )
    assert outcome.timers == (cancel_timer("waiting"), set_timer("serving", NINE + 5 * MINUTE + 4 * HOUR))


def test_a_beginning_is_put_into_a_visit_that_closing_time_ended() -> None:
    at_five = NINE + 8 * HOUR
    forgotten = replace(
        WAITING,
        visit_status=VisitStatus.AUTO_CLOSED,
        auto_closed_at=at_five,
        intervals=closed(WAITING.intervals, at_five),
    )
    outcome = correct(request=forgotten, time_in=TEN_PAST)

    assert isinstance(outcome, Decided)
    assert [type(fact) for fact in outcome.facts] == [VisitServing, WalkinTimed]
    assert (request_after(outcome).visit_status, outcome.timers) == (VisitStatus.AUTO_CLOSED, ())
