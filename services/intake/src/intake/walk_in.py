"""Visitors come and go. Values in, facts out."""

from datetime import datetime, timedelta

from access.directory import Office, Staff
from access.matrix import Ability
from casebus_contracts import CheckIn, LeaveStage, LeaveVisit, RequestUpdated, VisitLeft, VisitWaiting
from chassis.rules import Decision, TimerChange, decide, invalid, refuse, replace, set_timer, unchanged
from intake.intervals import Interval, Stay, closed, not_before
from intake.lobby import Lobby
from intake.request import OPEN_VISIT, Request, RequestStatus, VisitStatus
from intake.visit import CLOSING, STOP_ALL_CLOCKS, WAITING, barred
from intake.voters.offer import Offer, contact_over

_STAGES = {
    LeaveStage.CHECK_IN: {VisitStatus.WAITING},
    LeaveStage.WAITING: {VisitStatus.WAITING},
    LeaveStage.CALLED: {VisitStatus.CALLED},
    LeaveStage.SERVING: {VisitStatus.SERVING},
    LeaveStage.ON_HOLD: {VisitStatus.ON_HOLD},
}
"""How far the visit is for each stage: whoever tells another one has not seen that it moved on."""


def check_in(request: Request, lobby: Lobby, office: Office, command: CheckIn, actor: Staff, now: datetime) -> Decision:
    """The visitor takes a ticket of the office's local day and hears how long it will take (D-03, L-03, INV-I6)."""
    if no := barred(request, command, actor, Ability.QUEUE):
        return no
    if request.visit_status is not None:
        return unchanged(request)
    if request.status is RequestStatus.CLOSED:
        return invalid("request_id", "closed: to be reopened first")
    day = office.local_day(now)
    usual = timedelta(minutes=office.settings.default_service_minutes)
    stay = office.settings.auto_close is False
    joined, place = lobby.join(request.id, request.priority, day, now, usual, overnight=stay)
    waiting = replace(
        request,
        visit_status=VisitStatus.WAITING,
        ticket=place.ticket,
        ticket_day=day,
        people_ahead_told=place.people_ahead,
        estimate_told_minutes=place.estimate_minutes,
        arrived_at=now,
        intervals=(Interval(Stay.WAITING, now, None, actor.id),),
    )
    told = VisitWaiting(
        request_id=request.id,
        office_id=request.office_id,
        ticket=place.ticket,
        at=now,
        people_ahead=place.people_ahead,
        estimate_minutes=place.estimate_minutes,
    )
    return decide(waiting, told, guard=joined, timers=_clocks(office, now))


def leave_visit(
    request: Request, lobby: Lobby, offer: Offer, command: LeaveVisit, actor: Staff, now: datetime
) -> Decision:
    """The visitor goes, however far the visit had come (L-04)."""
    if no := barred(request, command, actor, Ability.QUEUE):
        return no
    if request.visit_status is VisitStatus.LEFT:
        return unchanged(request)
    if request.arrival is None or request.visit_status not in OPEN_VISIT:
        return refuse("INV-I1", "no open visit")
    if request.visit_status not in _STAGES[command.stage]:
        return invalid("stage", f"the visit is {request.visit_status.value}")
    at = not_before(request.intervals, now)
    left = replace(
        request,
        visit_status=VisitStatus.LEFT,
        left_at=at,
        left_stage=command.stage,
        left_reason=command.reason,
        intervals=closed(request.intervals, at),
    )
    told = VisitLeft(
        request_id=request.id, office_id=request.office_id, ticket=request.arrival.ticket, at=at, stage=command.stage
    )
    gone = decide(left, told, guard=lobby.leave(request.id), timers=STOP_ALL_CLOCKS)
    return contact_over(gone, offer, now)


def follow_priority(lobby: Lobby, fact: RequestUpdated) -> Decision:
    """One who waits and whose request got another priority stands elsewhere in the queue."""
    hurried = lobby.hurry(fact.request_id, fact.priority)
    return unchanged(lobby) if hurried == lobby else decide(hurried)


def _clocks(office: Office, now: datetime) -> tuple[TimerChange, ...]:
    """The wait has a limit, and nobody should still be here at closing time; after it there is none to watch."""
    closing = office.closing(office.local_day(now))
    limit = set_timer(WAITING, now + office.wait_limit)
    return (limit, set_timer(CLOSING, closing)) if closing > now else (limit,)
