"""Rows of reports, from cells as the roll-ups have them."""

from datetime import date
from typing import Any

import pytest

from intake.reports import counting
from intake.reports.figures import Histogram

FEBRUARY, MARCH = date(2026, 2, 1), date(2026, 3, 1)


def cell(key: object, tally: str, label: str, n: int) -> dict[str, Any]:
    return {"key": key, "tally": tally, "label": label, "n": n}


def spread(key: object, tally: str, counts: dict[int, int], total: int) -> dict[str, Any]:
    return {"key": key, "tally": tally, "values": list(counts), "counts": list(counts.values()), "total": total}


@pytest.mark.parametrize(
    ("key", "by", "name"),
    [
        (MARCH, "month", "2026-03"),
        (MARCH, "day", "2026-03-01"),
        (7, "hour", "07"),
        (17, "hour", "17"),
        ("ADAIR", "office", "ADAIR"),
        ("BOONE", "region", "central"),
    ],
)
def test_a_month_has_no_day_an_hour_two_digits_and_an_office_the_name_of_its_place(
    key: object, by: str, name: str
) -> None:
    assert counting.naming(by, {"BOONE": "central"})(key) == name


def test_cells_of_days_and_of_whole_months_add_up_under_their_key() -> None:
    cells = [
        cell(MARCH, "requests", "walk_in", 1),
        cell(FEBRUARY, "requests.month", "walk_in", 4),
        cell(FEBRUARY, "requests", "walk_in", 2),
        cell(FEBRUARY, "closed", "walk_in", 3),
    ]

    found = counting.by_key(cells, counting.naming("month", {}))

    assert list(found) == ["2026-02", "2026-03"]
    assert found == {
        "2026-02": {("requests", "walk_in"): 6, ("closed", "walk_in"): 3},
        "2026-03": {("requests", "walk_in"): 1},
    }


def test_counts_are_parted_by_a_part_of_their_label() -> None:
    counts = {("requests", "walk_in.covered"): 2, ("requests", "mail_in"): 1, ("closed", "walk_in"): 5}

    found = counting.by_label(counts, 0)

    assert list(found) == ["mail_in", "walk_in"]
    assert found["walk_in"] == {("requests", "walk_in.covered"): 2, ("closed", "walk_in"): 5}
    assert list(counting.by_label({("voter_entries", "apply.mail"): 3}, 1)) == ["mail"]


def test_what_is_not_closed_is_open() -> None:
    counts = {
        ("requests", "walk_in.covered"): 5,
        ("requests", "mail_in"): 4,
        ("anonymous", "walk_in"): 2,
        ("closed", "walk_in"): 3,
        ("unsigned", "walk_in.covered"): 9,
    }

    assert counting.requests("ADAIR", counts).model_dump() == {
        "key": "ADAIR",
        "received": 9,
        "covered": 5,
        "anonymous": 2,
        "closed": 3,
        "open": 6,
    }


def test_visits_are_counted_by_how_they_ended() -> None:
    endings = {"left": 1, "no_show": 2, "auto_closed": 3, "inaccurate": 4}
    counts = {("unserved", label): n for label, n in endings.items()} | {("closed", "left"): 9, ("wait", ""): 5}

    assert counting.visits("ADAIR", counts).model_dump() == {
        "key": "ADAIR",
        "served": 5,
        "left": 1,
        "no_show": 2,
        "never_timed_out": 3,
        "inaccurate": 4,
    }


def test_where_nothing_is_counted_nobody_came() -> None:
    assert set(counting.visits("ADAIR", {}).model_dump().values()) == {"ADAIR", 0}


@pytest.mark.rule("I-18")
def test_waits_and_services_are_told_apart() -> None:
    waits = dict.fromkeys(range(19), 1)
    cells = [
        spread("ADAIR", "wait", waits, sum(waits) * 60 + 19 * 30),
        spread("ADAIR", "wait.month", {60: 1}, 3600),
        spread("ADAIR", "service", {10: 18, 30: 1, 40: 1}, 18 * 600 + 1800 + 2400),
    ]

    row = counting.times("ADAIR", counting.histograms(cells, str)["ADAIR"])

    assert row.model_dump() == {
        "key": "ADAIR",
        "visits": 20,
        "wait_mean": 12.0,
        "wait_median": 9,
        "wait_90": 17,
        "wait_95": 18,
        "service_mean": 12.5,
        "service_median": 10,
        "service_90": 10,
        "service_95": 30,
    }


@pytest.mark.rule("I-18")
def test_without_visits_there_are_no_times() -> None:
    row = counting.times("ADAIR", {})

    assert (row.visits, row.wait_mean, row.service_95) == (0, None, None)


@pytest.mark.rule("I-18")
def test_without_visits_no_estimate_was_wrong() -> None:
    row = counting.estimates("ADAIR", {"estimate": Histogram()})

    assert row.model_dump() == {
        "key": "ADAIR",
        "visits": 0,
        "mean_error": None,
        "median_absolute": None,
        "absolute_90": None,
        "right_percent": None,
        "too_short_percent": None,
    }


@pytest.mark.rule("I-18")
def test_the_mean_error_has_a_sign() -> None:
    found = counting.histograms([spread(MARCH, "estimate.month", {-4: 2}, -480)], counting.naming("month", {}))

    row = counting.estimates("2026-03", found["2026-03"])

    assert (row.key, row.visits, row.mean_error, row.median_absolute) == ("2026-03", 2, -4.0, 4)


@pytest.mark.rule("V-01", "V-03")
def test_answers_of_a_month_are_counted_by_what_they_count_as() -> None:
    cells = {("voter_answers", "yes"): 3, ("voter_answers", "no"): 2, ("voter_answers", "declined"): 1}

    row = counting.registration("ADAIR", cells, [])

    assert (row.key, row.yes, row.no, row.declined) == ("ADAIR", 3, 2, 1)
    assert (row.apply, row.other_covered, row.entries, row.letters, row.covered_contacts) == (0, 0, 0, 0, 0)


def test_counts_of_several_keys_add_up() -> None:
    one, other = {("requests", "walk_in"): 2, ("closed", "walk_in"): 1}, {("requests", "walk_in"): 3}

    assert counting.together([one, other]) == {("requests", "walk_in"): 5, ("closed", "walk_in"): 1}
    assert counting.together([]) == {}
