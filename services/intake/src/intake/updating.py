"""What is known of a request changes. Values in, facts out."""

from datetime import datetime
from typing import Any

from access.directory import Staff
from access.matrix import Ability, may
from casebus_contracts import RequestType, RequestUpdated, Signature, UpdateRequest
from chassis.rules import Decision, Invalid, Refused, decide, invalid, refuse, replace, unchanged, unknown
from intake.clients import KnownClient, identified, recorded
from intake.reasons import Reason, covered, usable
from intake.request import KeptRepresentative, Request

_AS_GIVEN = (
    "reasons",
    "county_fips",
    "channel",
    "priority",
    "signature",
    "interpreter_language",
    "companions",
    "received_at",
    "comments",
    "programs",
    "document_type",
    "postmark",
    "case_ref",
    "vendor",
    "subject",
)
_DATES = frozenset({"received_at", "postmark"})
_WATCHED = (*_AS_GIVEN, "client", "anonymous", "representative")


def may_change(request: Request, actor: Staff) -> Refused | None:
    """Who may update, close or reopen this request: at any time of its life (I-30, I-43, I-48, I-54, I-59)."""
    merit = request.request_type is RequestType.MERIT_CALL
    return may(actor, Ability.UPDATE_REQUEST, office=request.office_id, owners=request.owners, merit=merit)


def update_request(
    request: Request,
    reasons: tuple[Reason, ...],
    client: KnownClient | None,
    command: UpdateRequest,
    actor: Staff,
    now: datetime,
) -> Decision:
    """What is given replaces what is known; dates only by those who may edit them (I-30)."""
    if denied := may_change(request, actor):
        return refuse(denied)
    if command.reasons is not None and not usable(reasons, command.reasons, request.reasons):
        return unknown("reasons")
    if wrong := _wrong_client(request, command) or _wrong_signature(request, command):
        return wrong
    updated = _updated(request, reasons, client, command)
    changed = tuple(name for name in _WATCHED if getattr(updated, name) != getattr(request, name))
    if not changed:
        return unchanged(request)
    if not _DATES.isdisjoint(changed) and (denied := may(actor, Ability.EDIT_TIMES, office=request.office_id)):
        return refuse(denied)
    explained = replace(updated, change_reason=command.reason or request.change_reason)
    known = recorded(client, command.client, actor, now)
    return decide(explained, _told(explained, changed, actor, now), *known.facts, others=known.states)


def _wrong_client(request: Request, command: UpdateRequest) -> Invalid | None:
    """A name ends anonymity; nobody is named and anonymous, and a walk-in is one of the two."""
    if command.anonymous and command.client is not None:
        return invalid("client", "an anonymous request names no client")
    nobody = command.anonymous is False and command.client is None and request.client is None
    if nobody and request.request_type is RequestType.WALK_IN:
        return invalid("client", "neither named nor anonymous")
    return None


def _wrong_signature(request: Request, command: UpdateRequest) -> Invalid | None:
    """An application that awaits its signature gets it or goes back, once (I-09)."""
    if command.signature is None or command.signature is request.signature:
        return None
    if request.signature is not Signature.AWAITING:
        return invalid("signature", "no signature is awaited")
    return None


def _updated(
    request: Request, reasons: tuple[Reason, ...], client: KnownClient | None, command: UpdateRequest
) -> Request:
    given: dict[str, Any] = {name: value for name in _AS_GIVEN if (value := getattr(command, name)) is not None}
    if command.representative is not None:
        given["representative"] = KeptRepresentative(**command.representative.model_dump())
    if command.client is not None:
        same = request.client.client_id if request.client else None
        given |= {"client": identified(command.client, client, same), "anonymous": False}
    elif command.anonymous is not None:
        given |= {"client": None if command.anonymous else request.client, "anonymous": command.anonymous}
    if command.reasons is not None:
        given["nvra_covered"] = covered(reasons, command.reasons)
    return replace(request, **given)


def _told(request: Request, changed: tuple[str, ...], actor: Staff, now: datetime) -> RequestUpdated:
    return RequestUpdated(
        request_id=request.id,
        office_id=request.office_id,
        changed=changed,
        county_fips=request.county_fips,
        channel=request.channel,
        reasons=request.reasons,
        client_id=request.client.client_id if request.client else None,
        anonymous=request.anonymous,
        priority=request.priority,
        nvra_covered=request.nvra_covered,
        signature=request.signature,
        by=actor.id,
        at=now,
    )
