"""The clocks of a visit: what they say depends on how far it has come."""

from dataclasses import replace
from datetime import datetime

import pytest

from casebus_contracts import (
    CorrectTimes,
    LeaveStage,
    OfficeSettings,
    OverdueKind,
    TimeIn,
    TimeOut,
    VisitAutoClosed,
    VisitOverdue,
    WalkinTimed,
)
from chassis.rules import Decided, Decision, Refused, Unchanged, cancel_timer, decide
from intake.examples import (
    ADAIR,
    CALLED,
    CLERK,
    EMPTY,
    LEFT,
    MINUTE,
    NINE,
    OFFERED,
    ON_HOLD,
    ONE_IS_SERVED,
    SERVED,
    SERVING,
    SPECIALIST,
    SUPERVISOR,
    WAITING,
    WALK_IN,
)
from intake.intervals import closed, whole
from intake.overdue import auto_close, open_at_closing, served_too_long, waited_too_long
from intake.request import Request, VisitStatus
from intake.times import correct_times, time_in, time_out

HALF_PAST = NINE + 30 * MINUTE
AFTERNOON = NINE + 250 * MINUTE


def said(request: Request, kind: OverdueKind, since: datetime, at: datetime) -> Decision:
    return decide(request, VisitOverdue(request_id=WALK_IN.id, office_id="ADAIR", kind=kind, since=since, at=at))


@pytest.mark.rule("A-14")
def test_one_who_still_waits_has_waited_too_long_since_arrival() -> None:
    assert waited_too_long(WAITING, HALF_PAST) == said(WAITING, OverdueKind.WAITING, NINE, HALF_PAST)


@pytest.mark.rule("A-14")
@pytest.mark.parametrize("request_", [SERVING, SERVED, LEFT], ids=lambda each: str(each.visit_status))
def test_one_who_waits_no_more_has_not_waited_too_long(request_: Request) -> None:
    assert waited_too_long(request_, HALF_PAST) == Unchanged()


@pytest.mark.rule("A-14")
def test_one_who_was_called_and_is_not_served_yet_has_waited_too_long() -> None:
    assert waited_too_long(CALLED, HALF_PAST) == said(CALLED, OverdueKind.WAITING, NINE, HALF_PAST)


@pytest.mark.rule("A-14")
def test_one_on_hold_is_not_timed_out_and_counts_as_served() -> None:
    assert served_too_long(ON_HOLD, AFTERNOON) == said(ON_HOLD, OverdueKind.SERVING, NINE + 10 * MINUTE, AFTERNOON)


@pytest.mark.rule("A-14")
def test_one_who_is_still_served_is_served_too_long_since_the_time_in() -> None:
    assert served_too_long(SERVING, AFTERNOON) == said(SERVING, OverdueKind.SERVING, NINE + 10 * MINUTE, AFTERNOON)


@pytest.mark.rule("A-14")
@pytest.mark.parametrize("request_", [WAITING, SERVED, replace(SERVING, visit_status=LEFT.visit_status)])
def test_one_who_is_not_served_is_not_served_too_long(request_: Request) -> None:
    assert served_too_long(request_, AFTERNOON) == Unchanged()


@pytest.mark.rule("A-14")
@pytest.mark.parametrize(
    ("request_", "since"),
    [(WAITING, NINE), (CALLED, NINE), (SERVING, NINE + 10 * MINUTE), (ON_HOLD, NINE + 10 * MINUTE)],
)
def test_one_who_is_still_here_at_closing_time_is_told_of(request_: Request, since: datetime) -> None:
    assert open_at_closing(request_, AFTERNOON) == said(request_, OverdueKind.CLOSING, since, AFTERNOON)


@pytest.mark.rule("A-14")
@pytest.mark.parametrize("request_", [SERVED, LEFT], ids=lambda each: str(each.visit_status))
def test_one_who_is_gone_at_closing_time_is_not(request_: Request) -> None:
    assert open_at_closing(request_, AFTERNOON) == Unchanged()


FIVE = NINE + 480 * MINUTE
CLOSING = VisitOverdue(request_id=WALK_IN.id, office_id="ADAIR", kind=OverdueKind.CLOSING, since=NINE, at=FIVE)
FORGOTTEN = replace(
    SERVING,
    visit_status=VisitStatus.AUTO_CLOSED,
    auto_closed_at=FIVE,
    accurate=False,
    intervals=closed(SERVING.intervals, FIVE),
)
THIS = {"request_id": WALK_IN.id, "office_id": "ADAIR"}


def test_a_visit_that_is_open_at_closing_time_is_closed_then() -> None:
    outcome = auto_close(SERVING, ONE_IS_SERVED, ADAIR, OFFERED, CLOSING, FIVE)

    assert outcome == decide(
        FORGOTTEN,
        VisitAutoClosed(**THIS, ticket=1, at=FIVE, stage=LeaveStage.SERVING),
        guard=ONE_IS_SERVED.leave(WALK_IN.id),
        timers=(cancel_timer("waiting"), cancel_timer("serving"), cancel_timer("closing")),
    )


@pytest.mark.parametrize("request_", [WAITING, CALLED, SERVING, ON_HOLD], ids=lambda each: str(each.visit_status))
def test_it_is_told_how_far_the_visit_had_come(request_: Request) -> None:
    outcome = auto_close(request_, EMPTY, ADAIR, OFFERED, CLOSING, FIVE)

    assert isinstance(outcome, Decided)
    assert [str(fact.stage) for fact in outcome.facts if isinstance(fact, VisitAutoClosed)] == [request_.visit_status]


@pytest.mark.parametrize("request_", [WALK_IN, SERVED, LEFT, FORGOTTEN], ids=lambda each: str(each.visit_status))
def test_a_visit_that_is_over_is_not_closed(request_: Request) -> None:
    assert auto_close(request_, EMPTY, ADAIR, OFFERED, CLOSING, FIVE) == Unchanged()


@pytest.mark.parametrize("kind", [OverdueKind.WAITING, OverdueKind.SERVING])
def test_a_long_visit_is_no_reason_to_close_it(kind: OverdueKind) -> None:
    assert auto_close(SERVING, EMPTY, ADAIR, OFFERED, CLOSING.model_copy(update={"kind": kind}), FIVE) == Unchanged()


@pytest.mark.parametrize(("setting", "closes"), [(None, True), (True, True), (False, False)])
def test_an_office_may_keep_its_visits_open_overnight(setting: bool | None, closes: bool) -> None:
    office = replace(ADAIR, settings=OfficeSettings(auto_close=setting))

    assert isinstance(auto_close(SERVING, EMPTY, office, OFFERED, CLOSING, FIVE), Decided) is closes


def test_who_was_still_served_at_closing_time_is_timed_out_later_and_stays_inaccurate() -> None:
    outcome = time_out(FORGOTTEN, EMPTY, ADAIR, OFFERED, TimeOut(**THIS), CLERK, FIVE + 5 * MINUTE)

    assert isinstance(outcome, Decided)
    served, lobby = outcome.states
    assert isinstance(served, Request)
    assert (served.visit_status, served.accurate, whole(served.intervals)) == (VisitStatus.SERVED, False, True)
    assert served.intervals[-1].end == FIVE + 5 * MINUTE
    assert lobby == EMPTY
    assert [fact.accurate for fact in outcome.facts if isinstance(fact, WalkinTimed)] == [False]


def test_on_a_later_day_only_those_who_edit_times_time_out() -> None:
    tomorrow = NINE + 1440 * MINUTE
    own = replace(FORGOTTEN, interviewer=SPECIALIST.id)

    assert time_out(FORGOTTEN, EMPTY, ADAIR, OFFERED, TimeOut(**THIS), CLERK, tomorrow) == Refused("I-30", "")
    assert time_out(own, EMPTY, ADAIR, OFFERED, TimeOut(**THIS), SPECIALIST, tomorrow) == Refused("I-26", "")
    assert isinstance(time_out(FORGOTTEN, EMPTY, ADAIR, OFFERED, TimeOut(**THIS), SUPERVISOR, tomorrow), Decided)


def test_the_beginning_of_a_visit_that_was_closed_is_corrected_and_it_stays_closed() -> None:
    earlier = CorrectTimes(**THIS, time_in=NINE + 5 * MINUTE, reason="read off the wrong clock")

    outcome = correct_times(FORGOTTEN, EMPTY, ADAIR, OFFERED, earlier, SUPERVISOR, FIVE)

    assert isinstance(outcome, Decided)
    (corrected,) = outcome.states
    assert isinstance(corrected, Request)
    assert (corrected.visit_status, corrected.accurate) == (VisitStatus.AUTO_CLOSED, False)
    assert (corrected.intervals[-1].start, corrected.intervals[-1].end) == (NINE + 5 * MINUTE, FIVE)
    assert outcome.timers == ()


@pytest.mark.rule("INV-I1")
def test_service_does_not_begin_after_the_visit_was_closed() -> None:
    late = CorrectTimes(**THIS, time_in=FIVE + MINUTE, reason="read off the wrong clock")
    waited = replace(FORGOTTEN, time_in=None, intervals=closed(WAITING.intervals, FIVE))

    assert correct_times(FORGOTTEN, EMPTY, ADAIR, OFFERED, late, SUPERVISOR, FIVE) == Refused("INV-I1", "")
    assert time_in(waited, EMPTY, ADAIR, TimeIn(**THIS), CLERK, FIVE + MINUTE) == Refused("INV-I1", "")
