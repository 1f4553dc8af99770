"""Figures of reports, from cells."""

from datetime import date

import pytest

from intake.reports import counting
from intake.reports.figures import Histogram
from intake.reports.question import NotAPeriod, Period, month_of, period_of
from intake.voters.month import Numbers

TODAY = date(2026, 3, 2)
Day = tuple[int, int, int]


def histogram(*minutes: int) -> Histogram:
    made = Histogram()
    for each in minutes:
        made.add([(each, 1)], each * 60 + 30)
    return made


@pytest.mark.rule("I-18")
@pytest.mark.parametrize(
    ("minutes", "share", "expected"),
    [
        ((), 0.5, None),
        ((7,), 0.5, 7),
        ((7,), 0.95, 7),
        ((1, 2, 3, 4), 0.5, 2),
        ((1, 2, 3, 4), 0.51, 3),
        ((0, 0, 0, 60), 0.75, 0),
        ((0, 0, 0, 60), 0.9, 60),
        ((-10, 0, 10), 0.5, 0),
    ],
)
def test_a_percentile_is_the_fewest_minutes_that_so_many_did_not_exceed(
    minutes: tuple[int, ...], share: float, expected: int | None
) -> None:
    assert histogram(*minutes).percentile(share) == expected


@pytest.mark.rule("I-18")
def test_the_mean_is_of_seconds() -> None:
    assert histogram(1, 2).mean_minutes == 2.0
    assert Histogram().mean_minutes is None


def test_a_report_without_days_is_about_the_last_month() -> None:
    assert period_of(None, None, TODAY) == Period(date(2026, 1, 31), TODAY)
    assert period_of(date(2026, 2, 1), None, TODAY) == Period(date(2026, 2, 1), TODAY)
    assert period_of(date(2027, 2, 1), None, TODAY) == Period(date(2027, 2, 1), date(2027, 2, 1))
    assert period_of(None, date(2025, 1, 31), TODAY) == Period(date(2025, 1, 1), date(2025, 1, 31))


@pytest.mark.parametrize(
    ("first", "last", "field"),
    [(date(2026, 3, 3), date(2026, 3, 2), "first_day"), (date(2025, 3, 1), date(2026, 3, 2), "last_day")],
)
def test_days_that_are_no_period_are_pointed_out(first: date, last: date, field: str) -> None:
    with pytest.raises(NotAPeriod) as wrong:
        period_of(first, last, TODAY)
    assert wrong.value.field == field


def test_the_longest_report_is_of_a_leap_year() -> None:
    assert period_of(date(2024, 1, 1), date(2024, 12, 31), TODAY).last == date(2024, 12, 31)


@pytest.mark.parametrize(
    ("month", "last"), [("2026-02", date(2026, 2, 28)), ("2024-02", date(2024, 2, 29)), ("2025-12", date(2025, 12, 31))]
)
def test_a_month_has_all_its_days(month: str, last: date) -> None:
    assert month_of(month).last == last


@pytest.mark.parametrize(
    ("first", "last", "months", "around"),
    [
        ((2026, 1, 1), (2026, 12, 31), ((2026, 1, 1), (2026, 12, 31)), []),
        (
            (2026, 1, 2),
            (2026, 3, 30),
            ((2026, 2, 1), (2026, 2, 28)),
            [((2026, 1, 2), (2026, 1, 31)), ((2026, 3, 1), (2026, 3, 30))],
        ),
        ((2025, 11, 30), (2026, 1, 31), ((2025, 12, 1), (2026, 1, 31)), [((2025, 11, 30), (2025, 11, 30))]),
        ((2026, 2, 1), (2026, 2, 27), None, [((2026, 2, 1), (2026, 2, 27))]),
        ((2026, 2, 2), (2026, 3, 1), None, [((2026, 2, 2), (2026, 3, 1))]),
        ((2026, 3, 31), (2026, 3, 31), None, [((2026, 3, 31), (2026, 3, 31))]),
    ],
)
def test_a_period_is_its_whole_months_and_the_days_around_them(
    first: Day, last: Day, months: tuple[Day, Day] | None, around: list[tuple[Day, Day]]
) -> None:
    def period(days: tuple[Day, Day]) -> Period:
        return Period(date(*days[0]), date(*days[1]))

    found = period((first, last)).in_parts()

    assert found == (months and period(months), tuple(map(period, around)))


@pytest.mark.rule("V-01", "V-09")
def test_a_month_of_registration_counts_contacts_by_the_four_reasons() -> None:
    cells = {
        ("requests", "walk_in.covered"): 5,
        ("requests", "call_in.covered"): 2,
        ("requests", "mail_in"): 9,
        ("reasons.walk_in", "apply"): 4,
        ("reasons.spoken", "apply"): 1,
        ("reasons.written", "apply"): 9,
        ("reasons.walk_in", "change_of_address"): 2,
        ("reasons.walk_in", "hearing"): 1,
        ("voter_entries", "apply.in_person"): 6,
        ("voter_entries", "apply.mail"): 3,
        ("voter_letters", ""): 1,
    }

    row = counting.registration("ADAIR", cells, ["apply", "hearing"])

    assert (row.apply, row.review, row.change_of_address, row.register_to_vote_only) == (5, 0, 2, 0)
    assert (row.other_covered, row.covered_contacts, row.entries, row.letters) == (1, 7, 9, 1)
    assert not row.deviates


@pytest.mark.rule("V-09")
@pytest.mark.parametrize(
    ("contacts", "offered", "letters", "far"),
    [
        (40, 35, 0, True),
        (40, 36, 0, False),
        (40, 30, 6, False),
        (40, 30, 5, True),
        (40, 45, 0, True),
        (50, 45, 0, False),
        (49, 44, 0, True),
        (0, 0, 0, False),
        (0, 5, 0, True),
        (1000, 900, 0, False),
        (1000, 899, 0, True),
    ],
)
def test_numbers_deviate_when_more_than_a_tenth_and_five_are_unaccounted_for(
    contacts: int, offered: int, letters: int, far: bool
) -> None:
    assert Numbers(contacts, offered, letters).deviate is far


@pytest.mark.rule("I-08", "I-09")
def test_requests_without_name_or_signature_are_counted_apart() -> None:
    row = counting.signatures("ADAIR", {("anonymous", "walk_in"): 2, ("unsigned", "returned"): 1})

    assert row.model_dump() == {
        "key": "ADAIR",
        "anonymous": 2,
        "awaiting_signature": 0,
        "signed": 0,
        "returned": 1,
    }


@pytest.mark.rule("I-18")
def test_an_estimate_is_right_within_five_minutes() -> None:
    row = counting.estimates("ADAIR", {"estimate": histogram(-20, -6, -5, 0, 5, 6)})

    assert (row.visits, row.right_percent, row.too_short_percent) == (6, 50.0, 33.3)
    assert (row.median_absolute, row.absolute_90) == (5, 20)
