"""A request, with the visit of a walk-in inside it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import ClassVar
from zoneinfo import ZoneInfo

from casebus_contracts import Channel, Client, LeaveStage, Representative, RequestType, Signature
from chassis.rules import Aggregate
from intake.intervals import Line


class RequestStatus(StrEnum):
    """How far the work on a request has come."""

    OPEN = "open"
    ASSIGNED = "assigned"
    CLOSED = "closed"
    REOPENED = "reopened"


class VisitStatus(StrEnum):
    """Where the person of a walk-in is. A request that nobody came for has none."""

    WAITING = "waiting"
    CALLED = "called"
    SERVING = "serving"
    ON_HOLD = "on_hold"
    SERVED = "served"
    NO_SHOW = "no_show"
    LEFT = "left"
    AUTO_CLOSED = "auto_closed"


OPEN_VISIT = frozenset({VisitStatus.WAITING, VisitStatus.CALLED, VisitStatus.SERVING, VisitStatus.ON_HOLD})
"""Somebody is in the lobby or at a desk."""


class KeptClient(Client, extra="allow"):
    """A client as stored: what a newer release wrote is kept."""


class KeptRepresentative(Representative, extra="allow"):
    """A representative as stored: what a newer release wrote is kept."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody came and took a ticket."""

    ticket: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Request(Aggregate):
    """Somebody wants something from an office. Fields from `visit_status` to `auto_closed_at` are of the visit."""

    NAME: ClassVar[str] = "request"
    TABLE: ClassVar[str] = "requests"
    PERSONAL: ClassVar[frozenset[str]] = frozenset(
        {
            "client",
            "interpreter_language",
            "companions",
            "representative",
            "comments",
            "correction_reason",
            "left_reason",
            "case_ref",
            "subject",
            "change_reason",
            "reopen_reason",
        }
    )

    request_type: RequestType
    office_id: str
    channel: Channel
    reasons: tuple[str, ...]
    anonymous: bool
    priority: int
    nvra_covered: bool
    received_at: datetime
    created_by: str
    client: KeptClient | None = None
    county_fips: str | None = None
    unsigned: bool = False
    interpreter_language: str | None = None
    companions: tuple[str, ...] = ()
    representative: KeptRepresentative | None = None
    comments: str | None = None
    status: RequestStatus = RequestStatus.OPEN
    interviewer: str | None = None
    caseworker: str | None = None
    visit_status: VisitStatus | None = None
    ticket: int | None = None
    ticket_day: date | None = None
    people_ahead_told: int | None = None
    estimate_told_minutes: int | None = None
    arrived_at: datetime | None = None
    time_in: datetime | None = None
    time_out: datetime | None = None
    accurate: bool = True
    correction_reason: str | None = None
    left_at: datetime | None = None
    left_stage: LeaveStage | None = None
    left_reason: str | None = None
    intervals: Line = ()
    calls: int = 0
    auto_closed_at: datetime | None = None
    programs: tuple[str, ...] = ()
    document_type: str | None = None
    postmark: date | None = None
    case_ref: str | None = None
    vendor: str | None = None
    subject: str | None = None
    signature: Signature | None = None
    merit_calls: int = 0
    disposition: str | None = None
    change_reason: str | None = None
    reopen_reason: str | None = None
    zone: str | None = None
    """Of its office when it was written down: what the clock on the wall shows there."""

    def local(self, moment: datetime) -> datetime:
        """The moment as the clocks of its office show it."""
        return moment.astimezone(ZoneInfo(self.zone) if self.zone else UTC)

    @property
    def owners(self) -> tuple[str, ...]:
        """The staff it is assigned to."""
        return tuple(staff for staff in (self.interviewer, self.caseworker) if staff is not None)

    @property
    def arrival(self) -> Arrival | None:
        """Ticket and arrival of its visit, once checked in."""
        if self.ticket is None or self.arrived_at is None:
            return None
        return Arrival(self.ticket, self.arrived_at)
