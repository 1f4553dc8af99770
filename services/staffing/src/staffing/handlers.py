"""Which message needs what."""

from access.directory import ACTOR, County, Office, Region, Staff, operates
from access.matrix import WHO_RULES
from casebus_contracts import UpdateStaff, UpsertCounty, UpsertOffice, UpsertRegion, UpsertStaff
from chassis.wiring import Service, change, read
from staffing import members, places

SERVICE = Service("staffing", tables=(Region, County, Office, Staff), who_rules=WHO_RULES)
SERVICE.operated_by(Staff, operates)

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
    office=read(Office, "office_id"),
)
SERVICE.on(
    UpdateStaff,
    members.update_staff,
    actor=ACTOR,
    member=change(Staff, "staff_id"),
    supervisor=read(Staff, "supervisor_id"),
)
