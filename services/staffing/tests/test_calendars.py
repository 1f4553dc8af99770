"""Who keeps holidays and election deadlines, and what is told of a date."""

from dataclasses import replace
from datetime import date

import pytest

from access.calendars import ElectionDeadline, Holiday
from access.directory import SYSTEM, Staff
from casebus_contracts import (
    CountyDeadline,
    ElectionDeadlineUpserted,
    HolidayUpserted,
    OfficeHoliday,
    SetElectionDeadline,
    SetHoliday,
)
from chassis.rules import Invalid, Refused, Unchanged, decide
from staffing.calendars import set_election_deadline, set_holiday
from staffing.examples import ADAIR, ADAIR_COUNTY, BOONE, CENTRAL, CLERK, CRU, MANAGER, SUPERVISOR

THIRD, ELECTION, LAST_DAY = date(2026, 7, 3), date(2026, 11, 3), date(2026, 10, 7)
CLOSE = SetHoliday(date=THIRD, name="Independence Day (observed)", closed=True)
OPEN_ADAIR = SetHoliday(date=THIRD, office_id=ADAIR.id, name="Open for the fair", closed=False)
CLOSED = Holiday("2026-07-03", name="Independence Day (observed)", closed=True)
ADAIR_OPEN = OfficeHoliday(office_id=ADAIR.id, name="Open for the fair", closed=False)

DEADLINE = SetElectionDeadline(election_date=ELECTION, registration_deadline=LAST_DAY)
OF_ADAIR = SetElectionDeadline(
    election_date=ELECTION, registration_deadline=date(2026, 10, 1), county_fips=ADAIR_COUNTY.id
)
ELECTED = ElectionDeadline("2026-11-03", registration_deadline=LAST_DAY)
OWN = CountyDeadline(county_fips=ADAIR_COUNTY.id, registration_deadline=date(2026, 10, 1))


@pytest.mark.rule("I-60")
@pytest.mark.rule("D-02")
def test_central_office_closes_a_day_of_the_state() -> None:
    outcome = set_holiday(None, None, CLOSE, CENTRAL)

    assert outcome == decide(CLOSED, HolidayUpserted(date=THIRD, name="Independence Day (observed)", closed=True))


@pytest.mark.rule("D-02")
def test_one_office_may_be_open_on_a_holiday() -> None:
    outcome = set_holiday(CLOSED, ADAIR, OPEN_ADAIR, CENTRAL)

    told = HolidayUpserted(date=THIRD, name="Independence Day (observed)", closed=True, offices=(ADAIR_OPEN,))
    assert outcome == decide(replace(CLOSED, offices=(ADAIR_OPEN,)), told)


def test_a_day_of_one_office_alone_is_no_holiday_of_the_state() -> None:
    outcome = set_holiday(None, ADAIR, SetHoliday(date=THIRD, office_id=ADAIR.id, name="Flood", closed=True), CENTRAL)

    own = OfficeHoliday(office_id=ADAIR.id, name="Flood", closed=True)
    assert outcome == decide(
        Holiday("2026-07-03", offices=(own,)), HolidayUpserted(date=THIRD, closed=False, offices=(own,))
    )


def test_another_word_of_an_office_replaces_its_first() -> None:
    closed_again = OPEN_ADAIR.model_copy(update={"name": "Flood", "closed": True})

    outcome = set_holiday(replace(CLOSED, offices=(ADAIR_OPEN,)), ADAIR, closed_again, CENTRAL)

    assert outcome.states[0].offices == (OfficeHoliday(office_id=ADAIR.id, name="Flood", closed=True),)


def test_offices_of_a_date_are_told_in_order() -> None:
    boone = OfficeHoliday(office_id=BOONE.id, name="Flood", closed=True)

    outcome = set_holiday(Holiday("2026-07-03", offices=(boone,)), ADAIR, OPEN_ADAIR, CENTRAL)

    assert outcome.states[0].offices == (ADAIR_OPEN, boone)


def test_a_holiday_of_the_state_leaves_the_offices_as_they_are() -> None:
    outcome = set_holiday(Holiday("2026-07-03", offices=(ADAIR_OPEN,)), None, CLOSE, CENTRAL)

    assert outcome.states == (replace(CLOSED, offices=(ADAIR_OPEN,)),)


def test_the_same_holiday_again_changes_nothing() -> None:
    assert set_holiday(CLOSED, None, CLOSE, CENTRAL) == Unchanged()


def test_a_holiday_of_an_office_that_is_not_there_is_refused() -> None:
    assert set_holiday(None, None, OPEN_ADAIR, CENTRAL) == Refused(None, "", "office_id")


REFUSED = [(CLERK, "I-26"), (CRU, "I-43"), (SUPERVISOR, "I-53"), (MANAGER, "I-58")]


@pytest.mark.rule("I-53", "I-58")
@pytest.mark.parametrize(("actor", "rule"), REFUSED)
def test_nobody_below_central_office_keeps_holidays(actor: Staff, rule: str) -> None:
    assert set_holiday(None, None, CLOSE, actor) == Refused(rule, "")


def test_the_first_holidays_are_loaded_by_the_system() -> None:
    assert set_holiday(None, None, CLOSE, SYSTEM).states == (CLOSED,)


@pytest.mark.rule("I-60")
def test_central_office_sets_the_deadline_of_the_state() -> None:
    outcome = set_election_deadline(None, None, DEADLINE, CENTRAL)

    assert outcome == decide(ELECTED, ElectionDeadlineUpserted(election_date=ELECTION, registration_deadline=LAST_DAY))


def test_a_county_may_have_a_deadline_of_its_own() -> None:
    outcome = set_election_deadline(ELECTED, ADAIR_COUNTY, OF_ADAIR, CENTRAL)

    told = ElectionDeadlineUpserted(election_date=ELECTION, registration_deadline=LAST_DAY, counties=(OWN,))
    assert outcome == decide(replace(ELECTED, counties=(OWN,)), told)


def test_another_deadline_of_a_county_replaces_its_first() -> None:
    earlier = CountyDeadline(county_fips=ADAIR_COUNTY.id, registration_deadline=date(2026, 9, 1))

    outcome = set_election_deadline(replace(ELECTED, counties=(earlier,)), ADAIR_COUNTY, OF_ADAIR, CENTRAL)

    assert outcome.states[0].counties == (OWN,)


def test_counties_of_an_election_are_told_in_order() -> None:
    boone = CountyDeadline(county_fips="29019", registration_deadline=LAST_DAY)

    outcome = set_election_deadline(replace(ELECTED, counties=(boone,)), ADAIR_COUNTY, OF_ADAIR, CENTRAL)

    assert outcome.states[0].counties == (OWN, boone)


def test_registration_may_last_until_the_election_itself() -> None:
    command = SetElectionDeadline(election_date=ELECTION, registration_deadline=ELECTION)

    assert set_election_deadline(None, None, command, CENTRAL).states[0].registration_deadline == ELECTION


def test_registration_does_not_last_longer_than_the_election() -> None:
    command = SetElectionDeadline(election_date=ELECTION, registration_deadline=date(2026, 11, 4))

    assert set_election_deadline(None, None, command, CENTRAL) == Invalid("registration_deadline", "")


def test_a_deadline_of_a_county_that_is_not_there_is_refused() -> None:
    assert set_election_deadline(None, None, OF_ADAIR, CENTRAL) == Refused(None, "", "county_fips")


def test_the_same_deadline_again_changes_nothing() -> None:
    assert set_election_deadline(ELECTED, None, DEADLINE, CENTRAL) == Unchanged()


@pytest.mark.parametrize(("actor", "rule"), REFUSED)
def test_nobody_below_central_office_keeps_deadlines(actor: Staff, rule: str) -> None:
    assert set_election_deadline(None, None, DEADLINE, actor) == Refused(rule, "")
