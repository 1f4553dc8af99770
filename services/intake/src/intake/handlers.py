"""Which message needs what."""

from access.calendars import ElectionDeadline, Holiday
from access.directory import ACTOR, Availability, County, Office, Region, Staff, operates
from access.matrix import WHO_RULES
from casebus_contracts import (
    AssignRequest,
    CheckIn,
    CorrectTimes,
    CountyUpserted,
    CreateRequest,
    ElectionDeadlineUpserted,
    Hold,
    HolidayUpserted,
    Invite,
    LeaveVisit,
    NoShow,
    OfficeUpserted,
    Recall,
    RegionUpserted,
    Resume,
    Return,
    StaffAvailabilityChanged,
    StaffUpserted,
    TimeIn,
    TimeOut,
)
from chassis.wiring import Service, change, read
from intake import assignment, calling, creation, overdue, times, visit, walk_in
from intake.lobby import Lobby
from intake.request import Request

SERVICE = Service(
    "intake",
    tables=(Request, Lobby),
    replicas=(Office, Staff, Availability, Region, County, Holiday, ElectionDeadline),
    who_rules=WHO_RULES,
)
SERVICE.operated_by(Staff, operates)

REQUEST = change(Request, "request_id")
LOBBY = change(Lobby, "office_id", new=Lobby)
OFFICE = read(Office, "office_id")

SERVICE.on(CreateRequest, creation.create_request, actor=ACTOR, office=OFFICE, request=REQUEST)
SERVICE.on(AssignRequest, assignment.assign_request, actor=ACTOR, request=REQUEST, assignee=read(Staff, "staff_id"))
SERVICE.on(CheckIn, walk_in.check_in, actor=ACTOR, request=REQUEST, lobby=LOBBY, office=OFFICE)
SERVICE.on(LeaveVisit, walk_in.leave_visit, actor=ACTOR, request=REQUEST, lobby=LOBBY)
SERVICE.on(Invite, calling.invite, actor=ACTOR, request=REQUEST, lobby=LOBBY)
SERVICE.on(Recall, calling.recall, actor=ACTOR, request=REQUEST)
SERVICE.on(NoShow, calling.no_show, actor=ACTOR, request=REQUEST, lobby=LOBBY, office=OFFICE)
SERVICE.on(Return, calling.return_to_queue, actor=ACTOR, request=REQUEST, lobby=LOBBY)
SERVICE.on(Hold, calling.hold, actor=ACTOR, request=REQUEST, lobby=LOBBY)
SERVICE.on(Resume, calling.resume, actor=ACTOR, request=REQUEST, lobby=LOBBY)
SERVICE.on(TimeIn, times.time_in, actor=ACTOR, request=REQUEST, lobby=LOBBY, office=OFFICE)
SERVICE.on(TimeOut, times.time_out, actor=ACTOR, request=REQUEST, lobby=LOBBY, office=OFFICE)
SERVICE.on(CorrectTimes, times.correct_times, actor=ACTOR, request=REQUEST, lobby=LOBBY, office=OFFICE)

DUE_REQUEST = change(Request, "aggregate_id")
SERVICE.on_due(visit.WAITING, overdue.waited_too_long, request=DUE_REQUEST)
SERVICE.on_due(visit.SERVING, overdue.served_too_long, request=DUE_REQUEST)
SERVICE.on_due(visit.CLOSING, overdue.open_at_closing, request=DUE_REQUEST)

SERVICE.replicate(OfficeUpserted, Office)
SERVICE.replicate(StaffUpserted, Staff)
SERVICE.replicate(StaffAvailabilityChanged, Availability)
SERVICE.replicate(RegionUpserted, Region)
SERVICE.replicate(CountyUpserted, County)
SERVICE.replicate(HolidayUpserted, Holiday)
SERVICE.replicate(ElectionDeadlineUpserted, ElectionDeadline)
