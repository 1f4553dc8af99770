"""Generated months of a state: the same for the same seed, busy when offices are, and such that intake takes them."""

from collections import Counter
from datetime import date
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from reception_desk import open_desk

from casebus_testing.plugin import NewDatabase
from casebus_testing.traffic.commands import commands_of
from casebus_testing.traffic.days import Contact, contacts_on, days_of, expected
from casebus_testing.traffic.loading import Months, fill_directory, load
from casebus_testing.traffic.people import person
from casebus_testing.traffic.places import CLOSES, OPENS, REGIONS, ZONE, state
from intake.app import MIGRATIONS

MONDAY, FRIDAY = date(2026, 3, 9), date(2026, 3, 13)
LARGEST = max(state(), key=lambda place: place.weight)
SUMS = """
SELECT count(*), count(*) FILTER (WHERE request_type = 'walk_in'), count(*) FILTER (WHERE visit_status = 'served')
FROM requests"""
TALLIED = """
SELECT coalesce(sum(n) FILTER (WHERE tally = 'requests'), 0)::int,
       coalesce(sum(n) FILTER (WHERE tally = 'hours'), 0)::int,
       coalesce(sum(n) FILTER (WHERE tally = 'wait' OR tally = 'unserved' AND label = 'inaccurate'), 0)::int
FROM tallies"""


def day(on: date = MONDAY, count: float = 400, seed: int = 1) -> list[Contact]:
    return list(contacts_on(LARGEST, on, count, seed))


def test_the_state_has_an_office_in_each_of_115_counties_and_seven_regions() -> None:
    assert len({place.office_id for place in state()}) == 115
    assert {place.region_id for place in state()} == set(REGIONS)


def test_the_same_seed_gives_the_same_day() -> None:
    assert day() == day()
    assert day(seed=2) != day()
    assert day(on=FRIDAY) != day()


def test_a_person_is_the_same_by_number_and_no_two_have_one_id() -> None:
    assert person(17) == person(17)
    assert len({person(number).client_id for number in range(20_000)}) == 20_000
    assert len({person(number).last_name for number in range(20_000)}) > 500


def test_contacts_come_in_order_while_the_office_is_open_and_most_in_the_morning() -> None:
    hours = Counter(contact.at.astimezone(ZoneInfo(ZONE)).hour for contact in day(count=4_000))

    assert [contact.at for contact in day()] == sorted(contact.at for contact in day())
    assert set(hours) == set(range(OPENS, CLOSES))
    assert hours[OPENS] > hours[CLOSES - 1] * 1.5


def test_the_requests_of_all_days_and_offices_add_up() -> None:
    days = days_of(date(2026, 11, 20), 6)

    per_office = sum(expected(place, each, 1_000_000, days) for place in state() for each in days)

    assert round(per_office) == 1_000_000
    assert all(each.weekday() < 5 for each in days)
    assert expected(LARGEST, MONDAY, 1_000_000, days) > expected(LARGEST, FRIDAY, 1_000_000, days)


def test_every_kind_of_contact_and_ending_occurs() -> None:
    contacts = day(count=6_000)

    assert len({contact.request_type for contact in contacts}) == 6
    assert {contact.visit.ending for contact in contacts if contact.visit} >= {"served", "left", "no_show"}
    assert {contact.offer for contact in contacts} == {None, "entry", "letter", "missing"}
    assert len({contact.response for contact in contacts}) == 5


def test_tickets_of_a_day_have_no_gaps() -> None:
    tickets = [contact.visit.ticket for contact in day() if contact.visit]

    assert tickets == list(range(1, len(tickets) + 1))


async def test_intake_takes_every_command_of_a_day(new_database: NewDatabase) -> None:
    dsn = await new_database([MIGRATIONS])
    async with open_desk(dsn) as desk:
        await fill_directory(dsn)
        for contact in islice(day(), 40):
            for said in commands_of(contact):
                receipt = await desk.ask(said.type, said.actor, **said.data)
                assert receipt["outcome"] == "accepted", (said.type, receipt)

        assert (await desk.rig.pipeline.recount(correct=False)).wrong_cells == 0


async def test_loaded_months_are_what_the_roll_ups_count(new_database: NewDatabase) -> None:
    dsn = await new_database([MIGRATIONS])
    async with open_desk(dsn) as desk:
        await fill_directory(dsn)
        loaded = await load(dsn, Months(3_000, date(2026, 11, 20), months=1))
        indexes = await desk.rig.rows("SELECT count(*) FROM pg_indexes WHERE indexname = 'requests_by_keys'")
        counted = await desk.rig.pipeline.recount(correct=True)

        ((requests, walk_ins, served),) = await desk.rig.rows(SUMS)
        assert requests == loaded == pytest.approx(3_000, rel=0.1)
        assert await desk.rig.rows(TALLIED) == [(requests, walk_ins, served)]
        assert counted.states > requests
        assert indexes == [(1,)]
