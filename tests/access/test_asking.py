"""What every reading route asks before it answers: who, how far, what for. Over a door, on a real database."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

import asyncpg
import httpx
import pytest
import pytest_asyncio
from fastapi import APIRouter, Depends
from reception_desk import ELSEWHERE, OFFICE, Desk, open_desk

import intake.app
from access.asking import Asker, Asking, Narrowed, PurposeQuery
from access.matrix import Ability
from casebus_contracts import Role
from casebus_testing.plugin import NewDatabase
from chassis.inside import Inside
from chassis.openapi import no

READ = "SELECT actor, sender, action, subject, outcome, rule, purpose, shown FROM audit ORDER BY id"
OF_AN_OFFICE = {"clerical", "es", "es_clerical", "rc_greeter", "supervisor", "manager"}


def probe(inside: Inside) -> APIRouter:
    """Routes that show their scope, show something, and try what no reading route may."""
    router, asking = APIRouter(), Asking(inside)
    asked = Annotated[Asker, Depends(asking.asker)]

    @router.get("/v1/probe", responses=no(404))
    async def seen(asker: asked, narrowed: Narrowed) -> list[str]:
        scope = await asking.scope(asker, asker.look("probe"), Ability.VIEW, narrowed)
        return [*scope.offices, *(["merit only"] if scope.merit_only else [])]

    @router.get("/v1/probe/{subject}")
    async def shown(asker: asked, subject: str, purpose: PurposeQuery) -> list[str]:
        look = asker.look("probe", subject, purpose)
        await asking.allow(asker, look, Ability.VIEW, office=OFFICE)
        await asking.shown(look, ["one", "two"])
        return ["one", "two"]

    @router.post("/v1/probe/{statement}")
    async def done(statement: str) -> list[str]:
        return [str(row) for row in await inside.queries.rows(statement)]

    return router


@pytest_asyncio.fixture
async def desk(new_database: NewDatabase) -> AsyncIterator[Desk]:
    """Intake with the routes of the probe."""
    async with open_desk(await new_database([intake.app.MIGRATIONS]), probe) as opened:
        yield opened


def sees(role: str) -> list[str]:
    if role in ("central", "im_cru"):
        return [OFFICE, ELSEWHERE]
    return [OFFICE] if role in OF_AN_OFFICE else [OFFICE, "merit only"]


@pytest.mark.rule("I-37", "I-43")
@pytest.mark.parametrize("role", sorted({*OF_AN_OFFICE, "central", "im_cru", "merit"}))
async def test_everybody_sees_their_office_and_some_the_state(desk: Desk, role: str) -> None:
    assert (await desk.get("/v1/probe", role)).json() == sees(role)


@pytest.mark.rule("I-26")
@pytest.mark.parametrize("role", ["career_coach", "rent_coordinator", "k2p_manager", "operator"])
async def test_whom_the_matrix_gives_nothing_sees_nothing_and_that_is_on_record(desk: Desk, role: str) -> None:
    answer = await desk.get("/v1/probe", role)

    assert (answer.status_code, answer.json()["rule"]) == (403, "I-26")
    assert await desk.rig.rows(READ) == [(role, "guest", "probe", None, "refused", "I-26", None, None)]


@pytest.mark.rule("I-21")
@pytest.mark.parametrize(
    ("narrowed", "offices"),
    [
        ("", [OFFICE, ELSEWHERE]),
        (f"office_id={ELSEWHERE}", [ELSEWHERE]),
        ("region_id=northeast", [OFFICE]),
        ("county_fips=29019", [ELSEWHERE]),
        ("region_id=northeast&county_fips=29019", []),
    ],
)
async def test_the_state_is_narrowed_to_an_office_a_region_or_a_county(
    desk: Desk, narrowed: str, offices: list[str]
) -> None:
    assert (await desk.get(f"/v1/probe?{narrowed}", "central")).json() == offices


@pytest.mark.rule("I-21", "I-37")
@pytest.mark.parametrize("narrowed", [f"office_id={ELSEWHERE}", "region_id=central", "county_fips=29019"])
async def test_nobody_widens_their_view_by_a_filter(desk: Desk, narrowed: str) -> None:
    assert (await desk.get(f"/v1/probe?{narrowed}", "es")).status_code == 403


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ("office_id=NOWHERE", 404, "office_id"),
        ("region_id=nowhere", 404, "region_id"),
        ("county_fips=99999", 404, "county_fips"),
        ("county_fips=12", 400, "county_fips"),
        ("office_id=%00", 400, "office_id"),
    ],
)
async def test_what_is_wrong_or_unknown_is_named(desk: Desk, query: str, status: int, field: str) -> None:
    answer = await desk.get(f"/v1/probe?{query}", "central")

    assert (answer.status_code, answer.json()["field"]) == (status, field)


async def test_what_was_shown_to_whom_and_what_for_is_on_record(desk: Desk) -> None:
    assert (await desk.get("/v1/probe/17?purpose=an%20appeal", "es")).status_code == 200

    assert await desk.rig.rows(READ) == [("es", "guest", "probe", "17", "shown", None, "an appeal", ["one", "two"])]


async def test_a_refusal_says_what_was_wanted_and_what_for(desk: Desk) -> None:
    assert (await desk.get("/v1/probe/17?purpose=curious", f"{ELSEWHERE}-es")).status_code == 403

    rows = await desk.rig.rows(READ)
    assert rows == [(f"{ELSEWHERE}-es", "guest", "probe", "17", "refused", "I-26", "curious", None)]


@pytest.mark.parametrize("query", ["", "?purpose=", "?purpose=xy", "?purpose=" + "x" * 201, "?purpose=abc%00"])
async def test_nothing_about_persons_is_shown_without_a_purpose(desk: Desk, query: str) -> None:
    answer = await desk.get(f"/v1/probe/17{query}", "es")

    assert (answer.status_code, answer.json()["field"]) == (400, "purpose")
    assert await desk.rig.rows(READ) == []


@pytest.mark.rule("I-07")
@pytest.mark.parametrize(
    ("bearer", "status", "rule"),
    [
        ("", 401, None),
        ("guest:nobody", 403, "I-07"),
        ("stranger:es", 403, "I-07"),
        ("guest:system", 403, "I-26"),
    ],
)
async def test_only_staff_of_the_directory_look_and_only_through_senders_that_may(
    desk: Desk, bearer: str, status: int, rule: str | None
) -> None:
    headers = {"authorization": f"Bearer {bearer}"} if bearer else {}
    answer = await desk.http.get("/v1/probe", headers=headers)

    assert (answer.status_code, answer.json().get("rule")) == (status, rule)


@pytest.mark.rule("I-07")
async def test_who_has_left_sees_nothing_more(desk: Desk) -> None:
    await desk.rig.rows("UPDATE staff SET active = false WHERE id = 'es'")

    assert (await desk.get("/v1/probe", "es")).json()["rule"] == "I-07"


async def test_questions_cannot_write(desk: Desk) -> None:
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        await desk.inside.queries._pool.fetch("DELETE FROM lobbies")


async def test_a_question_that_takes_too_long_is_given_up(desk: Desk) -> None:
    answer = await desk.http.post("/v1/probe/SELECT pg_sleep(60)")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


async def test_without_its_database_a_service_says_when_to_come_again(desk: Desk) -> None:
    await asyncio.wait_for(desk.inside.queries._pool.close(), 10)

    answer = await desk.get("/v1/probe", "es")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")


@pytest.mark.parametrize("path", ["/v1/probe/x/y", "/v1/nothing"])
async def test_whatever_says_no_says_it_in_one_shape(desk: Desk, path: str) -> None:
    assert (await desk.get(path, "es")).json() == {"reason": "Not Found"}


async def test_a_body_beyond_the_limit_is_told_in_that_shape_too(desk: Desk) -> None:
    answer: httpx.Response = await desk.http.post("/v1/operations/parked/show", content=b" " * 1_100_000)

    assert (answer.status_code, list(answer.json())) == (413, ["reason"])


def test_roles_are_complete() -> None:
    others = {"central", "im_cru", "merit", "career_coach", "rent_coordinator", "k2p_manager", "operator"}

    assert {*OF_AN_OFFICE, *others} == {role.value for role in Role}
