"""What a new installation is filled with: counties and holidays of Missouri."""

import csv
import json
from datetime import date
from pathlib import Path

import pytest

from casebus_cli.counties import county_orders
from casebus_cli.holiday_table import holiday_orders, state_holidays
from casebus_contracts import COMMANDS

COUNTIES = county_orders("missouri", "Missouri")[1:]

PUBLISHED = {
    2025: ["1/1", "1/20", "2/12", "2/17", "5/8", "5/26", "6/19", "7/4", "9/1", "10/13", "11/11", "11/27", "12/25"],
    2026: ["1/1", "1/19", "2/12", "2/16", "5/8", "5/25", "6/19", "7/3", "9/7", "10/12", "11/11", "11/26", "12/25"],
}
"""The lists of the Office of Administration, month and day."""


@pytest.mark.rule("D-04")
def test_there_are_114_counties_and_a_city() -> None:
    assert len({order.data["county_fips"] for order in COUNTIES}) == 115


@pytest.mark.rule("D-04")
@pytest.mark.parametrize(
    ("fips", "name"),
    [
        ("29001", "Adair County"),
        ("29186", "Ste. Genevieve County"),
        ("29189", "St. Louis County"),
        ("29510", "St. Louis city"),
    ],
)
def test_a_county_has_its_census_code(fips: str, name: str) -> None:
    assert [order.data["name"] for order in COUNTIES if order.data["county_fips"] == fips] == [name]


@pytest.mark.parametrize(
    "order", [*county_orders("missouri", "Missouri")[:3], *holiday_orders([2026])], ids=lambda order: order.record_key
)
def test_every_order_is_a_valid_command(order) -> None:
    assert COMMANDS[order.type].model_validate_json(json.dumps(order.data)).key == order.record_key


@pytest.mark.rule("D-02")
@pytest.mark.parametrize("year", PUBLISHED)
def test_the_holidays_are_those_the_state_publishes(year: int) -> None:
    assert [f"{day.month}/{day.day}" for day in sorted(state_holidays(year))] == PUBLISHED[year]


@pytest.mark.parametrize(
    ("year", "kept"), [(2022, date(2022, 2, 11)), (2023, date(2023, 2, 13)), (2027, date(2027, 2, 12))]
)
def test_lincoln_day_on_a_weekend_is_kept_on_the_nearest_working_day(year: int, kept: date) -> None:
    assert state_holidays(year)[kept].startswith("Lincoln Day")


@pytest.mark.parametrize("year", range(2024, 2041))
def test_no_year_loses_a_holiday_to_the_weekend(year: int) -> None:
    around_new_year = {date(year, 1, 1), date(year, 1, 2), date(year, 12, 31)}

    assert len(set(state_holidays(year)) - around_new_year) == 12


def test_a_date_comes_once_however_often_its_year_is_named() -> None:
    assert len(holiday_orders([2026, 2026])) == 13


def test_the_table_of_counties_is_in_order() -> None:
    with (Path(county_orders.__code__.co_filename).with_name("counties.csv")).open() as lines:
        codes = [row["county_fips"] for row in csv.DictReader(lines)]

    assert codes == sorted(codes)
