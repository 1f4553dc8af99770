"""Business days of an office, and the next day to register by."""

from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest

from access.calendars import (
    ElectionDeadline,
    Holiday,
    NoBusinessDay,
    business_day_after,
    is_business_day,
    next_deadline,
)
from access.directory import Office
from casebus_contracts import CountyDeadline, OfficeHoliday, OfficeSettings

ADAIR, BOONE = "adair", "boone"
COLUMBUS = Holiday("2025-10-13", name="Columbus Day", closed=True)
THURSDAY, FRIDAY, MONDAY = date(2025, 10, 9), date(2025, 10, 10), date(2025, 10, 13)
OPEN_ADAIR = OfficeHoliday(office_id=ADAIR, name="Fair", closed=False)
CLOSED_ADAIR = OfficeHoliday(office_id=ADAIR, name="Flood", closed=True)
OFFICE = Office(
    ADAIR,
    name="Adair",
    county_fips="29001",
    region_id="northeast",
    zone="America/Chicago",
    opens=time(8),
    closes=time(17),
    active=True,
    receptionist=True,
    settings=OfficeSettings(),
)


@pytest.mark.rule("D-02")
@pytest.mark.parametrize(
    ("day", "open_"),
    [(FRIDAY, True), (date(2025, 10, 11), False), (date(2025, 10, 12), False), (MONDAY, False), (THURSDAY, True)],
)
def test_a_business_day_is_a_weekday_outside_the_table(day: date, open_: bool) -> None:
    assert is_business_day(ADAIR, day, [COLUMBUS]) is open_


@pytest.mark.rule("D-02")
def test_a_holiday_taken_out_of_the_table_is_a_business_day() -> None:
    assert is_business_day(ADAIR, MONDAY, [replace(COLUMBUS, closed=False)])


@pytest.mark.rule("D-02")
def test_an_office_may_be_open_when_others_are_closed() -> None:
    table = [replace(COLUMBUS, offices=(OPEN_ADAIR,))]

    assert (is_business_day(ADAIR, MONDAY, table), is_business_day(BOONE, MONDAY, table)) == (True, False)


@pytest.mark.rule("D-02")
def test_an_office_may_be_closed_when_others_are_open() -> None:
    table = [Holiday("2025-10-10", offices=(CLOSED_ADAIR,))]

    assert (is_business_day(ADAIR, FRIDAY, table), is_business_day(BOONE, FRIDAY, table)) == (False, True)


def test_no_exception_opens_an_office_on_sunday() -> None:
    assert not is_business_day(ADAIR, date(2025, 10, 12), [Holiday("2025-10-12", offices=(OPEN_ADAIR,))])


@pytest.mark.rule("D-02")
@pytest.mark.parametrize(
    ("count", "expected"), [(0, THURSDAY), (1, FRIDAY), (2, date(2025, 10, 14)), (5, date(2025, 10, 17))]
)
def test_business_days_are_counted_past_weekend_and_holiday(count: int, expected: date) -> None:
    assert business_day_after(ADAIR, THURSDAY, count, [COLUMBUS]) == expected


def test_business_days_are_those_of_the_office() -> None:
    assert business_day_after(ADAIR, FRIDAY, 1, [replace(COLUMBUS, offices=(OPEN_ADAIR,))]) == MONDAY


def test_a_calendar_without_business_days_is_noticed() -> None:
    with pytest.raises(NoBusinessDay, match="adair"):
        business_day_after(ADAIR, FRIDAY, 366, [])


@pytest.mark.rule("D-01")
@pytest.mark.parametrize(
    ("day", "over"),
    [
        (date(2025, 10, 9), datetime(2025, 10, 10, 5, tzinfo=UTC)),
        (date(2026, 3, 8), datetime(2026, 3, 9, 5, tzinfo=UTC)),
        (date(2026, 11, 1), datetime(2026, 11, 2, 6, tzinfo=UTC)),
    ],
    ids=["summer", "clocks forward", "clocks back"],
)
def test_a_day_is_over_at_midnight_of_the_office(day: date, over: datetime) -> None:
    assert OFFICE.end_of(day) == over


def test_open_visits_are_closed_unless_the_office_says_otherwise() -> None:
    stays = replace(OFFICE, settings=OfficeSettings(auto_close=False))

    assert (OFFICE.auto_close, stays.auto_close) == (True, False)


def test_nobody_has_to_be_called_again_unless_the_office_says_so() -> None:
    twice = replace(OFFICE, settings=OfficeSettings(recalls_before_no_show=2))

    assert (OFFICE.recalls_before_no_show, twice.recalls_before_no_show) == (0, 2)


NOVEMBER = ElectionDeadline("2026-11-03", registration_deadline=date(2026, 10, 7))
AUGUST = ElectionDeadline("2026-08-04", registration_deadline=date(2026, 7, 8))
OWN = CountyDeadline(county_fips="29001", registration_deadline=date(2026, 10, 1))


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 7, 8), date(2026, 7, 8)),
        (date(2026, 7, 9), date(2026, 10, 7)),
        (date(2026, 10, 8), None),
    ],
)
def test_the_next_deadline_is_today_or_later(day: date, expected: date | None) -> None:
    assert next_deadline("29019", day, [NOVEMBER, AUGUST]) == expected


def test_the_deadline_of_the_county_counts_more() -> None:
    table = [replace(NOVEMBER, counties=(OWN,))]

    assert next_deadline("29001", date(2026, 9, 1), table) == date(2026, 10, 1)


def test_an_election_of_one_county_concerns_no_other() -> None:
    table = [ElectionDeadline("2026-04-07", counties=(OWN,))]

    assert (next_deadline("29019", date(2026, 1, 1), table), next_deadline("29001", date(2026, 1, 1), table)) == (
        None,
        date(2026, 10, 1),
    )
