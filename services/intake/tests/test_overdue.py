"""The clocks of a visit: what they say depends on how far it has come."""

from dataclasses import replace
from datetime import datetime

import pytest

from casebus_contracts import OverdueKind, VisitOverdue
from chassis.rules import Decision, Unchanged, decide
from intake.examples import LEFT, MINUTE, NINE, SERVED, SERVING, WAITING, WALK_IN
from intake.overdue import open_at_closing, served_too_long, waited_too_long
from intake.request import Request

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
def test_one_who_is_still_served_is_served_too_long_since_the_time_in() -> None:
    assert served_too_long(SERVING, AFTERNOON) == said(SERVING, OverdueKind.SERVING, NINE + 10 * MINUTE, AFTERNOON)


@pytest.mark.rule("A-14")
@pytest.mark.parametrize("request_", [WAITING, SERVED, replace(SERVING, visit_status=LEFT.visit_status)])
def test_one_who_is_not_served_is_not_served_too_long(request_: Request) -> None:
    assert served_too_long(request_, AFTERNOON) == Unchanged()


@pytest.mark.rule("A-14")
@pytest.mark.parametrize(("request_", "since"), [(WAITING, NINE), (SERVING, NINE + 10 * MINUTE)])
def test_one_who_is_still_here_at_closing_time_is_told_of(request_: Request, since: datetime) -> None:
    assert open_at_closing(request_, AFTERNOON) == said(request_, OverdueKind.CLOSING, since, AFTERNOON)


@pytest.mark.rule("A-14")
@pytest.mark.parametrize("request_", [SERVED, LEFT], ids=lambda each: str(each.visit_status))
def test_one_who_is_gone_at_closing_time_is_not(request_: Request) -> None:
    assert open_at_closing(request_, AFTERNOON) == Unchanged()
