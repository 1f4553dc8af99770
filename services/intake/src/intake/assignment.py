"""Requests get an interviewer and a caseworker. Values in, facts out."""

from datetime import datetime

from access.directory import Staff
from access.matrix import Ability, may
from casebus_contracts import AssignAs, AssignRequest, RequestAssigned, RequestType
from chassis.rules import Decision, Refused, decide, invalid, refuse, replace, unchanged
from intake.request import Request, RequestStatus

_IN_WRITING_OR_PERSON = frozenset({RequestType.WALK_IN, RequestType.MAIL_IN})


def assign_request(request: Request, assignee: Staff, command: AssignRequest, actor: Staff, now: datetime) -> Decision:
    """A request has two places, each for one person of its office who may have it (I-28, I-34, INV-I4)."""
    if denied := may(actor, Ability.ASSIGN, office=request.office_id):
        return refuse(denied)
    if denied := _may_not_have(assignee, request):
        return refuse(denied)
    if request.status is RequestStatus.CLOSED:
        return invalid("request_id", "closed: to be reopened first")
    if command.as_ is AssignAs.INTERVIEWER:
        assigned = replace(request, interviewer=assignee.id, status=RequestStatus.ASSIGNED)
    else:
        assigned = replace(request, caseworker=assignee.id, status=RequestStatus.ASSIGNED)
    if assigned == request:
        return unchanged(request)
    told = RequestAssigned(
        request_id=request.id,
        office_id=request.office_id,
        as_=command.as_,
        staff_id=assignee.id,
        by=actor.id,
        at=now,
    )
    return decide(assigned, told)


def _may_not_have(assignee: Staff, request: Request) -> Refused | None:
    """Why this person cannot have this request: by the own rule of the role (I-32, I-43), else by INV-I4."""
    if not assignee.active or assignee.office_id != request.office_id:
        return Refused("INV-I4", "not on the staff of this office")
    if request.request_type in _IN_WRITING_OR_PERSON:
        denied = may(assignee, Ability.BE_ASSIGNED, office=request.office_id)
    else:
        merit = request.request_type is RequestType.MERIT_CALL
        denied = may(assignee, Ability.UPDATE_REQUEST, office=request.office_id, owners=(assignee.id,), merit=merit)
    return Refused("INV-I4", denied.reason) if denied and denied.rule == "I-26" else denied
