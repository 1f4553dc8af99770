"""Requests and the visits inside them. Owner: intake.

All facts of one request and its visit share subject, key and count.
"""

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from casebus_contracts.base import (
    ClientId,
    Command,
    CommandPart,
    Count,
    CountyFips,
    Fact,
    Flag,
    Internal,
    Moment,
    Name,
    OfficeId,
    Ordinal,
    Personal,
    Public,
    ReasonCode,
    RequestId,
    StaffId,
    Text,
    clean,
)
from casebus_contracts.codes import (
    AssignAs,
    Channel,
    LeaveStage,
    OverdueKind,
    RepresentativeKind,
    RequestSource,
    RequestType,
    TimedAction,
)


def _date_text(value: object) -> object:
    """Pydantic would take numbers and midnights as well; the contract names one form."""
    if isinstance(value, date) or (isinstance(value, str) and len(value) == 10):
        return value
    raise ValueError("must be a date, YYYY-MM-DD")


def _living_memory(day: date) -> date:
    if not 1850 <= day.year <= 9000:
        raise ValueError("year must lie between 1850 and 9000")
    return day


BirthDate = Annotated[date, BeforeValidator(_date_text), AfterValidator(_living_memory)]
Dcn = Annotated[str, StringConstraints(pattern=r"^[0-9]{8}$")]
Phone = Annotated[str, StringConstraints(pattern=r"^[0-9+(). x/-]{3,40}$")]
Priority = Annotated[int, Field(strict=True, ge=0, le=9)]
Explanation = Annotated[str, StringConstraints(min_length=1, max_length=2000), AfterValidator(clean)]
Reasons = Annotated[tuple[ReasonCode, ...], Field(min_length=1, max_length=20)]


class Client(CommandPart):
    """Who asks, as typed in by staff."""

    client_id: Internal[ClientId | None] = None
    last_name: Personal[Name]
    first_name: Personal[Name]
    middle: Personal[Name | None] = None
    birth_date: Personal[BirthDate | None] = None
    dcn: Personal[Dcn | None] = None
    phone: Personal[Phone | None] = None


class Representative(CommandPart):
    """Who speaks for the client, and for which cases."""

    name: Personal[Name]
    kind: Internal[RepresentativeKind | None] = None
    dcns: Personal[Annotated[tuple[Dcn, ...], Field(max_length=50)]] = ()


class CreateRequest(Command, service="intake", key="request_id"):
    """Write down that somebody asks for something. A smaller priority is served earlier."""

    request_id: Internal[RequestId]
    request_type: Internal[RequestType]
    office_id: Public[OfficeId]
    reasons: Internal[Reasons]
    client: Personal[Client | None] = None
    anonymous: Internal[Flag]
    county_fips: Internal[CountyFips | None] = None
    channel: Internal[Channel]
    priority: Internal[Priority] = 2
    unsigned: Internal[Flag] = False
    interpreter_language: Personal[Name | None] = None
    companions: Personal[Annotated[tuple[Name, ...], Field(max_length=20)]] = ()
    representative: Personal[Representative | None] = None
    received_at: Internal[Moment | None] = None
    comments: Personal[Text | None] = None


class AssignRequest(Command, service="intake", key="request_id"):
    """Give a request to a staff member."""

    request_id: Internal[RequestId]
    as_: Internal[AssignAs] = Field(alias="as")
    staff_id: Internal[StaffId]


class CheckIn(Command, service="intake", key="request_id"):
    """The client is here and takes a ticket."""

    request_id: Internal[RequestId]
    office_id: Public[OfficeId]


class TimeIn(Command, service="intake", key="request_id"):
    """Service begins, now or at the given time."""

    request_id: Internal[RequestId]
    office_id: Public[OfficeId]
    at: Internal[Moment | None] = None


class TimeOut(Command, service="intake", key="request_id"):
    """Service is over, now or at the given time."""

    request_id: Internal[RequestId]
    office_id: Public[OfficeId]
    at: Internal[Moment | None] = None


class CorrectTimes(Command, service="intake", key="request_id"):
    """Put wrong times right and say why. What is absent stays as it is."""

    request_id: Internal[RequestId]
    office_id: Public[OfficeId]
    time_in: Internal[Moment | None] = None
    time_out: Internal[Moment | None] = None
    reason: Personal[Explanation]


class LeaveVisit(Command, service="intake", key="request_id"):
    """The client goes without being served to the end."""

    request_id: Internal[RequestId]
    office_id: Public[OfficeId]
    stage: Internal[LeaveStage]
    reason: Personal[Text | None] = None


class RequestCreated(Fact, topic="request.created", owner="intake", subject="request", key="request_id", partitions=3):
    """A request exists."""

    request_id: Internal[RequestId]
    request_type: Internal[RequestType]
    office_id: Public[OfficeId]
    county_fips: Internal[CountyFips | None] = None
    received_at: Internal[Moment]
    channel: Internal[Channel]
    reasons: Internal[Reasons]
    client_id: Internal[ClientId | None] = None
    anonymous: Internal[Flag]
    priority: Internal[Count]
    created_by: Internal[StaffId]
    assigned_to: Internal[StaffId | None] = None
    nvra_covered: Internal[Flag]
    source: Internal[RequestSource]


class RequestAssigned(
    Fact, topic="request.assigned", owner="intake", subject="request", key="request_id", partitions=3
):
    """A staff member has the request."""

    request_id: Internal[RequestId]
    office_id: Public[OfficeId]
    as_: Internal[AssignAs] = Field(alias="as")
    staff_id: Internal[StaffId]
    by: Internal[StaffId]
    at: Internal[Moment]


class VisitWaiting(Fact, topic="visit.waiting", owner="intake", subject="request", key="request_id", partitions=3):
    """The client holds a ticket and was told how long it will take."""

    request_id: Internal[RequestId]
    office_id: Public[OfficeId]
    ticket: Internal[Ordinal]
    at: Internal[Moment]
    people_ahead: Internal[Count]
    estimate_minutes: Internal[Count]


class VisitServing(Fact, topic="visit.serving", owner="intake", subject="request", key="request_id", partitions=3):
    """Service has begun."""

    request_id: Internal[RequestId]
    office_id: Public[OfficeId]
    ticket: Internal[Ordinal]
    at: Internal[Moment]
    staff_id: Internal[StaffId | None] = None


class VisitLeft(Fact, topic="visit.left", owner="intake", subject="request", key="request_id", partitions=3):
    """The client went away."""

    request_id: Internal[RequestId]
    office_id: Public[OfficeId]
    ticket: Internal[Ordinal]
    at: Internal[Moment]
    stage: Internal[LeaveStage]


class VisitOverdue(Fact, topic="visit.overdue", owner="intake", subject="request", key="request_id", partitions=3):
    """A visit has passed a limit of its office: watched since `since`, over the limit at `at`."""

    request_id: Internal[RequestId]
    office_id: Public[OfficeId]
    kind: Internal[OverdueKind]
    since: Internal[Moment]
    at: Internal[Moment]


class WalkinTimed(Fact, topic="walkin.timed", owner="intake", subject="request", key="request_id", partitions=3):
    """The times of a walk-in were set or corrected. Averages count it only if `accurate`."""

    request_id: Internal[RequestId]
    office_id: Public[OfficeId]
    ticket: Internal[Ordinal]
    action: Internal[TimedAction]
    at: Internal[Moment]
    staff_id: Internal[StaffId]
    wait_seconds: Internal[Count]
    service_seconds: Internal[Count | None] = None
    accurate: Internal[Flag]
    previous_at: Internal[Moment | None] = None
