"""Visits that take too long: the clocks of A-14. Values in, facts out.

A clock is stopped or set again whenever the visit moves; one that fires all the same finds the visit moved on.
"""

from datetime import datetime

from access.directory import Office
from casebus_contracts import LeaveStage, OverdueKind, VisitAutoClosed, VisitOverdue
from chassis.rules import Decision, decide, replace, unchanged
from intake.intervals import closed, not_before
from intake.lobby import Lobby
from intake.request import OPEN_VISIT, Request, VisitStatus
from intake.visit import STOP_ALL_CLOCKS
from intake.voters.offer import Offer, contact_over

_NOT_SERVED_YET = (VisitStatus.WAITING, VisitStatus.CALLED)
_NOT_TIMED_OUT = (VisitStatus.SERVING, VisitStatus.ON_HOLD)


def waited_too_long(request: Request, now: datetime) -> Decision:
    """Nobody has begun to serve the visitor within the office's limit."""
    if request.visit_status not in _NOT_SERVED_YET:
        return unchanged(request)
    return _overdue(request, OverdueKind.WAITING, now)


def served_too_long(request: Request, now: datetime) -> Decision:
    """The visit was timed in, and not out within the office's limit."""
    if request.visit_status not in _NOT_TIMED_OUT:
        return unchanged(request)
    return _overdue(request, OverdueKind.SERVING, now)


def open_at_closing(request: Request, now: datetime) -> Decision:
    """The office closes, and the visit has not ended."""
    if request.visit_status not in OPEN_VISIT:
        return unchanged(request)
    return _overdue(request, OverdueKind.CLOSING, now)


def auto_close(
    request: Request, lobby: Lobby, office: Office, offer: Offer, fact: VisitOverdue, now: datetime
) -> Decision:
    """What is still open at closing time is over then, and its times are not to be trusted (Q34).

    An office that keeps its lobby open overnight says so in its settings.
    """
    if fact.kind is not OverdueKind.CLOSING or office.settings.auto_close is False:
        return unchanged(request)
    if request.arrival is None or request.visit_status not in OPEN_VISIT:
        return unchanged(request)
    at = not_before(request.intervals, fact.at)
    closed_visit = replace(
        request,
        visit_status=VisitStatus.AUTO_CLOSED,
        auto_closed_at=at,
        accurate=False,
        intervals=closed(request.intervals, at),
    )
    told = VisitAutoClosed(
        request_id=request.id,
        office_id=request.office_id,
        ticket=request.arrival.ticket,
        at=at,
        stage=LeaveStage(request.visit_status.value),
    )
    gone = decide(closed_visit, told, guard=lobby.leave(request.id), timers=STOP_ALL_CLOCKS)
    return contact_over(gone, offer, now)


def _overdue(request: Request, kind: OverdueKind, now: datetime) -> Decision:
    since = request.time_in or request.arrived_at or now
    return decide(
        request, VisitOverdue(request_id=request.id, office_id=request.office_id, kind=kind, since=since, at=now)
    )
