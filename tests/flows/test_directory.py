"""What Central Office and managers keep: it holds over both doors, and reaches who needs it."""

import asyncio
import json

import pytest
from flow import ADAIR, BOONE, Flow, place_of

from casebus_cli import bootstrap
from casebus_cli.counties import county_orders
from casebus_cli.holiday_table import holiday_orders
from casebus_cli.orders import Order
from casebus_testing.sample import entries, sample
from casebus_testing.waiting import eventually

STAFF = sample().staff[ADAIR]
CENTRAL, MANAGER, SUPERVISOR = STAFF["central"], STAFF["manager"], STAFF["supervisor"]
COLUMBUS = {"date": "2025-10-13", "name": "Columbus Day", "closed": True}


def staff_order(staff_id: str, **changes: object) -> Order:
    (data,) = [e["data"] for e in entries() if e["type"] == "UpsertStaff" and e["data"]["staff_id"] == staff_id]
    return Order("UpsertStaff", {**data, **changes}, CENTRAL)


async def intake_knows(flow: Flow, query: str, *expected: tuple[object, ...]) -> None:
    async def known() -> bool:
        return await flow.rows("intake", query) == list(expected)

    await eventually(known, within=20, what=query)


@pytest.mark.rule("D-02")
async def test_a_holiday_and_the_exception_of_an_office_reach_intake(flow: Flow) -> None:
    own = {**COLUMBUS, "office_id": BOONE, "name": "Open", "closed": False}

    await flow.accepted(Order("SetHoliday", COLUMBUS, CENTRAL), Order("SetHoliday", own, CENTRAL))

    query = "SELECT name, closed, offices->0->>'office_id' FROM holidays WHERE id = '2025-10-13'"
    await intake_knows(flow, query, ("Columbus Day", True, BOONE))


async def test_the_deadline_of_an_election_reaches_intake(flow: Flow) -> None:
    data = {"election_date": "2026-11-03", "registration_deadline": "2026-10-07"}

    await flow.accepted(Order("SetElectionDeadline", data, CENTRAL))

    query = "SELECT registration_deadline::text FROM election_deadlines WHERE id = '2026-11-03'"
    await intake_knows(flow, query, ("2026-10-07",))


async def test_a_manager_is_refused_holidays_at_both_doors(flow: Flow) -> None:
    over_kafka = await flow.ask(Order("SetHoliday", COLUMBUS, MANAGER))
    status, over_http = await flow.post(Order("SetHoliday", COLUMBUS, MANAGER))

    assert (over_kafka.outcome, over_kafka.rule, status, over_http["rule"]) == ("refused", "I-58", 403, "I-58")


@pytest.mark.rule("D-02")
async def test_the_holidays_of_a_year_are_loaded_once(flow: Flow) -> None:
    place, orders = place_of(flow.system), holiday_orders([2026])

    loaded = [await bootstrap.load(place, orders, quiet=True) for _ in range(2)]

    assert loaded == [0, 0]
    assert await flow.rows("staffing", "SELECT count(*), max(version) FROM holidays WHERE id LIKE '2026%'") == [(13, 1)]


@pytest.mark.rule("D-04")
async def test_115_counties_are_loaded_and_those_that_were_there_stay(flow: Flow) -> None:
    assert await bootstrap.load(place_of(flow.system), county_orders("missouri", "Missouri"), quiet=True) == 0

    query = "SELECT count(*), count(*) FILTER (WHERE region_id <> 'missouri') FROM counties"
    await intake_knows(flow, query, (115, 2))


@pytest.mark.rule("D-04")
async def test_a_manager_does_not_edit_counties(flow: Flow) -> None:
    data = {"county_fips": "29003", "name": "Andrew", "region_id": "northeast"}

    assert (await flow.ask(Order("UpsertCounty", data, MANAGER))).rule == "I-58"


@pytest.mark.rule("I-52", "I-56")
async def test_the_manager_keeps_the_voter_registration_data_and_the_supervisor_does_not(flow: Flow) -> None:
    data = {"office_id": ADAIR, "election_authority": "Adair County Clerk", "local_coordinator": SUPERVISOR}

    refused = await flow.ask(Order("UpsertVoterOffice", data, SUPERVISOR))
    await flow.accepted(Order("UpsertVoterOffice", data, MANAGER))

    assert refused.rule == "I-52"
    query = f"SELECT election_authority, local_coordinator FROM offices WHERE id = '{ADAIR}'"
    await intake_knows(flow, query, ("Adair County Clerk", SUPERVISOR))


@pytest.mark.rule("V-13")
async def test_of_two_who_become_coordinator_at_once_one_does(flow: Flow) -> None:
    people = [sample().staff[BOONE][role] for role in ("manager", "central")]
    await flow.accepted(staff_order(sample().staff[BOONE]["supervisor"], positions=[]))

    orders = [staff_order(staff_id, positions=["local_nvra_coordinator"]) for staff_id in people]
    over_kafka, (_, over_http) = await asyncio.gather(flow.ask(orders[0]), flow.post(orders[1]))

    assert sorted([over_kafka.outcome.value, over_http["outcome"]]) == ["accepted", "refused"]
    assert {over_kafka.rule, over_http.get("rule")} == {None, "V-13"}


@pytest.mark.rule("I-35", "I-39")
async def test_who_is_away_is_known_and_why_is_not(flow: Flow) -> None:
    specialist, other = STAFF["es"], STAFF["es_clerical"]
    away = {"available": False, "comment": "At the dentist's."}

    refused = await flow.ask(Order("SetAvailability", {"staff_id": other, **away}, specialist))
    await flow.accepted(Order("SetAvailability", {"staff_id": specialist, **away}, specialist))

    assert refused.rule == "I-39"
    told = await flow.witness.saw("staff.availability.changed", specialist)
    assert (told["available"], "dentist" in json.dumps(told)) == (False, False)
    await intake_knows(flow, f"SELECT available, comment FROM availabilities WHERE id = '{specialist}'", (False, None))
