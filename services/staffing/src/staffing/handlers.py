"""Which message needs what."""

from datetime import datetime

from access.calendars import ElectionDeadline, Holiday
from access.directory import ACTOR, Availability, County, Office, Region, Staff, operates
from access.matrix import WHO_RULES
from casebus_contracts import (
    SetAvailability,
    SetElectionDeadline,
    SetHoliday,
    UpdateStaff,
    UpsertCounty,
    UpsertOffice,
    UpsertRegion,
    UpsertStaff,
    UpsertVoterOffice,
)
from chassis.wiring import Service, change, read, read_all
from staffing import calendars, members, places
from staffing.coordinators import STATE, Coordinators
from staffing.reads import make_reads

TABLES = (Region, County, Office, Staff, Availability, Holiday, ElectionDeadline, Coordinators)
SERVICE = Service("staffing", tables=TABLES, who_rules=WHO_RULES)
SERVICE.operated_by(Staff, operates)
SERVICE.offer(make_reads)


def _of_the_state(command: UpsertStaff | UpsertVoterOffice, actor: str, now: datetime) -> str:
    return STATE


COORDINATORS = change(Coordinators, _of_the_state, new=Coordinators)

SERVICE.on(UpsertRegion, places.upsert_region, actor=ACTOR, region=change(Region, "region_id"))
SERVICE.on(
    UpsertCounty,
    places.upsert_county,
    actor=ACTOR,
    county=change(County, "county_fips"),
    region=read(Region, "region_id"),
)
SERVICE.on(
    UpsertOffice,
    places.upsert_office,
    actor=ACTOR,
    office=change(Office, "office_id"),
    county=read(County, "county_fips"),
    region=read(Region, "region_id"),
)
SERVICE.on(
    UpsertStaff,
    members.upsert_staff,
    actor=ACTOR,
    member=change(Staff, "staff_id"),
    team=read_all(Staff, "staff_id", of="supervisor_id"),
    coordinators=COORDINATORS,
    office=read(Office, "office_id"),
)
SERVICE.on(
    UpdateStaff,
    members.update_staff,
    actor=ACTOR,
    member=change(Staff, "staff_id"),
    # Locked, so that nobody takes the role away meanwhile.
    supervisor=change(Staff, "supervisor_id"),
)
SERVICE.on(
    UpsertVoterOffice,
    places.upsert_voter_office,
    actor=ACTOR,
    office=change(Office, "office_id"),
    coordinators=COORDINATORS,
    coordinator=read(Staff, "local_coordinator"),
)
SERVICE.on(
    SetAvailability,
    members.set_availability,
    actor=ACTOR,
    member=read(Staff, "staff_id"),
    availability=change(Availability, "staff_id"),
)
SERVICE.on(
    SetHoliday,
    calendars.set_holiday,
    actor=ACTOR,
    holiday=change(Holiday, "date"),
    office=read(Office, "office_id"),
)
SERVICE.on(
    SetElectionDeadline,
    calendars.set_election_deadline,
    actor=ACTOR,
    election=change(ElectionDeadline, "election_date"),
    county=read(County, "county_fips"),
)
