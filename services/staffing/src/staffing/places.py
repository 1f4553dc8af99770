"""Regions, counties and offices. Values in, facts out.

A rule that takes a region or county it does not look at takes it to be sure that there is one.
"""

from access.directory import County, Office, Region, Staff, zone_exists
from access.matrix import Ability, may
from casebus_contracts import (
    CountyUpserted,
    OfficeUpserted,
    RegionUpserted,
    UpsertCounty,
    UpsertOffice,
    UpsertRegion,
    UpsertVoterOffice,
)
from chassis.rules import Decision, decide, invalid, refuse, replace, unchanged, unknown
from staffing.coordinators import Coordinators
from staffing.states import content


def upsert_region(region: Region | None, command: UpsertRegion, actor: Staff) -> Decision:
    """Central Office alone keeps the regions (I-53, I-58)."""
    if denied := may(actor, Ability.REFERENCE_DATA):
        return refuse(denied)
    told = command.model_dump(exclude={"region_id"})
    wanted = replace(region, **told) if region else Region(command.region_id, **told)
    if wanted == region:
        return unchanged(region)
    return decide(wanted, RegionUpserted(region_id=wanted.id, **content(wanted)))


def upsert_county(county: County | None, region: Region, command: UpsertCounty, actor: Staff) -> Decision:
    """Central Office alone keeps the counties (D-04)."""
    if denied := may(actor, Ability.REFERENCE_DATA):
        return refuse(denied)
    told = command.model_dump(exclude={"county_fips"})
    wanted = replace(county, **told) if county else County(command.county_fips, **told)
    if wanted == county:
        return unchanged(county)
    return decide(wanted, CountyUpserted(county_fips=wanted.id, **content(wanted)))


def upsert_office(
    office: Office | None, county: County, region: Region, command: UpsertOffice, actor: Staff
) -> Decision:
    """A manager keeps the data of the own office, Central Office those of all. Hours are times of its zone (D-01)."""
    if denied := may(actor, Ability.OFFICE_DATA, office=command.office_id):
        return refuse(denied)
    if not zone_exists(command.zone):
        return invalid("zone", "no zone of this name")
    if command.closes <= command.opens:
        return invalid("closes", "not after opening")
    told = {**command.model_dump(exclude={"office_id"}), "settings": command.office_settings}
    wanted = replace(office, **told) if office else Office(command.office_id, **told)
    if wanted == office:
        return unchanged(office)
    return decide(wanted, OfficeUpserted(office_id=wanted.id, **content(wanted)))


def upsert_voter_office(
    office: Office, coordinators: Coordinators, coordinator: Staff | None, command: UpsertVoterOffice, actor: Staff
) -> Decision:
    """Where an office sends its voter registration forms, and who sees to it (I-52, I-56, I-60, V-13)."""
    if denied := may(actor, Ability.VOTER_OFFICE_DATA, office=office.id):
        return refuse(denied)
    if command.local_coordinator is not None:
        if coordinator is None:
            return unknown("local_coordinator")
        if denied := coordinators.bars_name(office.id, coordinator):
            return refuse(denied)
    wanted = replace(office, **command.model_dump(exclude={"office_id"}))
    if wanted == office:
        return unchanged(office)
    told = OfficeUpserted(office_id=office.id, **content(wanted))
    return decide(wanted, told, guard=coordinators.name(office.id, command.local_coordinator))
