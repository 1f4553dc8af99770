"""Visitors are called to a desk, called again, sent back, put on hold. Values in, facts out.

Of two people who do this to one visitor at once the first wins: the other finds the visit moved on (INV-I1).
"""

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

from access.directory import Office, Staff
from access.matrix import Ability, may
from casebus_contracts import (
    AssignAs,
    Fact,
    Hold,
    Invite,
    NoShow,
    Recall,
    RequestAssigned,
    Resume,
    Return,
    Role,
    VisitCalled,
    VisitHeld,
    VisitNoShow,
    VisitRecalled,
    VisitResumed,
    VisitReturned,
)
from chassis.rules import Decision, Invalid, Refused, decide, refuse, replace
from intake.intervals import Stay, closed, moved, not_before
from intake.lobby import Lobby
from intake.request import Request, RequestStatus, VisitStatus
from intake.visit import STOP_ALL_CLOCKS, barred
from intake.voters.offer import Offer, contact_over

_Step: TypeAlias = Hold | Resume | Recall | NoShow | Return
_Told: TypeAlias = Callable[..., Fact]


def invite(request: Request, lobby: Lobby, command: Invite, actor: Staff, now: datetime) -> Decision:
    """One who waits is called, whoever stands before. A specialist who calls becomes the interviewer (I-26)."""
    mine = _taken_over(request, actor)
    if no := barred(mine, command, actor, Ability.QUEUE) or _elsewhere(request, actor):
        return no
    if request.visit_status is not VisitStatus.WAITING:
        return refuse("INV-I1", "nobody waits")
    at = not_before(request.intervals, now)
    called = replace(
        mine,
        visit_status=VisitStatus.CALLED,
        calls=request.calls + 1,
        intervals=moved(request.intervals, Stay.CALLED, at, actor.id),
    )
    facts = (_told(VisitCalled, request, actor, at), *_assigned(request, mine, actor, at))
    return decide(called, *facts, guard=lobby.leave(request.id))


def recall(request: Request, command: Recall, actor: Staff, now: datetime) -> Decision:
    """One who was called and has not come is called again."""
    if no := _not_there(request, command, actor, VisitStatus.CALLED):
        return no
    recalled = replace(request, calls=request.calls + 1)
    told = _told(VisitRecalled, request, actor, not_before(request.intervals, now), calls=recalled.calls)
    return decide(recalled, told)


def no_show(
    request: Request, lobby: Lobby, office: Office, offer: Offer, command: NoShow, actor: Staff, now: datetime
) -> Decision:
    """One who was called, as often as the office wants it, has not come: the visit is over."""
    if no := _not_there(request, command, actor, VisitStatus.CALLED):
        return no
    if request.calls <= (office.settings.recalls_before_no_show or 0):
        return refuse("INV-I1", f"called {request.calls} times: call again first")
    at = not_before(request.intervals, now)
    over = replace(request, visit_status=VisitStatus.NO_SHOW, intervals=closed(request.intervals, at))
    told = _told(VisitNoShow, request, actor, at)
    gone = decide(over, told, guard=lobby.leave(request.id), timers=STOP_ALL_CLOCKS)
    return contact_over(gone, offer, now)


def return_to_queue(request: Request, lobby: Lobby, command: Return, actor: Staff, now: datetime) -> Decision:
    """One who was called waits again, where arrival and priority put them."""
    if no := _not_there(request, command, actor, VisitStatus.CALLED):
        return no
    if request.arrived_at is None or request.ticket_day is None:
        return refuse("INV-I1", "no open visit")
    at = not_before(request.intervals, now)
    waits = _at(request, VisitStatus.WAITING, Stay.WAITING, at, actor)
    guard = lobby.come_back(request.id, request.priority, request.ticket_day, request.arrived_at)
    return decide(waits, _told(VisitReturned, request, actor, at), guard=guard)


def hold(request: Request, lobby: Lobby, command: Hold, actor: Staff, now: datetime) -> Decision:
    """Service pauses; the desk is free for somebody else."""
    if no := _not_there(request, command, actor, VisitStatus.SERVING):
        return no
    at = not_before(request.intervals, now)
    held = _at(request, VisitStatus.ON_HOLD, Stay.ON_HOLD, at, actor)
    return decide(held, _told(VisitHeld, request, actor, at), guard=lobby.leave(request.id))


def resume(request: Request, lobby: Lobby, command: Resume, actor: Staff, now: datetime) -> Decision:
    """Service goes on."""
    if no := _not_there(request, command, actor, VisitStatus.ON_HOLD):
        return no
    at = not_before(request.intervals, now)
    resumed = _at(request, VisitStatus.SERVING, Stay.SERVING, at, actor)
    return decide(resumed, _told(VisitResumed, request, actor, at), guard=lobby.begin(request.id))


def _taken_over(request: Request, actor: Staff) -> Request:
    """The request with the specialist who calls as its interviewer, if it has none."""
    if actor.role is not Role.ES or request.interviewer is not None:
        return request
    return replace(request, interviewer=actor.id, status=RequestStatus.ASSIGNED)


def _elsewhere(request: Request, actor: Staff) -> Refused | None:
    """A specialist takes over nobody of another office."""
    if actor.role is not Role.ES or actor.office_id == request.office_id:
        return None
    return may(actor, Ability.QUEUE, office=request.office_id)


def _not_there(request: Request, command: _Step, actor: Staff, wanted: VisitStatus) -> Refused | Invalid | None:
    if no := barred(request, command, actor, Ability.QUEUE):
        return no
    return None if request.visit_status is wanted else refuse("INV-I1", f"the visit is not {wanted.value}")


def _at(request: Request, status: VisitStatus, stay: Stay, at: datetime, actor: Staff) -> Request:
    return replace(request, visit_status=status, intervals=moved(request.intervals, stay, at, actor.id))


def _told(kind: _Told, request: Request, actor: Staff, at: datetime, **more: int) -> Fact:
    return kind(
        request_id=request.id, office_id=request.office_id, ticket=request.ticket, at=at, staff_id=actor.id, **more
    )


def _assigned(before: Request, after: Request, actor: Staff, at: datetime) -> tuple[Fact, ...]:
    if before.interviewer == after.interviewer:
        return ()
    told = RequestAssigned(
        request_id=before.id,
        office_id=before.office_id,
        as_=AssignAs.INTERVIEWER,
        staff_id=actor.id,
        by=actor.id,
        at=at,
    )
    return (told,)
