"""Visitors are called to a desk, called again, sent back, put on hold."""

from dataclasses import replace

import pytest

from access.directory import SYSTEM, Staff
from casebus_contracts import (
    AssignAs,
    Hold,
    Invite,
    NoShow,
    OfficeSettings,
    Recall,
    RequestAssigned,
    RequestType,
    Resume,
    Return,
    TimeOut,
    VisitCalled,
    VisitHeld,
    VisitNoShow,
    VisitRecalled,
    VisitResumed,
    VisitReturned,
)
from chassis.rules import Decided, Decision, Invalid, Refused, cancel_timer, decide
from intake.calling import hold, invite, no_show, recall, resume, return_to_queue
from intake.examples import (
    ADAIR,
    ALL_ROUNDER,
    BOONE_CLERK,
    BOONE_SPECIALIST,
    CALLED,
    CLERK,
    CRU,
    GREETER,
    LEFT,
    MERIT,
    MINUTE,
    NINE,
    OFFERED,
    ON_HOLD,
    ONE_IS_SERVED,
    ONE_WAITS,
    OTHER_SPECIALIST,
    SERVED,
    SERVING,
    SPECIALIST,
    SUPERVISOR,
    TODAY,
    WAITING,
    WALK_IN,
)
from intake.intervals import Interval, Stay, closed, whole
from intake.lobby import Lobby
from intake.request import Request, RequestStatus, VisitStatus
from intake.times import time_out

THIS = {"request_id": WALK_IN.id, "office_id": "ADAIR"}
OUT = TimeOut(**THIS)
EIGHT_PAST, QUARTER_PAST, TWENTY_PAST = NINE + 8 * MINUTE, NINE + 15 * MINUTE, NINE + 20 * MINUTE
AT_DESK = ONE_WAITS.leave(WAITING.id)
NO_SHOW = replace(CALLED, visit_status=VisitStatus.NO_SHOW)
AUTO_CLOSED = replace(WAITING, visit_status=VisitStatus.AUTO_CLOSED)
EVERY_STATE = (WALK_IN, WAITING, CALLED, SERVING, ON_HOLD, SERVED, LEFT, NO_SHOW, AUTO_CLOSED)


def invited(actor: Staff = GREETER, request: Request = WAITING) -> Decision:
    return invite(request, ONE_WAITS, Invite(**THIS), actor, EIGHT_PAST)


def request_of(outcome: Decision) -> Request:
    assert isinstance(outcome, Decided)
    request = outcome.states[0]
    assert isinstance(request, Request)
    assert whole(request.intervals)
    return request


def lobby_of(outcome: Decision) -> Lobby:
    assert isinstance(outcome, Decided)
    lobby = outcome.states[-1]
    assert isinstance(lobby, Lobby)
    return lobby


@pytest.mark.rule("INV-I1")
def test_a_greeter_calls_one_who_waits() -> None:
    told = VisitCalled(**THIS, ticket=1, at=EIGHT_PAST, staff_id=GREETER.id)

    assert invited() == decide(CALLED, told, guard=AT_DESK)


@pytest.mark.rule("I-26", "I-34")
def test_a_specialist_who_calls_becomes_the_interviewer() -> None:
    outcome = invited(SPECIALIST)

    called = request_of(outcome)
    assert (called.interviewer, called.status) == (SPECIALIST.id, RequestStatus.ASSIGNED)
    assert isinstance(outcome, Decided)
    assert outcome.facts[1:] == (
        RequestAssigned(**THIS, as_=AssignAs.INTERVIEWER, staff_id=SPECIALIST.id, by=SPECIALIST.id, at=EIGHT_PAST),
    )


@pytest.mark.rule("I-26")
@pytest.mark.parametrize("actor", [CLERK, GREETER, ALL_ROUNDER, SUPERVISOR, SYSTEM])
def test_whoever_runs_the_queue_calls_for_others(actor: Staff) -> None:
    assert request_of(invited(actor)).interviewer is None


@pytest.mark.rule("I-26")
def test_a_specialist_calls_their_own_visitor_and_is_not_told_of_as_new() -> None:
    outcome = invited(SPECIALIST, replace(WAITING, interviewer=SPECIALIST.id))

    assert isinstance(outcome, Decided)
    assert len(outcome.facts) == 1


@pytest.mark.rule("I-26")
def test_a_specialist_does_not_call_the_visitor_of_another() -> None:
    assert invited(OTHER_SPECIALIST, replace(WAITING, interviewer=SPECIALIST.id)) == Refused("I-26", "")


@pytest.mark.rule("I-26", "I-34")
def test_the_caseworker_calls_the_visitor_of_another_interviewer_and_does_not_replace_them() -> None:
    both = replace(WAITING, interviewer=OTHER_SPECIALIST.id, caseworker=SPECIALIST.id)

    assert request_of(invited(SPECIALIST, both)).interviewer == OTHER_SPECIALIST.id


@pytest.mark.rule("I-26", "I-43")
@pytest.mark.parametrize(
    ("actor", "rule"), [(BOONE_SPECIALIST, "I-26"), (BOONE_CLERK, "I-26"), (MERIT, "I-26"), (CRU, "I-43")]
)
def test_others_call_nobody(actor: Staff, rule: str) -> None:
    assert invited(actor) == Refused(rule, "")


@pytest.mark.rule("INV-I1")
def test_who_was_sent_back_is_called_another_time() -> None:
    assert request_of(invited(request=replace(WAITING, calls=2))).calls == 3


def test_one_who_was_called_is_called_again() -> None:
    told = VisitRecalled(**THIS, ticket=1, at=QUARTER_PAST, staff_id=CLERK.id, calls=2)

    assert recall(CALLED, Recall(**THIS), CLERK, QUARTER_PAST) == decide(replace(CALLED, calls=2), told)


def test_one_who_does_not_come_is_a_no_show() -> None:
    outcome = no_show(CALLED, AT_DESK, ADAIR, OFFERED, NoShow(**THIS), CLERK, QUARTER_PAST)

    assert outcome == decide(
        replace(CALLED, visit_status=VisitStatus.NO_SHOW, intervals=closed(CALLED.intervals, QUARTER_PAST)),
        VisitNoShow(**THIS, ticket=1, at=QUARTER_PAST, staff_id=CLERK.id),
        guard=AT_DESK,
        timers=(cancel_timer("waiting"), cancel_timer("serving"), cancel_timer("closing")),
    )


@pytest.mark.parametrize(("recalls", "calls", "enough"), [(0, 1, True), (2, 2, False), (2, 3, True)])
def test_an_office_may_want_more_calls_before_a_no_show(recalls: int, calls: int, enough: bool) -> None:
    patient = replace(ADAIR, settings=OfficeSettings(recalls_before_no_show=recalls))

    outcome = no_show(replace(CALLED, calls=calls), AT_DESK, patient, OFFERED, NoShow(**THIS), CLERK, QUARTER_PAST)

    assert isinstance(outcome, Decided) if enough else outcome == Refused("INV-I1", "")


def test_one_who_was_called_goes_back_to_the_old_place_in_the_queue() -> None:
    later, _ = AT_DESK.join("later", 2, TODAY, NINE + MINUTE, QUARTER_PAST - NINE)

    outcome = return_to_queue(CALLED, later, Return(**THIS), CLERK, QUARTER_PAST)

    waits = request_of(outcome)
    assert (waits.visit_status, waits.calls, waits.arrived_at) == (VisitStatus.WAITING, 1, NINE)
    assert waits.intervals[-1] == Interval(Stay.WAITING, QUARTER_PAST, None, CLERK.id)
    newest = lobby_of(outcome).join("newest", 2, TODAY, NINE + 30 * MINUTE, QUARTER_PAST - NINE)[1]
    assert (newest.people_ahead, lobby_of(outcome).waiting[-1].arrived_at) == (2, NINE)
    assert isinstance(outcome, Decided)
    assert outcome.facts == (VisitReturned(**THIS, ticket=1, at=QUARTER_PAST, staff_id=CLERK.id),)


def test_service_pauses_and_the_desk_is_free() -> None:
    outcome = hold(SERVING, ONE_IS_SERVED, Hold(**THIS), CLERK, QUARTER_PAST)

    told = VisitHeld(**THIS, ticket=1, at=QUARTER_PAST, staff_id=CLERK.id)
    assert outcome == decide(ON_HOLD, told, guard=ONE_IS_SERVED.leave(WAITING.id))


def test_service_goes_on() -> None:
    free = ONE_IS_SERVED.leave(WAITING.id)

    outcome = resume(ON_HOLD, free, Resume(**THIS), CLERK, TWENTY_PAST)

    resumed = request_of(outcome)
    assert resumed.visit_status is VisitStatus.SERVING
    assert resumed.intervals[-1] == Interval(Stay.SERVING, TWENTY_PAST, None, CLERK.id)
    assert lobby_of(outcome).serving == (WAITING.id,)
    assert isinstance(outcome, Decided)
    assert outcome.facts == (VisitResumed(**THIS, ticket=1, at=TWENTY_PAST, staff_id=CLERK.id),)


def test_a_hold_is_no_service() -> None:
    resumed = request_of(resume(ON_HOLD, ONE_IS_SERVED, Resume(**THIS), CLERK, TWENTY_PAST))

    outcome = time_out(resumed, ONE_IS_SERVED, ADAIR, OFFERED, OUT, CLERK, NINE + 25 * MINUTE)

    assert isinstance(outcome, Decided)
    assert [getattr(fact, "service_seconds", None) for fact in outcome.facts] == [600]
    assert [each.seconds for each in lobby_of(outcome).service_times] == [600]


def test_one_on_hold_is_timed_out() -> None:
    outcome = time_out(ON_HOLD, ONE_IS_SERVED, ADAIR, OFFERED, OUT, CLERK, NINE + 25 * MINUTE)

    served = request_of(outcome)
    assert (served.visit_status, served.intervals[-1].end) == (VisitStatus.SERVED, NINE + 25 * MINUTE)


@pytest.mark.rule("INV-I1")
@pytest.mark.parametrize("request_", EVERY_STATE, ids=lambda each: str(each.visit_status))
def test_each_step_starts_from_one_state_only(request_: Request) -> None:
    """The second of two who do the same thing finds the visit moved on."""
    now = NINE + 40 * MINUTE
    outcomes = {
        VisitStatus.WAITING: [invite(request_, ONE_WAITS, Invite(**THIS), CLERK, now)],
        VisitStatus.CALLED: [
            recall(request_, Recall(**THIS), CLERK, now),
            no_show(request_, ONE_WAITS, ADAIR, OFFERED, NoShow(**THIS), CLERK, now),
            return_to_queue(request_, ONE_WAITS, Return(**THIS), CLERK, now),
        ],
        VisitStatus.SERVING: [hold(request_, ONE_WAITS, Hold(**THIS), CLERK, now)],
        VisitStatus.ON_HOLD: [resume(request_, ONE_WAITS, Resume(**THIS), CLERK, now)],
    }

    for state, results in outcomes.items():
        for result in results:
            assert isinstance(result, Decided) if state is request_.visit_status else result == Refused("INV-I1", "")


@pytest.mark.rule("I-26", "I-43")
@pytest.mark.parametrize(("actor", "rule"), [(SPECIALIST, "I-26"), (BOONE_CLERK, "I-26"), (CRU, "I-43")])
def test_others_do_not_run_the_queue(actor: Staff, rule: str) -> None:
    outcomes = [
        recall(CALLED, Recall(**THIS), actor, QUARTER_PAST),
        no_show(CALLED, ONE_WAITS, ADAIR, OFFERED, NoShow(**THIS), actor, QUARTER_PAST),
        return_to_queue(CALLED, ONE_WAITS, Return(**THIS), actor, QUARTER_PAST),
        hold(SERVING, ONE_WAITS, Hold(**THIS), actor, QUARTER_PAST),
        resume(ON_HOLD, ONE_WAITS, Resume(**THIS), actor, QUARTER_PAST),
    ]

    assert outcomes == [Refused(rule, "")] * 5


@pytest.mark.rule("I-26")
def test_a_specialist_does_it_all_with_a_visitor_of_their_own() -> None:
    own = {"interviewer": SPECIALIST.id}
    outcomes = [
        recall(replace(CALLED, **own), Recall(**THIS), SPECIALIST, QUARTER_PAST),
        no_show(replace(CALLED, **own), ONE_WAITS, ADAIR, OFFERED, NoShow(**THIS), SPECIALIST, QUARTER_PAST),
        return_to_queue(replace(CALLED, **own), ONE_WAITS, Return(**THIS), SPECIALIST, QUARTER_PAST),
        hold(replace(SERVING, **own), ONE_WAITS, Hold(**THIS), SPECIALIST, QUARTER_PAST),
        resume(replace(ON_HOLD, **own), ONE_WAITS, Resume(**THIS), SPECIALIST, QUARTER_PAST),
    ]

    assert all(isinstance(outcome, Decided) for outcome in outcomes)


def test_only_walk_ins_are_called() -> None:
    by_mail = replace(WALK_IN, request_type=RequestType.MAIL_IN)

    assert invited(request=by_mail) == Invalid("request_id", "")
