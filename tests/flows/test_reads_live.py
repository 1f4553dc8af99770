"""Reading a running system: real tokens, real roles in the database."""

from typing import Any

import pytest
from flow import ADAIR, BOONE, Flow, WalkIn, place_of

from casebus_cli.client import bearer
from casebus_testing.sample import sample
from casebus_testing.system import SERVICES

PEOPLE = sample().staff[ADAIR]


async def get(flow: Flow, path: str, actor: str, sender: str = "guest", service: str = "intake") -> tuple[int, Any]:
    place = place_of(flow.system)
    headers = {"authorization": f"Bearer {bearer(place, sender, actor)}"}
    answer = await flow.http.get(f"{place.door(service)}{path}", headers=headers)
    return answer.status_code, answer.json()


@pytest.mark.rule("I-10")
async def test_who_has_checked_in_is_on_the_dashboard_and_the_look_at_them_on_record(flow: Flow) -> None:
    flow.open_a_new_day()
    this = WalkIn()
    await flow.accepted(this.create(), this.check_in())

    status, seen = await get(flow, f"/v1/offices/{ADAIR}/dashboard", PEOPLE["rc_greeter"])
    looked, request = await get(flow, f"/v1/requests/{this.request_id}?purpose=A-14", PEOPLE["supervisor"])

    assert (status, looked, request["ticket"]) == (200, 200, 1)
    assert [(each["request_id"], each["place"]) for each in seen["visitors"]] == [(this.request_id, 1)]
    query = "SELECT actor, sender, purpose, shown FROM audit WHERE subject = $1 AND outcome = 'shown'"
    assert await flow.rows("intake", query, this.request_id) == [
        (PEOPLE["supervisor"], "guest", "A-14", [this.request_id])
    ]


@pytest.mark.rule("I-07")
async def test_a_sender_that_may_only_give_commands_does_not_ask(flow: Flow) -> None:
    status, answer = await get(flow, f"/v1/offices/{ADAIR}/dashboard", PEOPLE["rc_greeter"], sender="clinic")

    assert (status, answer["rule"]) == (403, "I-07")


async def test_every_service_says_what_it_answers(flow: Flow) -> None:
    for service in SERVICES:
        status, page = await get(flow, "/openapi.json", PEOPLE["es"], service=service)
        assert (status, page["info"]["title"], "/v1/commands" in page["paths"]) == (200, f"casebus {service}", True)


@pytest.mark.rule("I-22")
async def test_the_directory_shows_who_is_available(flow: Flow) -> None:
    status, board = await get(flow, f"/v1/offices/{BOONE}/availability", PEOPLE["central"], service="staffing")

    assert status == 200
    assert {each["staff_id"] for each in board} == set(sample().staff[BOONE].values())
