"""Days an office is closed, and the last days to register before an election. Owner: staffing.

A date has one record: what holds for the whole state, and the exceptions of single offices or counties.
"""

from typing import Annotated

from pydantic import Field

from casebus_contracts.base import Command, CountyFips, Day, Fact, FactPart, Flag, Name, OfficeId, Public


class SetHoliday(Command, service="staffing", key="date"):
    """A day is closed, or open after all: for the state, or for one office."""

    office_id: Public[OfficeId | None] = None
    date: Public[Day]
    name: Public[Name]
    closed: Public[Flag]


class SetElectionDeadline(Command, service="staffing", key="election_date"):
    """The last day to register before an election: of the state, or of one county."""

    election_date: Public[Day]
    registration_deadline: Public[Day]
    county_fips: Public[CountyFips | None] = None


class OfficeHoliday(FactPart):
    """An office that keeps a day of its own way."""

    office_id: Public[OfficeId]
    name: Public[Name]
    closed: Public[Flag]


class CountyDeadline(FactPart):
    """A county with a deadline of its own."""

    county_fips: Public[CountyFips]
    registration_deadline: Public[Day]


class HolidayUpserted(Fact, topic="holiday.upserted", owner="staffing", subject="holiday", key="date", compacted=True):
    """A date as it is now: `closed` for the state, unless an office is named. Without a `name` only offices are."""

    date: Public[Day]
    name: Public[Name | None] = None
    closed: Public[Flag]
    offices: Public[Annotated[tuple[OfficeHoliday, ...], Field(max_length=500)]] = ()


class ElectionDeadlineUpserted(
    Fact,
    topic="election_deadline.upserted",
    owner="staffing",
    subject="election_deadline",
    key="election_date",
    compacted=True,
):
    """An election as it is now: the deadline of the state, if it has one, and those of single counties."""

    election_date: Public[Day]
    registration_deadline: Public[Day | None] = None
    counties: Public[Annotated[tuple[CountyDeadline, ...], Field(max_length=200)]] = ()
