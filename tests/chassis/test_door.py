"""The HTTP door: status and receipt of every kind of answer."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from pipeline_rig import Anybody, Rig, command, small_service

from chassis.door import Door, Vitals, make_http
from chassis.ids import new_id


@pytest_asyncio.fixture
async def door(rig: Rig) -> AsyncIterator[httpx.AsyncClient]:
    """The door of a pipeline over a database of its own."""
    http = make_http(
        Door(small_service(), rig.reader, Anybody(), rig.pipeline), Vitals(lambda: [], lambda: ["starting"])
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(http), base_url="http://door") as client:
        yield client


def event(name: str = "North", **changes: Any) -> dict[str, Any]:
    """An `UpsertRegion` in structured form."""
    whole = {
        "specversion": "1.0",
        "id": new_id(),
        "type": "UpsertRegion",
        "source": "/console",
        "data": {"region_id": "north", "name": name},
    }
    return {key: value for key, value in {**whole, **changes}.items() if value is not None}


async def post(door: httpx.AsyncClient, body: Any, token: str = "guest:somebody", **headers: str) -> httpx.Response:
    return await door.post("/v1/commands", json=body, headers={"authorization": f"Bearer {token}", **headers})


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (event(), 200),
        (event("refuse"), 422),
        (event("raise"), 202),
        (event(type="Nonsense"), 400),
        (event(data={"region_id": "north"}), 400),
        (event(id="5"), 400),
    ],
)
async def test_the_status_says_what_the_receipt_says(door: httpx.AsyncClient, body: Any, status: int) -> None:
    answer = await post(door, body)

    assert answer.status_code == status
    assert answer.json()["command_type"] == body["type"]


async def test_a_duplicate_has_the_status_of_the_first_answer(door: httpx.AsyncClient) -> None:
    body = event("refuse")
    await post(door, body)

    again = await post(door, body)

    assert (again.status_code, again.json()["outcome"]) == (422, "duplicate")


async def test_the_same_id_with_other_content_is_409(door: httpx.AsyncClient) -> None:
    body = event()
    await post(door, body)

    assert (await post(door, {**body, "data": {"region_id": "north", "name": "Other"}})).status_code == 409


async def test_one_command_over_kafka_and_then_http_is_a_duplicate(door: httpx.AsyncClient, rig: Rig) -> None:
    body = event()
    await rig.feed(command("north", message_id=body["id"]))

    assert (await post(door, body)).json()["outcome"] == "duplicate"


async def test_refused_by_who_is_403(door: httpx.AsyncClient) -> None:
    assert (await post(door, event(), token="stranger:somebody")).status_code == 403


async def test_no_token_is_401_and_leaves_nothing(door: httpx.AsyncClient, rig: Rig) -> None:
    answer = await door.post("/v1/commands", json=event())

    assert answer.status_code == 401
    assert await rig.rows("SELECT count(*) FROM inbox") == [(0,)]


async def test_a_body_over_a_mebibyte_is_413(door: httpx.AsyncClient) -> None:
    assert (await post(door, event("x" * 10_000_000))).status_code == 413


@pytest.mark.parametrize("body", [[], 5, {}, event(specversion=None), event(id=None), event(colour="red"), event(id=7)])
async def test_what_is_no_cloudevent_is_400(door: httpx.AsyncClient, body: Any) -> None:
    assert (await post(door, body)).status_code == 400


async def test_an_idempotency_key_that_is_not_the_id_is_400(door: httpx.AsyncClient) -> None:
    assert (await post(door, event(), **{"idempotency-key": new_id()})).status_code == 400


async def test_a_lone_surrogate_in_the_body_is_no_server_error(door: httpx.AsyncClient) -> None:
    answer = await door.post(
        "/v1/commands",
        content=f'{{"specversion":"1.0","id":"{new_id()}","type":"UpsertRegion","source":"/x",'
        '"data":{"region_id":"north","name":"\\ud800"}}',
        headers={"authorization": "Bearer guest:somebody"},
    )

    assert answer.status_code == 400


async def test_what_is_no_cloudevent_is_not_quoted(door: httpx.AsyncClient) -> None:
    answer = await post(door, {**event(), "Jane Doe": 1})

    assert answer.status_code == 400
    assert "Jane" not in answer.text


async def test_health_tells_what_is_wrong(door: httpx.AsyncClient) -> None:
    assert (await door.get("/health/live")).status_code == 200
    assert (await door.get("/health/ready")).json() == {"problems": ["starting"]}
