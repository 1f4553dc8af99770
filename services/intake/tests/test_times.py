"""Walk-ins are timed in and out, and wrong times corrected."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from access.directory import SYSTEM, Staff
from casebus_contracts import CorrectTimes, OfficeSettings, TimedAction, TimeIn, TimeOut, VisitServing, WalkinTimed
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
from intake.lobby import Lobby
from intake.request import Request, VisitStatus
from intake.times import correct_times, time_in, time_out

IN = TimeIn(request_id=WALK_IN.id, office_id="ADAIR")
OUT = TimeOut(request_id=WALK_IN.id, office_id="ADAIR")
CORRECT = CorrectTimes(request_id=WALK_IN.id, office_id="ADAIR", reason="read off the wrong clock")
TEN_PAST = NINE + 10 * MINUTE
HALF_PAST = NINE + 30 * MINUTE
HOUR = 60 * MINUTE
ALL_CLOCKS = (cancel_timer("waiting"), cancel_timer("serving"), cancel_timer("closing"))


def begin(
    actor: Staff = CLERK, at: datetime | None = None, request: Request = WAITING, now: datetime = TEN_PAST
) -> Decision:
    return time_in(request, ONE_WAITS, ADAIR, IN.model_copy(update={"at": at}), actor, now)


def end(
    actor: Staff = CLERK, at: datetime | None = None, request: Request = SERVING, now: datetime = NINE + 25 * MINUTE
) -> Decision:
    return time_out(request, ONE_IS_SERVED, ADAIR, OUT.model_copy(update={"at": at}), actor, now)


def correct(actor: Staff = SUPERVISOR, request: Request = SERVED, **times: datetime) -> Decision:
    return correct_times(request, ONE_IS_SERVED, ADAIR, CORRECT.model_copy(update=times), actor)


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
    assert time_out(SERVING, EMPTY, ADAIR, OUT.model_copy(update=elsewhere), CLERK, TEN_PAST) == Invalid(
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


@pytest.mark.rule("I-48")
@pytest.mark.parametrize("actor", [SUPERVISOR, MANAGER, CENTRAL])
def test_a_supervisor_corrects_the_end_of_a_visit(actor: Staff) -> None:
    assert correct(actor, time_out=HALF_PAST) == decide(
        replace(SERVED, time_out=HALF_PAST, correction_reason="read off the wrong clock"),
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
    outcome = correct_times(WAITING, ONE_WAITS, ADAIR, CORRECT.model_copy(update={"time_in": TEN_PAST}), SUPERVISOR)

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
