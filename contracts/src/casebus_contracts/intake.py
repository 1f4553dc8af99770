"""Requests, whoever brings them. Owner: intake.

All facts of one request and its visit share subject, key and count; those of the visit are in `visits`.
"""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from casebus_contracts.base import (
    ClientId,
    Code,
    Command,
    CommandPart,
    Count,
    CountyFips,
    Day,
    Explanation,
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
    Uuid7,
    clean,
)
from casebus_contracts.codes import (
    AssignAs,
    Channel,
    RepresentativeKind,
    RequestSource,
    RequestType,
    Signature,
)

BirthDate = Day
Dcn = Annotated[str, StringConstraints(pattern=r"^[0-9]{8}$")]
Phone = Annotated[str, StringConstraints(pattern=r"^[0-9+(). x/-]{3,40}$")]
Priority = Annotated[int, Field(strict=True, ge=0, le=9)]
CaseRef = Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(clean)]
Companions = Annotated[tuple[Name, ...], Field(max_length=20)]
Programs = Annotated[tuple[Code, ...], Field(max_length=20)]
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
    companions: Personal[Companions] = ()
    representative: Personal[Representative | None] = None
    received_at: Internal[Moment | None] = None
    comments: Personal[Text | None] = None
    programs: Internal[Programs | None] = None
    document_type: Internal[Code | None] = None
    postmark: Internal[Day | None] = None
    case_ref: Personal[CaseRef | None] = None
    vendor: Internal[Name | None] = None
    subject: Personal[Name | None] = None


class UpdateRequest(Command, service="intake", key="request_id"):
    """Change what is known of a request and say why, if that helps. What is absent stays as it is.

    `signature` ends the wait for the signature of an unsigned application: `signed` or `returned`.
    `received_at` and `postmark` are changed by those only who may edit dates and times.
    """

    request_id: Internal[RequestId]
    reasons: Internal[Reasons | None] = None
    client: Personal[Client | None] = None
    anonymous: Internal[Flag | None] = None
    county_fips: Internal[CountyFips | None] = None
    channel: Internal[Channel | None] = None
    priority: Internal[Priority | None] = None
    signature: Internal[Signature | None] = None
    interpreter_language: Personal[Name | None] = None
    companions: Personal[Companions | None] = None
    representative: Personal[Representative | None] = None
    received_at: Internal[Moment | None] = None
    comments: Personal[Text | None] = None
    programs: Internal[Programs | None] = None
    document_type: Internal[Code | None] = None
    postmark: Internal[Day | None] = None
    case_ref: Personal[CaseRef | None] = None
    vendor: Internal[Name | None] = None
    subject: Personal[Name | None] = None
    reason: Personal[Explanation | None] = None


class CloseRequest(Command, service="intake", key="request_id"):
    """The work on a request is done, with this result."""

    request_id: Internal[RequestId]
    disposition: Internal[Code]


class ReopenRequest(Command, service="intake", key="request_id"):
    """Take a closed request up again and say why."""

    request_id: Internal[RequestId]
    reason: Personal[Explanation]


class LogMeritCall(Command, service="intake", key="request_id"):
    """Another call about the case of a merit call."""

    request_id: Internal[RequestId]
    call_id: Internal[Uuid7]
    at: Internal[Moment]
    note: Personal[Text | None] = None


class AssignRequest(Command, service="intake", key="request_id"):
    """Give a request to a staff member."""

    request_id: Internal[RequestId]
    as_: Internal[AssignAs] = Field(alias="as")
    staff_id: Internal[StaffId]


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


class RequestUpdated(Fact, topic="request.updated", owner="intake", subject="request", key="request_id", partitions=3):
    """A request as it is after a change. `changed` names the fields, also those that are not told."""

    request_id: Internal[RequestId]
    office_id: Public[OfficeId]
    changed: Internal[Annotated[tuple[Code, ...], Field(max_length=50)]]
    county_fips: Internal[CountyFips | None] = None
    channel: Internal[Channel]
    reasons: Internal[Reasons]
    client_id: Internal[ClientId | None] = None
    anonymous: Internal[Flag]
    priority: Internal[Count]
    nvra_covered: Internal[Flag]
    signature: Internal[Signature | None] = None
    by: Internal[StaffId]
    at: Internal[Moment]


class RequestClosed(Fact, topic="request.closed", owner="intake", subject="request", key="request_id", partitions=3):
    """The work on a request is done."""

    request_id: Internal[RequestId]
    office_id: Public[OfficeId]
    disposition: Internal[Code]
    by: Internal[StaffId]
    at: Internal[Moment]


class RequestReopened(
    Fact, topic="request.reopened", owner="intake", subject="request", key="request_id", partitions=3
):
    """A closed request is worked on again."""

    request_id: Internal[RequestId]
    office_id: Public[OfficeId]
    by: Internal[StaffId]
    at: Internal[Moment]


class MeritCallLogged(
    Fact, topic="merit.call.logged", owner="intake", subject="request", key="request_id", partitions=3
):
    """A call to the merit office was written down."""

    request_id: Internal[RequestId]
    office_id: Public[OfficeId]
    call_id: Internal[Uuid7]
    calls: Internal[Ordinal]
    by: Internal[StaffId]
    at: Internal[Moment]
