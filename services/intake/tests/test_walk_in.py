"""Visitors come and go."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from access.directory import SYSTEM, Staff
from casebus_contracts import (
    CheckIn,
    LeaveStage,
    LeaveVisit,
    OfficeSettings,
    RequestType,
    RequestUpdated,
    VisitLeft,
    VisitWaiting,
)
from chassis.rules import (
    Decided,
    Decision,
    Invalid,
    Refused,
    TimerChange,
    Unchanged,
    cancel_timer,
    decide,
    set_timer,
)
from intake.examples import (
    ADAIR,
    ALL_ROUNDER,
    BOONE_CLERK,
    CALLED,
    CLERK,
    CRU,
    EIGHT,
    EMPTY,
    GREETER,
    LEFT,
    MERIT,
    MINUTE,
    NINE,
    OFFERED,
    ON_HOLD,
    ONE_IS_SERVED,
    ONE_WAITS,
    SERVED,
    SERVING,
    SPECIALIST,
    SUPERVISOR,
    TODAY,
    WAITING,
    WALK_IN,
    request_id,
)
from intake.intervals import Interval, Stay, whole
from intake.request import Request
from intake.walk_in import check_in, follow_priority, leave_visit

HERE = CheckIn(request_id=WALK_IN.id, office_id="ADAIR")
GO = LeaveVisit(request_id=WALK_IN.id, office_id="ADAIR", stage=LeaveStage.WAITING, reason="no time")
FIVE_PM = datetime(2026, 3, 2, 23, 0, tzinfo=UTC)


def at(now: datetime, request: Request = WALK_IN) -> Request:
    """The request after its visitor checked in at this moment."""
    outcome = check_in(request, EMPTY, ADAIR, HERE, CLERK, now)
    assert isinstance(outcome, Decided)
    state = outcome.states[0]
    assert isinstance(state, Request)
    return state


def clocks(outcome: Decision) -> tuple[TimerChange, ...]:
    assert isinstance(outcome, Decided)
    return outcome.timers


@pytest.mark.rule("I-01", "L-03", "INV-I6")
def test_a_visitor_checks_in_and_is_told_ticket_and_wait() -> None:
    assert check_in(WALK_IN, EMPTY, ADAIR, HERE, CLERK, NINE) == decide(
        WAITING,
        VisitWaiting(request_id=WALK_IN.id, office_id="ADAIR", ticket=1, at=NINE, people_ahead=0, estimate_minutes=0),
        guard=ONE_WAITS,
        timers=(set_timer("waiting", NINE + 30 * MINUTE), set_timer("closing", FIVE_PM)),
    )


@pytest.mark.rule("L-03")
def test_what_was_told_is_stored_as_told() -> None:
    lobby, _ = ONE_WAITS.join(request_id(2), 2, TODAY, NINE, 15 * MINUTE)

    outcome = check_in(replace(WALK_IN, id=request_id(3)), lobby, ADAIR, HERE, CLERK, NINE + MINUTE)

    assert isinstance(outcome, Decided)
    assert outcome.states[0] == replace(
        WAITING,
        id=request_id(3),
        ticket=3,
        people_ahead_told=2,
        estimate_told_minutes=30,
        arrived_at=NINE + MINUTE,
        intervals=(Interval(Stay.WAITING, NINE + MINUTE, None, CLERK.id),),
    )


@pytest.mark.rule("L-03")
def test_a_more_urgent_visitor_is_told_of_fewer_ahead() -> None:
    urgent = replace(WALK_IN, id=request_id(2), priority=1)

    outcome = check_in(urgent, ONE_WAITS, ADAIR, HERE, CLERK, NINE + MINUTE)

    assert isinstance(outcome, Decided)
    assert [fact.people_ahead for fact in outcome.facts if isinstance(fact, VisitWaiting)] == [0]


@pytest.mark.rule("L-03")
def test_an_office_may_have_another_usual_service_time() -> None:
    quick = replace(ADAIR, settings=OfficeSettings(default_service_minutes=4))

    outcome = check_in(replace(WALK_IN, id=request_id(2)), ONE_WAITS, quick, HERE, CLERK, NINE + MINUTE)

    assert isinstance(outcome, Decided)
    assert [fact.estimate_minutes for fact in outcome.facts if isinstance(fact, VisitWaiting)] == [4]


@pytest.mark.rule("L-03")
@pytest.mark.parametrize(("auto_close", "ahead"), [(None, 0), (True, 0), (False, 1)])
def test_an_office_may_keep_its_queue_overnight(auto_close: bool | None, ahead: int) -> None:
    office = replace(ADAIR, settings=OfficeSettings(auto_close=auto_close))
    next_day = NINE + timedelta(days=1)

    outcome = check_in(replace(WALK_IN, id=request_id(2)), ONE_WAITS, office, HERE, CLERK, next_day)

    assert isinstance(outcome, Decided)
    assert [fact.people_ahead for fact in outcome.facts if isinstance(fact, VisitWaiting)] == [ahead]


@pytest.mark.rule("A-14")
def test_an_office_may_have_another_limit_of_waiting() -> None:
    patient = replace(ADAIR, settings=OfficeSettings(wait_limit_minutes=45))

    outcome = check_in(WALK_IN, EMPTY, patient, HERE, CLERK, NINE)

    assert set_timer("waiting", NINE + 45 * MINUTE) in clocks(outcome)


@pytest.mark.rule("A-14", "D-01")
def test_the_closing_time_is_that_of_the_office_in_its_zone() -> None:
    pacific = replace(ADAIR, zone="America/Los_Angeles", closes=time(16, 30))

    outcome = check_in(WALK_IN, EMPTY, pacific, HERE, CLERK, NINE)

    assert set_timer("closing", datetime(2026, 3, 3, 0, 30, tzinfo=UTC)) in clocks(outcome)


@pytest.mark.rule("A-14")
@pytest.mark.parametrize("late", [timedelta(), timedelta(hours=1)])
def test_after_closing_time_there_is_no_closing_to_watch(late: timedelta) -> None:
    outcome = check_in(WALK_IN, EMPTY, ADAIR, HERE, CLERK, FIVE_PM + late)

    assert [clock.name for clock in clocks(outcome)] == ["waiting"]


@pytest.mark.rule("D-01", "D-03")
@pytest.mark.parametrize(
    ("now", "day"),
    [
        (datetime(2026, 1, 16, 5, 59, tzinfo=UTC), date(2026, 1, 15)),
        (datetime(2026, 1, 16, 6, 0, tzinfo=UTC), date(2026, 1, 16)),
        (datetime(2026, 7, 16, 4, 59, tzinfo=UTC), date(2026, 7, 15)),
        (datetime(2026, 7, 16, 5, 0, tzinfo=UTC), date(2026, 7, 16)),
        (datetime(2026, 3, 8, 5, 59, tzinfo=UTC), date(2026, 3, 7)),
        (datetime(2026, 3, 8, 6, 0, tzinfo=UTC), date(2026, 3, 8)),
        (datetime(2026, 3, 9, 4, 59, tzinfo=UTC), date(2026, 3, 8)),
        (datetime(2026, 3, 9, 5, 0, tzinfo=UTC), date(2026, 3, 9)),
        (datetime(2026, 11, 1, 4, 59, tzinfo=UTC), date(2026, 10, 31)),
        (datetime(2026, 11, 1, 5, 0, tzinfo=UTC), date(2026, 11, 1)),
        (datetime(2026, 11, 2, 5, 59, tzinfo=UTC), date(2026, 11, 1)),
        (datetime(2026, 11, 2, 6, 0, tzinfo=UTC), date(2026, 11, 2)),
    ],
)
def test_a_ticket_belongs_to_the_local_day(now: datetime, day: date) -> None:
    assert at(now).ticket_day == day


@pytest.mark.rule("INV-I1")
@pytest.mark.parametrize("request_", [WAITING, SERVING, SERVED, LEFT], ids=lambda each: str(each.visit_status))
def test_a_second_check_in_changes_nothing(request_: Request) -> None:
    assert check_in(request_, ONE_WAITS, ADAIR, HERE, CLERK, NINE + MINUTE) == Unchanged()


@pytest.mark.parametrize("kind", [kind for kind in RequestType if kind is not RequestType.WALK_IN])
def test_only_a_walk_in_is_checked_in(kind: RequestType) -> None:
    other = replace(WALK_IN, request_type=kind)

    assert check_in(other, EMPTY, ADAIR, HERE, CLERK, NINE) == Invalid("request_id", "")


def test_a_check_in_speaks_of_the_office_of_the_request() -> None:
    elsewhere = replace(WALK_IN, office_id="BOONE")

    assert check_in(elsewhere, EMPTY, ADAIR, HERE, BOONE_CLERK, NINE) == Invalid("office_id", "")


@pytest.mark.rule("I-26")
@pytest.mark.parametrize("actor", [CLERK, ALL_ROUNDER, GREETER, SUPERVISOR, SYSTEM])
def test_those_with_clerical_duties_and_those_above_run_the_queue(actor: Staff) -> None:
    assert isinstance(check_in(WALK_IN, EMPTY, ADAIR, HERE, actor, NINE), Decided)


@pytest.mark.rule("I-26")
@pytest.mark.parametrize(
    ("actor", "rule"), [(SPECIALIST, "I-26"), (MERIT, "I-26"), (BOONE_CLERK, "I-26"), (CRU, "I-43")]
)
def test_others_do_not_run_the_queue(actor: Staff, rule: str) -> None:
    assert check_in(WALK_IN, EMPTY, ADAIR, HERE, actor, NINE) == Refused(rule, "")


@pytest.mark.rule("I-26")
@pytest.mark.parametrize("place", ["interviewer", "caseworker"])
def test_a_specialist_checks_in_a_visitor_of_their_own(place: str) -> None:
    own = replace(WALK_IN, **{place: SPECIALIST.id})

    assert isinstance(check_in(own, EMPTY, ADAIR, HERE, SPECIALIST, NINE), Decided)


@pytest.mark.rule("L-04")
def test_a_visitor_leaves_before_being_served() -> None:
    assert leave_visit(WAITING, ONE_WAITS, OFFERED, GO, CLERK, NINE + 5 * MINUTE) == decide(
        replace(LEFT, left_stage=LeaveStage.WAITING, left_reason="no time"),
        VisitLeft(request_id=WALK_IN.id, office_id="ADAIR", ticket=1, at=NINE + 5 * MINUTE, stage=LeaveStage.WAITING),
        guard=ONE_WAITS.leave(WAITING.id),
        timers=(cancel_timer("waiting"), cancel_timer("serving"), cancel_timer("closing")),
    )


@pytest.mark.rule("L-04")
@pytest.mark.parametrize(
    ("request_", "stage"),
    [
        (WAITING, LeaveStage.CHECK_IN),
        (WAITING, LeaveStage.WAITING),
        (CALLED, LeaveStage.CALLED),
        (SERVING, LeaveStage.SERVING),
        (ON_HOLD, LeaveStage.ON_HOLD),
    ],
    ids=lambda each: str(each) if isinstance(each, LeaveStage) else "",
)
def test_a_visitor_leaves_however_far_the_visit_has_come(request_: Request, stage: LeaveStage) -> None:
    gone = GO.model_copy(update={"stage": stage})

    outcome = leave_visit(request_, ONE_IS_SERVED, OFFERED, gone, CLERK, NINE + 20 * MINUTE)

    assert isinstance(outcome, Decided)
    left, lobby = outcome.states
    assert isinstance(left, Request)
    assert (left.left_stage, left.intervals[-1].end, whole(left.intervals)) == (stage, NINE + 20 * MINUTE, True)
    assert lobby == ONE_IS_SERVED.leave(WAITING.id)


@pytest.mark.rule("L-04")
@pytest.mark.parametrize("request_", [CALLED, SERVING, ON_HOLD], ids=lambda each: str(each.visit_status))
def test_who_tells_another_stage_has_not_seen_that_the_visit_moved_on(request_: Request) -> None:
    assert leave_visit(request_, ONE_WAITS, OFFERED, GO, CLERK, NINE + 20 * MINUTE) == Invalid("stage", "")


@pytest.mark.rule("L-04")
def test_a_visitor_whose_service_began_by_a_clock_ahead_leaves_no_earlier_than_that() -> None:
    gone = GO.model_copy(update={"stage": LeaveStage.SERVING})

    outcome = leave_visit(SERVING, ONE_IS_SERVED, OFFERED, gone, CLERK, NINE + 9 * MINUTE)

    assert isinstance(outcome, Decided)
    left = outcome.states[0]
    assert isinstance(left, Request)
    assert (left.left_at, whole(left.intervals)) == (SERVING.time_in, True)


@pytest.mark.rule("L-04")
def test_who_has_left_leaves_no_second_time() -> None:
    assert leave_visit(LEFT, EMPTY, OFFERED, GO, CLERK, NINE + 6 * MINUTE) == Unchanged()


@pytest.mark.rule("L-04", "INV-I1")
@pytest.mark.parametrize("request_", [WALK_IN, SERVED], ids=["not come", "served"])
def test_who_is_not_here_does_not_leave(request_: Request) -> None:
    assert leave_visit(request_, EMPTY, OFFERED, GO, CLERK, NINE + 30 * MINUTE) == Refused("INV-I1", "")


@pytest.mark.rule("L-04", "I-26")
@pytest.mark.parametrize(("actor", "rule"), [(SPECIALIST, "I-26"), (CRU, "I-43")])
def test_leaving_is_recorded_by_those_who_run_the_queue(actor: Staff, rule: str) -> None:
    assert leave_visit(WAITING, ONE_WAITS, OFFERED, GO, actor, NINE + MINUTE) == Refused(rule, "")


def test_leaving_speaks_of_the_office_of_the_request() -> None:
    elsewhere = GO.model_copy(update={"office_id": "BOONE"})

    assert leave_visit(WAITING, ONE_WAITS, OFFERED, elsewhere, CLERK, NINE) == Invalid("office_id", "")


@pytest.mark.rule("D-01")
def test_the_office_opens_at_eight_by_its_own_clock() -> None:
    assert ADAIR.local_day(EIGHT) == TODAY
    assert ADAIR.closing(TODAY) == FIVE_PM


@pytest.mark.rule("L-03")
def test_the_queue_follows_a_changed_priority() -> None:
    told = RequestUpdated(
        request_id=WAITING.id,
        office_id="ADAIR",
        changed=("priority",),
        channel=WAITING.channel,
        reasons=WAITING.reasons,
        anonymous=True,
        priority=0,
        nvra_covered=True,
        by=CLERK.id,
        at=NINE,
    )

    assert follow_priority(ONE_WAITS, told) == decide(ONE_WAITS.hurry(WAITING.id, 0))
    assert follow_priority(EMPTY, told) == Unchanged()
    assert follow_priority(ONE_WAITS, told.model_copy(update={"priority": 2})) == Unchanged()
