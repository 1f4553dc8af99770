"""What a report is asked for: which days of an office's calendar, which offices, summed up by what. Values only."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

LONGEST_DAYS = 366
LONGEST_BY_DAY = 92
"""Durations are filed by the day and by the month; by the day there are many."""
USUAL_DAYS = 31


class NotAPeriod(Exception):
    """The days asked for are no period a report is made of. `field` is the one that is wrong."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


@dataclass(frozen=True, slots=True)
class Period:
    """Days of the calendar, both included; what falls on them is decided by the zone of each office (D-01)."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1

    def in_parts(self) -> "tuple[Period | None, tuple[Period, ...]]":
        """The whole months in it, if there are any, and the days around them."""
        first = self.first if self.first.day == 1 else _next_month(self.first)
        behind = _next_month(self.last) if _next_month(self.last) - self.last == _DAY else self.last.replace(day=1)
        if first >= behind:
            return None, (self,)
        around = (Period(self.first, first - _DAY), Period(behind, self.last))
        return Period(first, behind - _DAY), tuple(each for each in around if each.first <= each.last)


_DAY = timedelta(days=1)


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


class By(StrEnum):
    """What the figures of a report are summed up by."""

    OFFICE = "office"
    REGION = "region"
    COUNTY = "county"
    DAY = "day"
    MONTH = "month"


class WalkInsBy(StrEnum):
    """What walk-ins are counted by."""

    REASON = "reason"
    HOUR = "hour"
    OFFICE = "office"
    REGION = "region"
    COUNTY = "county"
    DAY = "day"
    MONTH = "month"


class RequestsBy(StrEnum):
    """What requests are counted by."""

    TYPE = "type"
    OFFICE = "office"
    REGION = "region"
    COUNTY = "county"
    DAY = "day"
    MONTH = "month"


class EntriesBy(StrEnum):
    """What entries of the voter log are counted by."""

    OCCASION = "occasion"
    CHANNEL = "channel"
    OFFICE = "office"
    REGION = "region"
    COUNTY = "county"
    DAY = "day"
    MONTH = "month"


class VendorsBy(StrEnum):
    """What contacts with vendors are counted by."""

    VENDOR = "vendor"
    OFFICE = "office"
    REGION = "region"
    COUNTY = "county"
    DAY = "day"
    MONTH = "month"


class OfficesBy(StrEnum):
    """What figures of a month are summed up by."""

    OFFICE = "office"
    REGION = "region"
    COUNTY = "county"


@dataclass(frozen=True, slots=True)
class Question:
    """Which offices, which days."""

    offices: tuple[str, ...]
    period: Period


def period_of(first: date | None, last: date | None, today: date) -> Period:
    """The days asked for; without them the last month. Raises NotAPeriod."""
    end = last or max(today, first or today)
    begin = first or end - timedelta(days=USUAL_DAYS - 1)
    if begin > end:
        raise NotAPeriod("first_day", "after the last day")
    if (end - begin).days >= LONGEST_DAYS:
        raise NotAPeriod("last_day", f"more than {LONGEST_DAYS} days")
    return Period(begin, end)


def month_of(text: str) -> Period:
    """The days of the month `YYYY-MM`. Raises ValueError for anything else."""
    first = date.fromisoformat(f"{text}-01")
    return Period(first, _next_month(first) - _DAY)
