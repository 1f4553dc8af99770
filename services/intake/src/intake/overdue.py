"""Visits that take too long: the clocks of A-14. Values in, facts out.

A clock is stopped or set again whenever the visit moves; one that fires all the same finds the visit moved on.
"""

from datetime import datetime

from casebus_contracts import OverdueKind, VisitOverdue
from chassis.rules import Decision, decide, unchanged
from intake.request import OPEN_VISIT, Request, VisitStatus

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


def _overdue(request: Request, kind: OverdueKind, now: datetime) -> Decision:
    since = request.time_in or request.arrived_at or now
    return decide(
        request, VisitOverdue(request_id=request.id, office_id=request.office_id, kind=kind, since=since, at=now)
    )
