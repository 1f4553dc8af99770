"""One realistic example of every message of a whole day at the reception."""

from datetime import date

from casebus_contracts.base import Message
from casebus_contracts.calendars import (
    CountyDeadline,
    ElectionDeadlineUpserted,
    HolidayUpserted,
    OfficeHoliday,
    SetElectionDeadline,
    SetHoliday,
)
from casebus_contracts.clients import ClientMerged, ClientRecorded, MergeClients, ReasonUpserted, UpsertReason
from casebus_contracts.codes import Channel, CompletedBy, LeaveStage, VoterResponse
from casebus_contracts.example_values import (
    ARRIVED,
    CALL,
    CLIENT,
    COUNTY,
    ENTRY,
    GONE,
    GREETER,
    IN,
    OFFICE,
    OUT,
    OVERDUE,
    REQUEST,
    SEEN,
    SPECIALIST,
    SUPERVISOR,
    TWIN,
)
from casebus_contracts.intake import (
    CloseRequest,
    LogMeritCall,
    MeritCallLogged,
    ReopenRequest,
    RequestClosed,
    RequestReopened,
    RequestUpdated,
    UpdateRequest,
)
from casebus_contracts.staffing import SetAvailability, StaffAvailabilityChanged, UpsertVoterOffice
from casebus_contracts.visits import (
    Hold,
    Invite,
    NoShow,
    Recall,
    Resume,
    Return,
    VisitAutoClosed,
    VisitCalled,
    VisitHeld,
    VisitNoShow,
    VisitRecalled,
    VisitResumed,
    VisitReturned,
)
from casebus_contracts.voters import (
    CountVoterForms,
    LogVoterRegistration,
    SendCorrectiveLetter,
    TransmitVoterForms,
    VoterCorrectiveActionSent,
    VoterCountsDeviating,
    VoterFormsOverdue,
    VoterFormsTransmitted,
    VoterOfferMissing,
    VoterRegistrationLogged,
    VoterStockCounted,
    VoterStockLow,
)

TODAY, HOLIDAY, ELECTION, LAST_DAY = date(2025, 11, 24), date(2026, 7, 3), date(2026, 11, 3), date(2026, 10, 7)
FORMS_DUE = date(2025, 12, 2)

_DIRECTORY: tuple[Message, ...] = (
    SetHoliday(date=HOLIDAY, name="Independence Day (observed)", closed=True),
    SetElectionDeadline(election_date=ELECTION, registration_deadline=LAST_DAY),
    UpsertVoterOffice(office_id=OFFICE, election_authority="Adair County Clerk", local_coordinator=SUPERVISOR),
    SetAvailability(staff_id=SPECIALIST, available=False, comment="Back at two."),
    UpsertReason(reason="apply", label="Apply for benefits", nvra_covered=True, active=True),
    HolidayUpserted(
        date=HOLIDAY,
        name="Independence Day (observed)",
        closed=True,
        offices=(OfficeHoliday(office_id=OFFICE, name="Open for the fair", closed=False),),
    ),
    ElectionDeadlineUpserted(
        election_date=ELECTION,
        registration_deadline=LAST_DAY,
        counties=(CountyDeadline(county_fips=COUNTY, registration_deadline=LAST_DAY),),
    ),
    StaffAvailabilityChanged(staff_id=SPECIALIST, available=False, by=SPECIALIST, at=SEEN),
    ReasonUpserted(reason="apply", label="Apply for benefits", nvra_covered=True, active=True),
)

_REQUESTS: tuple[Message, ...] = (
    UpdateRequest(request_id=REQUEST, reasons=("apply", "interview"), reason="Asked again at the desk."),
    CloseRequest(request_id=REQUEST, disposition="application_taken"),
    ReopenRequest(request_id=REQUEST, reason="A page was missing."),
    LogMeritCall(request_id=REQUEST, call_id=CALL, at=IN, note="Asks whether the form came."),
    MergeClients(survivor=CLIENT, merged=TWIN, reason="Same person, name misspelled."),
    RequestUpdated(
        request_id=REQUEST,
        office_id=OFFICE,
        changed=("reasons",),
        county_fips=COUNTY,
        channel=Channel.IN_PERSON,
        reasons=("apply", "interview"),
        client_id=CLIENT,
        anonymous=False,
        priority=2,
        nvra_covered=True,
        by=GREETER,
        at=SEEN,
    ),
    RequestClosed(request_id=REQUEST, office_id=OFFICE, disposition="application_taken", by=SPECIALIST, at=OUT),
    RequestReopened(request_id=REQUEST, office_id=OFFICE, by=SUPERVISOR, at=OUT),
    MeritCallLogged(request_id=REQUEST, office_id=OFFICE, call_id=CALL, calls=2, by=SPECIALIST, at=IN),
    ClientRecorded(client_id=TWIN, merged_into=CLIENT, by=SUPERVISOR, at=SEEN),
    ClientMerged(survivor=CLIENT, merged=TWIN, by=SUPERVISOR, at=SEEN),
)

_LOBBY: tuple[Message, ...] = (
    Invite(request_id=REQUEST, office_id=OFFICE),
    Recall(request_id=REQUEST, office_id=OFFICE),
    NoShow(request_id=REQUEST, office_id=OFFICE),
    Hold(request_id=REQUEST, office_id=OFFICE),
    Resume(request_id=REQUEST, office_id=OFFICE),
    Return(request_id=REQUEST, office_id=OFFICE),
    VisitCalled(request_id=REQUEST, office_id=OFFICE, ticket=7, at=SEEN, staff_id=SPECIALIST),
    VisitRecalled(request_id=REQUEST, office_id=OFFICE, ticket=7, at=SEEN, staff_id=SPECIALIST, calls=2),
    VisitHeld(request_id=REQUEST, office_id=OFFICE, ticket=7, at=GONE, staff_id=SPECIALIST),
    VisitResumed(request_id=REQUEST, office_id=OFFICE, ticket=7, at=OUT, staff_id=SPECIALIST),
    VisitReturned(request_id=REQUEST, office_id=OFFICE, ticket=7, at=SEEN, staff_id=SPECIALIST),
    VisitNoShow(request_id=REQUEST, office_id=OFFICE, ticket=7, at=SEEN, staff_id=SPECIALIST),
    VisitAutoClosed(request_id=REQUEST, office_id=OFFICE, ticket=7, at=OVERDUE, stage=LeaveStage.WAITING),
)

_VOTERS: tuple[Message, ...] = (
    LogVoterRegistration(
        entry_id=ENTRY,
        request_id=REQUEST,
        office_id=OFFICE,
        name="Marlene Whitfield",
        birth_date=date(1984, 3, 9),
        response=VoterResponse.YES,
        completed_by=CompletedBy.PARTICIPANT,
        occasion="apply",
        channel=Channel.IN_PERSON,
        form_received_on=TODAY,
    ),
    TransmitVoterForms(office_id=OFFICE, entry_ids=(ENTRY,), sent_on=TODAY),
    SendCorrectiveLetter(request_id=REQUEST),
    CountVoterForms(office_id=OFFICE, forms_in_stock=35),
    VoterRegistrationLogged(
        entry_id=ENTRY, request_id=REQUEST, office_id=OFFICE, occasion="apply", channel=Channel.IN_PERSON, at=OUT
    ),
    VoterFormsTransmitted(office_id=OFFICE, sent_on=TODAY, forms=4, forms_overdue=0, by=SUPERVISOR, at=OUT),
    VoterFormsOverdue(office_id=OFFICE, due_on=FORMS_DUE, forms_overdue=2, at=ARRIVED),
    VoterOfferMissing(request_id=REQUEST, office_id=OFFICE, at=OUT),
    VoterCorrectiveActionSent(request_id=REQUEST, office_id=OFFICE, by=SUPERVISOR, at=OUT),
    VoterStockCounted(office_id=OFFICE, forms_in_stock=35, forms_needed=48, by=GREETER, at=ARRIVED),
    VoterStockLow(office_id=OFFICE, forms_in_stock=35, forms_needed=48, at=ARRIVED),
    VoterCountsDeviating(office_id=OFFICE, month="2025-10", covered_contacts=212, entries=150, letters=9, at=ARRIVED),
)

RECEPTION: tuple[Message, ...] = (*_DIRECTORY, *_REQUESTS, *_LOBBY, *_VOTERS)
