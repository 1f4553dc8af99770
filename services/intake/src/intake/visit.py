"""What the commands about a visit have in common."""

from typing import TypeAlias

from access.directory import Staff
from access.matrix import Ability, may
from casebus_contracts import (
    CheckIn,
    CorrectTimes,
    Hold,
    Invite,
    LeaveVisit,
    NoShow,
    Recall,
    RequestType,
    Resume,
    Return,
    TimeIn,
    TimeOut,
)
from chassis.rules import Invalid, Refused, TimerChange, cancel_timer, invalid
from intake.request import Request

VisitCommand: TypeAlias = (
    CheckIn | Invite | Recall | NoShow | Return | TimeIn | Hold | Resume | TimeOut | CorrectTimes | LeaveVisit
)

WAITING, SERVING, CLOSING = "waiting", "serving", "closing"
"""The clocks of a visit."""

STOP_ALL_CLOCKS: tuple[TimerChange, ...] = tuple(cancel_timer(name) for name in (WAITING, SERVING, CLOSING))


def barred(request: Request, command: VisitCommand, actor: Staff, ability: Ability) -> Refused | Invalid | None:
    """The command speaks of another office or of no walk-in, or the actor may not."""
    if command.office_id != request.office_id:
        return invalid("office_id", "not the office of this request")
    if denied := may(actor, ability, office=request.office_id, owners=request.owners):
        return denied
    if request.request_type is not RequestType.WALK_IN:
        return invalid("request_id", "not a walk-in")
    return None
