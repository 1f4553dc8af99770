"""Business days, and the last days to register before an election (D-01, D-02).

Staffing owns holidays and deadlines; other services hold them as replicas. A rule takes all
of them: there are a few dozen.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar

from casebus_contracts import CountyDeadline, OfficeHoliday
from chassis.rules import Aggregate

MONDAY_TO_FRIDAY = range(5)
LONGEST_CLOSURE = timedelta(days=366)
"""Nobody looks further for a business day: an office closed that long keeps none."""


class NoBusinessDay(Exception):
    """An office keeps no business day for a year: its calendar is wrong."""


@dataclass(frozen=True, slots=True)
class Holiday(Aggregate):
    """A date out of the ordinary; its id is the date, `YYYY-MM-DD`. Without a name only offices have it."""

    NAME: ClassVar[str] = "holiday"
    TABLE: ClassVar[str] = "holidays"

    name: str | None = None
    closed: bool = False
    offices: tuple[OfficeHoliday, ...] = ()

    def closes(self, office_id: str) -> bool:
        """Whether the office is closed: its own word counts more than the state's."""
        return next((each.closed for each in self.offices if each.office_id == office_id), self.closed)


@dataclass(frozen=True, slots=True)
class ElectionDeadline(Aggregate):
    """An election and the last day to register for it; its id is the election's date, `YYYY-MM-DD`."""

    NAME: ClassVar[str] = "election_deadline"
    TABLE: ClassVar[str] = "election_deadlines"

    registration_deadline: date | None = None
    counties: tuple[CountyDeadline, ...] = ()

    def of_county(self, county_fips: str) -> date | None:
        """The last day to register there: the county's own, else the state's."""
        own = (each.registration_deadline for each in self.counties if each.county_fips == county_fips)
        return next(own, self.registration_deadline)


def is_business_day(office_id: str, day: date, holidays: Iterable[Holiday]) -> bool:
    """Monday to Friday, and not closed for the office."""
    if day.weekday() not in MONDAY_TO_FRIDAY:
        return False
    text = day.isoformat()
    return not any(holiday.closes(office_id) for holiday in holidays if holiday.id == text)


def business_day_after(office_id: str, day: date, count: int, holidays: Iterable[Holiday]) -> date:
    """The `count`-th business day after `day`; `day` itself does not count. Raises NoBusinessDay."""
    closed = {holiday.id for holiday in holidays if holiday.closes(office_id)}
    found, last = day, day + LONGEST_CLOSURE
    while count > 0:
        found += timedelta(days=1)
        if found > last:
            raise NoBusinessDay(office_id)
        count -= found.weekday() in MONDAY_TO_FRIDAY and found.isoformat() not in closed
    return found


def next_deadline(county_fips: str, day: date, deadlines: Iterable[ElectionDeadline]) -> date | None:
    """The next last day to register in a county, `day` included."""
    known = (deadline.of_county(county_fips) for deadline in deadlines)
    return min((found for found in known if found is not None and found >= day), default=None)
