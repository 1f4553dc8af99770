"""Which message needs what."""

from access.calendars import ElectionDeadline, Holiday
from access.directory import ACTOR, Availability, County, Office, Region, Staff, operates
from access.matrix import WHO_RULES
from casebus_contracts import (
    AssignRequest,
    CheckIn,
    CloseRequest,
    CorrectTimes,
    CountVoterForms,
    CountyUpserted,
    CreateRequest,
    ElectionDeadlineUpserted,
    Hold,
    HolidayUpserted,
    Invite,
    LeaveVisit,
    LogMeritCall,
    LogVoterRegistration,
    MergeClients,
    NoShow,
    OfficeUpserted,
    Recall,
    RegionUpserted,
    ReopenRequest,
    RequestUpdated,
    Resume,
    Return,
    SendCorrectiveLetter,
    StaffAvailabilityChanged,
    StaffUpserted,
    TimeIn,
    TimeOut,
    TransmitVoterForms,
    UpdateRequest,
    UpsertReason,
    VisitOverdue,
)
from chassis.wiring import Service, change, count, read, read_every
from intake import (
    assignment,
    calling,
    clients,
    closing,
    creation,
    merit,
    overdue,
    reasons,
    tallies,
    times,
    updating,
    visit,
    walk_in,
)
from intake.clients import KnownClient
from intake.counter import make_counter
from intake.lobby import Lobby
from intake.merit import MeritCall
from intake.reads.routes import make_reads
from intake.reasons import Reason
from intake.reports.routes import make_reports
from intake.request import Request
from intake.tallies import ENTRIES, LETTERS, REQUESTS
from intake.voters import forms, log, month, offer, retention, stock
from intake.voters.desk import VoterDesk
from intake.voters.entry import VoterAnswer, VoterRegistrationEntry
from intake.voters.forms import FormsBox
from intake.voters.offer import Offer

SERVICE = Service(
    "intake",
    tables=(
        Reason,
        Request,
        KnownClient,
        VoterRegistrationEntry,
        VoterDesk,
        Lobby,
        MeritCall,
        VoterAnswer,
        Offer,
        FormsBox,
    ),
    replicas=(Office, Staff, Availability, Region, County, Holiday, ElectionDeadline),
    who_rules=WHO_RULES,
)
SERVICE.operated_by(Staff, operates)
SERVICE.offer(make_counter)
SERVICE.offer(make_reads)
SERVICE.offer(make_reports)

REQUEST = change(Request, "request_id")
LOBBY = change(Lobby, "office_id", new=Lobby)
OFFICE = read(Office, "office_id")
REASONS = read_every(Reason)
CLIENT = change(KnownClient, clients.named)
OFFER = change(Offer, "request_id", new=Offer)

SERVICE.on(UpsertReason, reasons.upsert_reason, actor=ACTOR, reason=change(Reason, "reason"))
SERVICE.on(
    CreateRequest, creation.create_request, actor=ACTOR, office=OFFICE, reasons=REASONS, client=CLIENT, request=REQUEST
)
SERVICE.on(UpdateRequest, updating.update_request, actor=ACTOR, reasons=REASONS, client=CLIENT, request=REQUEST)
SERVICE.on(CloseRequest, closing.close_request, actor=ACTOR, request=REQUEST, offer=OFFER)
SERVICE.on(ReopenRequest, closing.reopen_request, actor=ACTOR, request=REQUEST)
SERVICE.on(LogMeritCall, merit.log_merit_call, actor=ACTOR, request=REQUEST, call=change(MeritCall, "call_id"))
SERVICE.on(
    MergeClients,
    clients.merge_clients,
    actor=ACTOR,
    survivor=change(KnownClient, "survivor"),
    merged=change(KnownClient, "merged"),
)
SERVICE.on(AssignRequest, assignment.assign_request, actor=ACTOR, request=REQUEST, assignee=read(Staff, "staff_id"))
SERVICE.on(CheckIn, walk_in.check_in, actor=ACTOR, request=REQUEST, lobby=LOBBY, office=OFFICE)
SERVICE.on(LeaveVisit, walk_in.leave_visit, actor=ACTOR, request=REQUEST, lobby=LOBBY, offer=OFFER)
SERVICE.on(Invite, calling.invite, actor=ACTOR, request=REQUEST, lobby=LOBBY)
SERVICE.on(Recall, calling.recall, actor=ACTOR, request=REQUEST)
SERVICE.on(NoShow, calling.no_show, actor=ACTOR, request=REQUEST, lobby=LOBBY, office=OFFICE, offer=OFFER)
SERVICE.on(Return, calling.return_to_queue, actor=ACTOR, request=REQUEST, lobby=LOBBY)
SERVICE.on(Hold, calling.hold, actor=ACTOR, request=REQUEST, lobby=LOBBY)
SERVICE.on(Resume, calling.resume, actor=ACTOR, request=REQUEST, lobby=LOBBY)
SERVICE.on(TimeIn, times.time_in, actor=ACTOR, request=REQUEST, lobby=LOBBY, office=OFFICE)
SERVICE.on(TimeOut, times.time_out, actor=ACTOR, request=REQUEST, lobby=LOBBY, office=OFFICE, offer=OFFER)
SERVICE.on(CorrectTimes, times.correct_times, actor=ACTOR, request=REQUEST, lobby=LOBBY, office=OFFICE, offer=OFFER)

SERVICE.on(RequestUpdated, walk_in.follow_priority, lobby=LOBBY)

DUE_REQUEST = change(Request, "aggregate_id")
SERVICE.on_due(visit.WAITING, overdue.waited_too_long, request=DUE_REQUEST)
SERVICE.on_due(visit.SERVING, overdue.served_too_long, request=DUE_REQUEST)
SERVICE.on_due(visit.CLOSING, overdue.open_at_closing, request=DUE_REQUEST)
SERVICE.on(VisitOverdue, overdue.auto_close, request=REQUEST, lobby=LOBBY, office=OFFICE, offer=OFFER)

SERVICE.replicate(OfficeUpserted, Office)
SERVICE.replicate(StaffUpserted, Staff)
SERVICE.replicate(StaffAvailabilityChanged, Availability)
SERVICE.replicate(RegionUpserted, Region)
SERVICE.replicate(CountyUpserted, County)
SERVICE.replicate(HolidayUpserted, Holiday)
SERVICE.replicate(ElectionDeadlineUpserted, ElectionDeadline)

BOX = change(FormsBox, "office_id", new=FormsBox)
DESK = change(VoterDesk, "office_id", new=VoterDesk)

SERVICE.on(
    LogVoterRegistration,
    log.log_voter_registration,
    actor=ACTOR,
    entry=change(VoterRegistrationEntry, "entry_id"),
    answer=change(VoterAnswer, "entry_id"),
    request=read(Request, "request_id"),
    offer=OFFER,
    box=BOX,
    office=OFFICE,
    holidays=read_every(Holiday),
    deadlines=read_every(ElectionDeadline),
)
SERVICE.on(
    SendCorrectiveLetter,
    offer.send_corrective_letter,
    actor=ACTOR,
    request=REQUEST,
    offer=OFFER,
    offices=read_every(Office),
)
SERVICE.on(TransmitVoterForms, forms.transmit_voter_forms, actor=ACTOR, box=BOX, desk=DESK, office=OFFICE)
SERVICE.on(CountVoterForms, stock.count_voter_forms, actor=ACTOR, box=BOX, desk=DESK, office=OFFICE)
SERVICE.on_due(
    forms.FORMS,
    forms.forms_late,
    box=change(FormsBox, "aggregate_id", new=FormsBox),
    desk=change(VoterDesk, "aggregate_id", new=VoterDesk),
    office=read(Office, "aggregate_id"),
)

SERVICE.on(OfficeUpserted, month.watch_month, box=BOX, office=OFFICE, holidays=read_every(Holiday))
SERVICE.on_due(
    month.MONTH,
    month.month_over,
    box=change(FormsBox, "aggregate_id", new=FormsBox),
    desk=change(VoterDesk, "aggregate_id", new=VoterDesk),
    office=read(Office, "aggregate_id"),
    holidays=read_every(Holiday),
    counts=count("aggregate_id", REQUESTS, ENTRIES, LETTERS, days=month.month_before),
)

SERVICE.tally(
    Request,
    tallies.of_request,
    *("office_id", "zone", "received_at", "request_type", "channel", "nvra_covered", "reasons", "anonymous"),
    *("signature", "status"),
)
SERVICE.tally(
    Request,
    tallies.of_visit,
    *("office_id", "ticket_day", "visit_status", "accurate", "arrived_at", "time_in", "intervals"),
    "estimate_told_minutes",
)
SERVICE.tally(VoterRegistrationEntry, tallies.of_entry, "office_id", "logged_day", "occasion", "channel")
SERVICE.tally(VoterAnswer, tallies.of_answer, "office_id", "month", "response")
SERVICE.tally(Offer, tallies.of_offer, "office_id", "letter_day")
SERVICE.tally(MeritCall, tallies.of_merit_call, "office_id", "day")
SERVICE.tally_also(tallies.of_month)

SERVICE.forget(VoterAnswer, retention.FORGET_ANSWERS)
SERVICE.forget(Offer, retention.FORGET_LETTERS)
