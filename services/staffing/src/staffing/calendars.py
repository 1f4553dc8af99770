"""Holidays and election deadlines. Values in, facts out."""

from access.calendars import ElectionDeadline, Holiday
from access.directory import County, Office, Staff
from access.matrix import Ability, may
from casebus_contracts import (
    CountyDeadline,
    ElectionDeadlineUpserted,
    HolidayUpserted,
    OfficeHoliday,
    SetElectionDeadline,
    SetHoliday,
)
from chassis.rules import Decision, decide, invalid, refuse, replace, unchanged, unknown
from staffing.states import content


def set_holiday(holiday: Holiday | None, office: Office | None, command: SetHoliday, actor: Staff) -> Decision:
    """Central Office closes a day or opens it, for the state or for one office (D-02, I-60)."""
    if denied := may(actor, Ability.REFERENCE_DATA):
        return refuse(denied)
    if command.office_id is not None and office is None:
        return unknown("office_id")
    wanted = _with_day(holiday or Holiday(command.date.isoformat()), command)
    if wanted == holiday:
        return unchanged(holiday)
    return decide(wanted, HolidayUpserted(date=command.date, **content(wanted)))


def _with_day(holiday: Holiday, command: SetHoliday) -> Holiday:
    if command.office_id is None:
        return replace(holiday, name=command.name, closed=command.closed)
    own = OfficeHoliday(office_id=command.office_id, name=command.name, closed=command.closed)
    others = (each for each in holiday.offices if each.office_id != command.office_id)
    return replace(holiday, offices=tuple(sorted((*others, own), key=lambda each: each.office_id)))


def set_election_deadline(
    election: ElectionDeadline | None, county: County | None, command: SetElectionDeadline, actor: Staff
) -> Decision:
    """Central Office sets the last day to register, of the state or of one county (V-15)."""
    if denied := may(actor, Ability.REFERENCE_DATA):
        return refuse(denied)
    if command.county_fips is not None and county is None:
        return unknown("county_fips")
    if command.registration_deadline > command.election_date:
        return invalid("registration_deadline", "after the election")
    wanted = _with_deadline(election or ElectionDeadline(command.election_date.isoformat()), command)
    if wanted == election:
        return unchanged(election)
    return decide(wanted, ElectionDeadlineUpserted(election_date=command.election_date, **content(wanted)))


def _with_deadline(election: ElectionDeadline, command: SetElectionDeadline) -> ElectionDeadline:
    if command.county_fips is None:
        return replace(election, registration_deadline=command.registration_deadline)
    own = CountyDeadline(county_fips=command.county_fips, registration_deadline=command.registration_deadline)
    others = (each for each in election.counties if each.county_fips != command.county_fips)
    return replace(election, counties=tuple(sorted((*others, own), key=lambda each: each.county_fips)))
