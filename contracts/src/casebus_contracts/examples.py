"""One realistic example of every message: a morning in Adair County. For documents, schemas and tests."""

from collections.abc import Mapping
from datetime import date, time
from types import MappingProxyType

from casebus_contracts.base import Message, Part
from casebus_contracts.codes import (
    AssignAs,
    Channel,
    LeaveStage,
    MemoKind,
    Outcome,
    OverdueKind,
    Position,
    RequestSource,
    RequestType,
    Role,
    Severity,
    TimedAction,
)
from casebus_contracts.example_values import (
    ALERT,
    ARRIVED,
    CLIENT,
    CORRECTED_IN,
    COUNTY,
    GONE,
    GREETER,
    IN,
    MEMO,
    OFFICE,
    OUT,
    OVERDUE,
    REGION,
    SEEN,
    SPECIALIST,
    SUPERVISOR,
)
from casebus_contracts.example_values import COMMAND as COMMAND
from casebus_contracts.example_values import FACT as FACT
from casebus_contracts.example_values import REQUEST as REQUEST
from casebus_contracts.examples_reception import RECEPTION
from casebus_contracts.intake import AssignRequest, Client, CreateRequest, RequestAssigned, RequestCreated
from casebus_contracts.notifications import (
    Acknowledge,
    AlertAcknowledged,
    AlertDelivered,
    AlertRaised,
    AlertResolved,
    AlertSubject,
    MemoUpserted,
    UpsertMemo,
)
from casebus_contracts.receipts import Origin, Receipt, ReceiptFact, Unreadable
from casebus_contracts.staffing import (
    CountyUpserted,
    NewOfficeLink,
    NewOfficeSettings,
    OfficeLink,
    OfficeSettings,
    OfficeUpserted,
    RegionUpserted,
    StaffUpserted,
    UpdateStaff,
    UpsertCounty,
    UpsertOffice,
    UpsertRegion,
    UpsertStaff,
)
from casebus_contracts.visits import (
    CheckIn,
    CorrectTimes,
    LeaveVisit,
    TimeIn,
    TimeOut,
    VisitLeft,
    VisitOverdue,
    VisitServing,
    VisitWaiting,
    WalkinTimed,
)

PANTRIES = "https://pantries.example/adair"

_DIRECTORY: tuple[Message, ...] = (
    UpsertRegion(region_id=REGION, name="Northeast"),
    UpsertCounty(county_fips=COUNTY, name="Adair County", region_id=REGION),
    UpsertOffice(
        office_id=OFFICE,
        name="Adair County Resource Center",
        county_fips=COUNTY,
        region_id=REGION,
        zone="America/Chicago",
        opens=time(8),
        closes=time(17),
        active=True,
        receptionist=True,
        settings=NewOfficeSettings(wait_limit_minutes=30, links=(NewOfficeLink(title="Food pantries", url=PANTRIES),)),
    ),
    UpsertStaff(
        staff_id=SUPERVISOR,
        name="Ruth Haynes",
        work_email="ruth.haynes@adair.example",
        role=Role.SUPERVISOR,
        office_id=OFFICE,
        positions=(Position.BUILDING_MANAGER,),
        active=True,
    ),
    UpdateStaff(
        staff_id=SPECIALIST,
        supervisor_id=SUPERVISOR,
        shift_start=time(8),
        shift_end=time(17),
        lunch_begin=time(12),
        lunch_end=time(12, 30),
    ),
    RegionUpserted(region_id=REGION, name="Northeast"),
    CountyUpserted(county_fips=COUNTY, name="Adair County", region_id=REGION),
    OfficeUpserted(
        office_id=OFFICE,
        name="Adair County Resource Center",
        county_fips=COUNTY,
        region_id=REGION,
        zone="America/Chicago",
        opens=time(8),
        closes=time(17),
        active=True,
        receptionist=True,
        settings=OfficeSettings(links=(OfficeLink(title="Food pantries", url=PANTRIES),)),
    ),
    StaffUpserted(
        staff_id=SPECIALIST,
        name="Daniel Osei",
        work_email="daniel.osei@adair.example",
        role=Role.ES,
        office_id=OFFICE,
        positions=(),
        active=True,
        supervisor_id=SUPERVISOR,
        shift_start=time(8),
        shift_end=time(17),
        lunch_begin=time(12),
        lunch_end=time(12, 30),
    ),
)

_ORDERS: tuple[Message, ...] = (
    CreateRequest(
        request_id=REQUEST,
        request_type=RequestType.WALK_IN,
        office_id=OFFICE,
        reasons=("apply", "ebt_card"),
        client=Client(
            client_id=CLIENT,
            last_name="Whitfield",
            first_name="Marlene",
            birth_date=date(1984, 3, 9),
            dcn="00412377",
            phone="660-555-0142",
        ),
        anonymous=False,
        county_fips=COUNTY,
        channel=Channel.IN_PERSON,
        comments="Asks for large print.",
    ),
    AssignRequest(request_id=REQUEST, as_=AssignAs.INTERVIEWER, staff_id=SPECIALIST),
    CheckIn(request_id=REQUEST, office_id=OFFICE),
    TimeIn(request_id=REQUEST, office_id=OFFICE),
    TimeOut(request_id=REQUEST, office_id=OFFICE, at=OUT),
    CorrectTimes(request_id=REQUEST, office_id=OFFICE, time_in=CORRECTED_IN, reason="Pressed two minutes late."),
    LeaveVisit(request_id=REQUEST, office_id=OFFICE, stage=LeaveStage.WAITING, reason="Bus leaves."),
)

_VISIT: tuple[Message, ...] = (
    RequestCreated(
        request_id=REQUEST,
        request_type=RequestType.WALK_IN,
        office_id=OFFICE,
        county_fips=COUNTY,
        received_at=ARRIVED,
        channel=Channel.IN_PERSON,
        reasons=("apply", "ebt_card"),
        client_id=CLIENT,
        anonymous=False,
        priority=2,
        created_by=GREETER,
        nvra_covered=True,
        source=RequestSource.MANUAL,
    ),
    RequestAssigned(
        request_id=REQUEST,
        office_id=OFFICE,
        as_=AssignAs.INTERVIEWER,
        staff_id=SPECIALIST,
        by=GREETER,
        at=ARRIVED,
    ),
    VisitWaiting(request_id=REQUEST, office_id=OFFICE, ticket=7, at=ARRIVED, people_ahead=3, estimate_minutes=23),
    VisitServing(request_id=REQUEST, office_id=OFFICE, ticket=7, at=IN, staff_id=SPECIALIST),
    VisitLeft(request_id=REQUEST, office_id=OFFICE, ticket=7, at=GONE, stage=LeaveStage.WAITING),
    VisitOverdue(request_id=REQUEST, office_id=OFFICE, kind=OverdueKind.WAITING, since=ARRIVED, at=OVERDUE),
    WalkinTimed(
        request_id=REQUEST,
        office_id=OFFICE,
        ticket=7,
        action=TimedAction.CORRECTED,
        at=CORRECTED_IN,
        staff_id=SUPERVISOR,
        wait_seconds=1920,
        service_seconds=970,
        accurate=True,
        previous_at=IN,
    ),
)

_ALERTS: tuple[Message, ...] = (
    Acknowledge(alert_id=ALERT),
    AlertRaised(
        alert_id=ALERT,
        rule="A-14",
        severity=Severity.MEDIUM,
        office_id=OFFICE,
        subject=AlertSubject(type="request", id=REQUEST),
        recipients=(GREETER, SUPERVISOR),
        raised_at=OVERDUE,
        dedupe_key=f"A-14/{REQUEST}/waiting",
        text=f"A-14: a visit at office adair has waited too long. Request {REQUEST}",
    ),
    AlertDelivered(alert_id=ALERT, channel="email", recipient=SUPERVISOR, at=OVERDUE),
    AlertAcknowledged(alert_id=ALERT, by=SUPERVISOR, at=SEEN),
    AlertResolved(alert_id=ALERT, at=GONE, cause="visit.left"),
    UpsertMemo(
        memo_id=MEMO,
        kind=MemoKind.HOT_TIP,
        title="Cards that came without a PIN",
        url="https://memos.example/tips/pin",
        about=("ebt_card",),
        valid_from=ARRIVED,
    ),
    MemoUpserted(
        memo_id=MEMO,
        kind=MemoKind.HOT_TIP,
        title="Cards that came without a PIN",
        url="https://memos.example/tips/pin",
        about=("ebt_card",),
        valid_from=ARRIVED,
        withdrawn=False,
    ),
)

MESSAGES: Mapping[str, Message] = MappingProxyType(
    {message.TYPE: message for message in (*_DIRECTORY, *_ORDERS, *_VISIT, *_ALERTS, *RECEPTION)}
)
"""An example of every command and fact, by type."""

RECEIPT = Receipt(
    command_id=COMMAND,
    command_type="CreateRequest",
    outcome=Outcome.ACCEPTED,
    final=True,
    facts=(ReceiptFact(id=FACT, type="request.created", subject=f"request/{REQUEST}", sequence=1),),
)

UNREADABLE = Unreadable(
    origin=Origin(topic="intake.commands", partition=1, offset=4711),
    sha256="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    reason="proof",
    ce_id=COMMAND,
    ce_type="CreateRequest",
    at=ARRIVED,
)

RECORDS: Mapping[str, Part] = MappingProxyType({Receipt.TYPE: RECEIPT, Unreadable.TYPE: UNREADABLE})
"""An example of what every service writes beside its facts, by type."""

EXAMPLES: Mapping[str, Part] = MappingProxyType({**MESSAGES, **RECORDS})
"""All of them."""


def payload(example: Part) -> bytes:
    """The body of a record, as every service writes it."""
    return example.__pydantic_serializer__.to_json(example, by_alias=True, exclude_none=True)
