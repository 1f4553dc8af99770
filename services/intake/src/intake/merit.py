"""Calls to the merit office are written down, one entry a call. Values in, facts out."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import ClassVar

from access.directory import Staff
from access.matrix import Ability, may
from casebus_contracts import LogMeritCall, MeritCallLogged, RequestType
from chassis.rules import Aggregate, Decision, decide, existing, invalid, refuse, replace, unchanged
from intake.request import Request

AHEAD = timedelta(seconds=5)
"""Clocks of other systems may run ahead this far."""


@dataclass(frozen=True, slots=True)
class MeritCall(Aggregate):
    """One call; its id is the call's. A guard, for the facts about it are those of its request."""

    NAME: ClassVar[str] = "merit_call"
    TABLE: ClassVar[str] = "merit_calls"
    GUARD: ClassVar[bool] = True
    PERSONAL: ClassVar[frozenset[str]] = frozenset({"note"})

    request_id: str
    office_id: str
    at: datetime
    logged_by: str
    note: str | None = None
    day: date | None = None
    """Of `at`, in the office."""


def log_merit_call(
    request: Request, call: MeritCall | None, command: LogMeritCall, actor: Staff, now: datetime
) -> Decision:
    """Every call about the case of a merit call of the own office is an entry of its own (I-14, I-46)."""
    if denied := may(actor, Ability.MERIT_CALL, office=request.office_id, merit=True):
        return refuse(denied)
    if request.request_type is not RequestType.MERIT_CALL:
        return invalid("request_id", "not a merit call")
    if command.at > now + AHEAD:
        return invalid("at", "in the future")
    logged = MeritCall(
        command.call_id,
        request_id=request.id,
        office_id=request.office_id,
        at=command.at,
        logged_by=call.logged_by if call else actor.id,
        note=command.note,
        day=request.local(command.at).date(),
    )
    if call is not None:
        return unchanged(call) if call == logged else existing("call_id")
    counted = replace(request, merit_calls=request.merit_calls + 1)
    told = MeritCallLogged(
        request_id=request.id,
        office_id=request.office_id,
        call_id=command.call_id,
        calls=counted.merit_calls,
        by=actor.id,
        at=command.at,
    )
    return decide(counted, told, guard=logged)
