"""Every role asks every route, at an office of its own and at another: the table of the specification holds (I-26)."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio
from permissions import ROLES, cells
from reception_desk import ELSEWHERE, OFFICE, Desk, open_desk

import intake.app
from casebus_contracts import Role
from casebus_testing.plugin import NewDatabase
from chassis.ids import new_id

CELLS = cells()
OTHERS = [role for role in Role if role not in ROLES]
VIEW, GREETER, VOTERS = "view requests", "RC Greeter dashboard", "voter log, corrective letter, transmit forms, stock"
MERIT = "merit call: create, track every call, search"
HERE, THERE = "here", "there"
FOR_ALL = ("/invite-next", "/resources")
"""Not ruled by the office: whoever is next is decided as a command is; links are for all staff."""


@dataclass(frozen=True)
class Route:
    """A route and the row that rules it. `{...}` of the path stands for what the office has of it."""

    path: str
    row: str
    body: dict[str, Any] | None = None
    merit: bool = False
    """It is about a call to the merit office."""
    narrowed: bool = False
    """The office is no part of the path but of the body."""

    @property
    def name(self) -> str:
        return f"{self.path}{' of a merit call' if self.merit else ''}"


ROUTES = [
    Route("/v1/offices/{office}/dashboard", GREETER),
    Route("/v1/offices/{office}/voter-registration", VOTERS),
    Route("/v1/offices/{office}/reception-log?purpose=test", VIEW),
    Route("/v1/offices/{office}/reception-log?purpose=test&format=csv", VIEW),
    Route("/v1/requests/{walk_in}?purpose=test", VIEW),
    Route("/v1/requests/{merit_call}?purpose=test", VIEW, merit=True),
    Route("/v1/requests/search", VIEW, {"purpose": "test", "name": "roe"}, narrowed=True, merit=True),
    Route("/v1/merit-calls/search", MERIT, {"purpose": "test", "name": "roe"}, narrowed=True, merit=True),
]
OF_THEIR_OFFICE = {"Y", "all in office"}
OF_THE_STATE = {"state", "state, read only"}
OF_MERIT = {"merit search"}


def sees(route: Route, role: Role, place: str) -> bool:
    """What the cell of the table says."""
    if role in OTHERS:
        return False
    cell = CELLS[route.row][role]
    if cell in OF_THE_STATE or (cell in OF_THEIR_OFFICE and role is Role.CENTRAL):
        return True
    return place == HERE and (cell in OF_THEIR_OFFICE or (cell in OF_MERIT and route.merit))


@dataclass
class House:
    """The door of intake, with a walk-in and a merit call in each office."""

    desk: Desk
    there: dict[str, dict[str, str]] = field(default_factory=dict)

    async def ask(self, route: Route, role: Role, place: str) -> int:
        """The status of the answer."""
        of = self.there[place]
        path = route.path.format(**of)
        if route.body is None:
            return (await self.desk.get(path, role)).status_code
        return (await self.desk.post(path, role, **route.body, office_id=of["office"])).status_code


@pytest_asyncio.fixture
async def house(new_database: NewDatabase) -> AsyncIterator[House]:
    """One for all questions, which change nothing."""
    async with open_desk(await new_database([intake.app.MIGRATIONS])) as desk:
        house = House(desk)
        for place, office, prefix in ((HERE, OFFICE, ""), (THERE, ELSEWHERE, f"{ELSEWHERE}-")):
            client = {"client_id": new_id(), "last_name": "Roe", "first_name": "Jane"}
            named = {"office_id": office, "anonymous": False, "client": client}
            walk_in = await desk.request(actor=f"{prefix}clerical", **named)
            call = await desk.request("merit_call", actor=f"{prefix}merit", channel="phone", **named)
            ids = {"walk_in": walk_in["request_id"], "merit_call": call["request_id"]}
            house.there[place] = {"office": office, **ids}
        yield house


@pytest.mark.rule("I-26", "I-37", "I-43", "I-47", "I-59")
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
async def test_a_route_answers_whom_the_table_lets_in_and_refuses_all_others(house: House, route: Route) -> None:
    tries = [(role, place) for role in Role for place in (HERE, THERE)]

    answered = {(role, place): await house.ask(route, role, place) for role, place in tries}

    assert answered == {(role, place): 200 if sees(route, role, place) else 403 for role, place in tries}
    refused = sum(status == 403 for status in answered.values())
    assert await house.desk.rig.rows("SELECT count(*) FROM audit WHERE outcome = 'refused'") == [(refused,)]


@pytest.mark.rule("I-37")
@pytest.mark.parametrize("role", ROLES)
async def test_ones_own_work_is_for_everybody_who_may_see_any(house: House, role: Role) -> None:
    assert (await house.desk.get("/v1/my/requests", role)).status_code == 200


async def test_every_route_that_reads_one_office_is_in_the_table(house: House) -> None:
    page = (await house.desk.get("/openapi.json", Role.ES)).json()
    elsewhere = ("/v1/commands", "/v1/operations/", "/v1/reports/", "/v1/my/", "/v1/clients/", "/health/", "/metrics")

    tried = {route.path.partition("?")[0].replace("{office}", "{office_id}") for route in ROUTES}
    tried = {path.replace("{walk_in}", "{request_id}").replace("{merit_call}", "{request_id}") for path in tried}
    known = {path for path in page["paths"] if not path.startswith(elsewhere) and not path.endswith(FOR_ALL)}
    assert known == tried
