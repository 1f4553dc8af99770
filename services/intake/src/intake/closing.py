"""The work on a request ends, and is taken up again. Values in, facts out."""

from datetime import datetime

from access.directory import Staff
from casebus_contracts import CloseRequest, ReopenRequest, RequestClosed, RequestReopened, Signature
from chassis.rules import Decision, decide, invalid, refuse, replace, unchanged
from intake.request import OPEN_VISIT, Request, RequestStatus
from intake.updating import may_change
from intake.voters.offer import Offer, contact_over


def close_request(request: Request, offer: Offer, command: CloseRequest, actor: Staff, now: datetime) -> Decision:
    """Done, with a result. An unsigned application stays open (I-09), and so does one whose visitor is here."""
    if denied := may_change(request, actor):
        return refuse(denied)
    if request.status is RequestStatus.CLOSED:
        same = command.disposition == request.disposition
        return unchanged(request) if same else invalid("disposition", "closed already, with another one")
    if request.signature is Signature.AWAITING:
        return refuse("I-09", "the application awaits its signature")
    if request.visit_status in OPEN_VISIT:
        return refuse("INV-I1", "the visit is open")
    closed = replace(request, status=RequestStatus.CLOSED, disposition=command.disposition)
    told = RequestClosed(
        request_id=request.id, office_id=request.office_id, disposition=command.disposition, by=actor.id, at=now
    )
    return contact_over(decide(closed, told), offer, now)


def reopen_request(request: Request, command: ReopenRequest, actor: Staff, now: datetime) -> Decision:
    """A closed request is worked on again, by whom it was assigned to."""
    if denied := may_change(request, actor):
        return refuse(denied)
    if request.status is not RequestStatus.CLOSED:
        return invalid("request_id", "not closed")
    reopened = replace(request, status=RequestStatus.REOPENED, disposition=None, reopen_reason=command.reason)
    return decide(reopened, RequestReopened(request_id=request.id, office_id=request.office_id, by=actor.id, at=now))
