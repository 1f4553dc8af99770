"""Requests are written down. Values in, facts out."""

from datetime import datetime

from access.directory import Office, Staff
from access.matrix import Ability, may
from casebus_contracts import CreateRequest, RequestCreated, RequestSource, RequestType, Signature
from chassis.rules import Decision, Invalid, decide, existing, invalid, refuse, replace, unknown
from intake.clients import KnownClient, identified, recorded
from intake.reasons import Reason, covered, usable
from intake.request import KeptRepresentative, Request

_KEPT_AS_TOLD = {
    "request_type",
    "office_id",
    "channel",
    "reasons",
    "anonymous",
    "priority",
    "county_fips",
    "unsigned",
    "interpreter_language",
    "companions",
    "comments",
    "document_type",
    "postmark",
    "case_ref",
    "vendor",
    "subject",
}


def create_request(
    request: Request | None,
    office: Office,
    reasons: tuple[Reason, ...],
    client: KnownClient | None,
    command: CreateRequest,
    actor: Staff,
    now: datetime,
) -> Decision:
    """Whoever may add requests adds one in an office there is, with or without a name (I-01, I-08, I-27, I-38)."""
    merit = command.request_type is RequestType.MERIT_CALL
    if denied := may(actor, Ability.ADD_REQUEST, office=office.id, merit=merit):
        return refuse(denied)
    if request is not None:
        return existing("request_id")
    if not usable(reasons, command.reasons):
        return unknown("reasons")
    if contradiction := _contradicts_itself(command):
        return contradiction
    known = recorded(client, command.client, actor, now)
    created = replace(_request(command, reasons, office, actor, now), client=identified(command.client, client))
    return decide(created, _told(created), *known.facts, others=known.states)


def _contradicts_itself(command: CreateRequest) -> Invalid | None:
    """A walk-in has a client or is anonymous; nothing is both."""
    if command.anonymous and command.client is not None:
        return invalid("client", "an anonymous request names no client")
    if not command.anonymous and command.client is None and command.request_type is RequestType.WALK_IN:
        return invalid("client", "neither named nor anonymous")
    return None


def _request(
    command: CreateRequest, reasons: tuple[Reason, ...], office: Office, actor: Staff, now: datetime
) -> Request:
    representative = command.representative
    return Request(
        command.request_id,
        **command.model_dump(include=_KEPT_AS_TOLD),
        nvra_covered=covered(reasons, command.reasons),
        programs=command.programs or (),
        signature=Signature.AWAITING if command.unsigned else None,
        received_at=command.received_at or now,
        created_by=actor.id,
        zone=office.zone,
        representative=KeptRepresentative(**representative.model_dump()) if representative else None,
    )


def _told(request: Request) -> RequestCreated:
    return RequestCreated(
        request_id=request.id,
        request_type=request.request_type,
        office_id=request.office_id,
        county_fips=request.county_fips,
        received_at=request.received_at,
        channel=request.channel,
        reasons=request.reasons,
        client_id=request.client.client_id if request.client else None,
        anonymous=request.anonymous,
        priority=request.priority,
        created_by=request.created_by,
        nvra_covered=request.nvra_covered,
        source=RequestSource.MANUAL,
    )
