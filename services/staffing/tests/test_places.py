"""Regions, counties, offices: who keeps them, and what is told."""

from dataclasses import replace
from datetime import time

import pytest
from pydantic import ValidationError

from access.directory import SYSTEM, Staff
from casebus_contracts import (
    CountyUpserted,
    NewOfficeLink,
    NewOfficeSettings,
    OfficeLink,
    OfficeSettings,
    OfficeUpserted,
    RegionUpserted,
    UpsertCounty,
    UpsertOffice,
    UpsertRegion,
)
from chassis.rules import Invalid, Refused, Unchanged, decide
from staffing.examples import ADAIR, ADAIR_COUNTY, BOONE, CENTRAL, CLERK, CRU, MANAGER, NORTHEAST, SUPERVISOR
from staffing.places import upsert_county, upsert_office, upsert_region

NAME_REGION = UpsertRegion(region_id="northeast", name="Northeast")
NAME_COUNTY = UpsertCounty(county_fips="29001", name="Adair", region_id="northeast")
OPEN_ADAIR = UpsertOffice(
    office_id="ADAIR",
    name="Adair County Office",
    county_fips="29001",
    region_id="northeast",
    zone="America/Chicago",
    opens=time(8),
    closes=time(17),
    active=True,
    receptionist=True,
)


@pytest.mark.rule("I-60")
def test_central_office_makes_a_region() -> None:
    outcome = upsert_region(None, NAME_REGION, CENTRAL)

    assert outcome == decide(NORTHEAST, RegionUpserted(region_id="northeast", name="Northeast"))


def test_central_office_renames_a_region() -> None:
    outcome = upsert_region(replace(NORTHEAST, name="North"), NAME_REGION, CENTRAL)

    assert outcome == decide(NORTHEAST, RegionUpserted(region_id="northeast", name="Northeast"))


def test_the_same_region_again_changes_nothing() -> None:
    assert upsert_region(NORTHEAST, NAME_REGION, CENTRAL) == Unchanged()


REFUSED = [(CLERK, "I-26"), (CRU, "I-43"), (SUPERVISOR, "I-53"), (MANAGER, "I-58")]


@pytest.mark.rule("I-53", "I-58")
@pytest.mark.parametrize(("actor", "rule"), REFUSED)
def test_nobody_below_central_office_keeps_regions(actor: Staff, rule: str) -> None:
    assert upsert_region(None, NAME_REGION, actor) == Refused(rule, "")


@pytest.mark.rule("D-04")
def test_central_office_makes_a_county() -> None:
    outcome = upsert_county(None, NORTHEAST, NAME_COUNTY, CENTRAL)

    assert outcome == decide(ADAIR_COUNTY, CountyUpserted(county_fips="29001", name="Adair", region_id="northeast"))


def test_a_county_moves_to_another_region() -> None:
    outcome = upsert_county(replace(ADAIR_COUNTY, region_id="north"), NORTHEAST, NAME_COUNTY, CENTRAL)

    assert outcome == decide(ADAIR_COUNTY, CountyUpserted(county_fips="29001", name="Adair", region_id="northeast"))


def test_the_same_county_again_changes_nothing() -> None:
    assert upsert_county(ADAIR_COUNTY, NORTHEAST, NAME_COUNTY, CENTRAL) == Unchanged()


@pytest.mark.rule("D-04")
@pytest.mark.parametrize(("actor", "rule"), REFUSED)
def test_nobody_below_central_office_keeps_counties(actor: Staff, rule: str) -> None:
    assert upsert_county(None, NORTHEAST, NAME_COUNTY, actor) == Refused(rule, "")


def test_a_new_office_is_told_whole_with_default_settings() -> None:
    outcome = upsert_office(None, ADAIR_COUNTY, NORTHEAST, OPEN_ADAIR, CENTRAL)

    assert outcome == decide(
        ADAIR,
        OfficeUpserted(
            office_id="ADAIR",
            name="Adair County Office",
            county_fips="29001",
            region_id="northeast",
            zone="America/Chicago",
            opens=time(8),
            closes=time(17),
            active=True,
            receptionist=True,
            settings=OfficeSettings(),
        ),
    )


def test_an_office_may_tune_one_setting_and_leave_the_others() -> None:
    command = OPEN_ADAIR.model_copy(update={"settings": NewOfficeSettings(wait_limit_minutes=45)})

    outcome = upsert_office(ADAIR, ADAIR_COUNTY, NORTHEAST, command, CENTRAL)

    assert outcome.states == (replace(ADAIR, settings=OfficeSettings(wait_limit_minutes=45)),)


def test_the_same_office_again_changes_nothing() -> None:
    assert upsert_office(ADAIR, ADAIR_COUNTY, NORTHEAST, OPEN_ADAIR, CENTRAL) == Unchanged()


def test_the_system_may_load_the_first_office() -> None:
    assert upsert_office(None, ADAIR_COUNTY, NORTHEAST, OPEN_ADAIR, SYSTEM).states == (ADAIR,)


@pytest.mark.rule("I-55", "I-20")
def test_a_manager_keeps_the_data_of_the_own_office() -> None:
    outcome = upsert_office(replace(ADAIR, name="Adair"), ADAIR_COUNTY, NORTHEAST, OPEN_ADAIR, MANAGER)

    assert outcome.states == (ADAIR,)


@pytest.mark.rule("I-55")
def test_a_manager_does_not_keep_the_data_of_another_office() -> None:
    elsewhere = replace(MANAGER, office_id=BOONE.id)

    assert upsert_office(ADAIR, ADAIR_COUNTY, NORTHEAST, OPEN_ADAIR, elsewhere) == Refused("I-26", "")


@pytest.mark.rule("I-53")
@pytest.mark.parametrize(("actor", "rule"), [(CLERK, "I-26"), (CRU, "I-43"), (SUPERVISOR, "I-53")])
def test_nobody_below_a_manager_keeps_office_data(actor: Staff, rule: str) -> None:
    assert upsert_office(ADAIR, ADAIR_COUNTY, NORTHEAST, OPEN_ADAIR, actor) == Refused(rule, "")


@pytest.mark.rule("D-01")
@pytest.mark.parametrize("zone", ["America/Adair", "America", "Chicago"])
def test_an_office_lies_in_a_zone_that_exists(zone: str) -> None:
    command = OPEN_ADAIR.model_copy(update={"zone": zone})

    assert upsert_office(None, ADAIR_COUNTY, NORTHEAST, command, CENTRAL) == Invalid("zone", "")


@pytest.mark.rule("D-01")
def test_an_office_of_the_keys_to_progress_programme_lies_in_its_own_zone() -> None:
    command = OPEN_ADAIR.model_copy(update={"zone": "America/Los_Angeles"})

    assert upsert_office(None, ADAIR_COUNTY, NORTHEAST, command, CENTRAL).states[0].zone == "America/Los_Angeles"


@pytest.mark.parametrize("closes", [time(7, 59), time(8)])
def test_an_office_closes_after_it_opens(closes: time) -> None:
    command = OPEN_ADAIR.model_copy(update={"closes": closes})

    assert upsert_office(None, ADAIR_COUNTY, NORTHEAST, command, CENTRAL) == Invalid("closes", "")


def test_whatever_is_told_anew_goes_on_counting_its_facts() -> None:
    region, county, office = (replace(each, name="Formerly", version=3) for each in (NORTHEAST, ADAIR_COUNTY, ADAIR))
    outcomes = (
        upsert_region(region, NAME_REGION, CENTRAL),
        upsert_county(county, NORTHEAST, NAME_COUNTY, CENTRAL),
        upsert_office(office, ADAIR_COUNTY, NORTHEAST, OPEN_ADAIR, CENTRAL),
    )

    assert [outcome.states[0].version for outcome in outcomes] == [3, 3, 3]


PANTRIES = "https://pantries.example/adair"
LINKED = OPEN_ADAIR.model_copy(
    update={"settings": NewOfficeSettings(links=(NewOfficeLink(title="Food pantries", url=PANTRIES),))}
)


@pytest.mark.rule("I-17", "I-55")
def test_a_manager_edits_the_links_of_the_own_office() -> None:
    outcome = upsert_office(ADAIR, ADAIR_COUNTY, NORTHEAST, LINKED, MANAGER)

    assert [fact.settings.links for fact in outcome.facts] == [(OfficeLink(title="Food pantries", url=PANTRIES),)]


@pytest.mark.rule("I-17", "I-53")
@pytest.mark.parametrize(("actor", "rule"), [(SUPERVISOR, "I-53"), (CLERK, "I-26"), (CRU, "I-43")])
def test_nobody_below_a_manager_edits_links(actor: Staff, rule: str) -> None:
    assert upsert_office(ADAIR, ADAIR_COUNTY, NORTHEAST, LINKED, actor) == Refused(rule, "")


@pytest.mark.rule("I-17")
def test_a_manager_edits_no_links_of_another_office() -> None:
    there = LINKED.model_copy(update={"office_id": BOONE.id})

    assert upsert_office(BOONE, ADAIR_COUNTY, NORTHEAST, there, MANAGER) == Refused("I-26", "")


@pytest.mark.rule("I-17")
@pytest.mark.parametrize(
    "url",
    [
        "http://pantries.example",
        "javascript:alert(1)",
        "https://",
        "https://user@pantries.example",
        "https://pantries.example/a b",
        "https://pantries.example/<b>",
        "https://pantries.example\n",
    ],
)
def test_a_link_is_a_plain_https_address(url: str) -> None:
    with pytest.raises(ValidationError, match="url"):
        NewOfficeLink(title="Food pantries", url=url)
