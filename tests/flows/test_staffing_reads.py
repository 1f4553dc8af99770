"""What staffing shows, and that a supervisor stays one while somebody names them. Over its door, on a real database."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from pipeline_rig import FakeRecord
from reception_desk import ELSEWHERE, OFFICE, Desk, open_desk

import staffing.app
from casebus_testing.plugin import NewDatabase
from chassis.ids import new_id
from staffing.handlers import SERVICE


@pytest_asyncio.fixture
async def desk(new_database: NewDatabase) -> AsyncIterator[Desk]:
    """The door of staffing, with two offices and their people."""
    async with open_desk(await new_database([staffing.app.MIGRATIONS]), service=SERVICE) as opened:
        yield opened


def board(office: str = OFFICE, purpose: str = "") -> str:
    return f"/v1/offices/{office}/availability{purpose}"


@pytest.mark.rule("I-22")
async def test_the_office_sees_who_is_available_with_the_comment_beside_it(desk: Desk) -> None:
    away = {"staff_id": "es", "available": False, "comment": "back at ten"}
    await desk.done("SetAvailability", "supervisor", **away)

    without, commented = [await desk.get(board(purpose=query), "clerical") for query in ("", "?purpose=planning")]

    shown = [{row["staff_id"]: row for row in answer.json()} for answer in (without, commented)]
    assert [(rows["es"]["available"], rows["es"]["comment"]) for rows in shown] == [
        (False, None),
        (False, "back at ten"),
    ]
    assert shown[0]["clerical"]["available"] is True
    read = "SELECT actor, subject, purpose, shown FROM audit WHERE outcome = 'shown'"
    assert await desk.rig.rows(read) == [("clerical", OFFICE, "planning", ["es"])]


@pytest.mark.rule("I-22")
@pytest.mark.parametrize(
    ("actor", "office", "status"),
    [
        ("es", OFFICE, 200),
        ("merit", OFFICE, 200),
        ("central", ELSEWHERE, 200),
        ("central", "NOWHERE", 404),
        ("es", ELSEWHERE, 403),
        ("supervisor", ELSEWHERE, 403),
        ("im_cru", OFFICE, 403),
        ("operator", OFFICE, 403),
    ],
)
async def test_the_board_of_an_office_is_for_its_people_and_central_office(
    desk: Desk, actor: str, office: str, status: int
) -> None:
    assert (await desk.get(board(office), actor)).status_code == status


@pytest.mark.rule("I-19", "I-21")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("name=SUPER", ["BOONE-supervisor", "supervisor"]),
        (f"name=super&office_id={OFFICE}", ["supervisor"]),
        ("role=merit&region_id=central", ["BOONE-merit"]),
        ("role=merit&county_fips=29001", ["merit"]),
        ("position=building_manager", ["manager"]),
        ("name=nobody", []),
    ],
)
async def test_staff_are_found_by_name_role_position_and_place(desk: Desk, query: str, found: list[str]) -> None:
    await desk.rig.rows("""UPDATE staff SET positions = '["building_manager"]' WHERE id = 'manager'""")

    answer = await desk.get(f"/v1/staff?{query}", "es")

    assert [each["staff_id"] for each in answer.json()["items"]] == found


async def test_the_directory_has_pages(desk: Desk) -> None:
    seen: list[str] = []
    after = ""
    while after is not None:
        page = (await desk.get(f"/v1/staff?limit=10{after and f'&after={after}'}", "es")).json()
        seen += [each["staff_id"] for each in page["items"]]
        after = page["next"]

    assert seen == [id_ for (id_,) in await desk.rig.rows("SELECT id FROM staff ORDER BY id")]


def demoted(**changes: Any) -> dict[str, Any]:
    """Central Office makes the supervisor a clerk."""
    told = {"staff_id": "supervisor", "name": "S", "work_email": "s@example.gov", "role": "clerical"}
    return {**told, "office_id": OFFICE, "positions": [], "active": True, **changes}


def record(command: str, actor: str, **data: Any) -> FakeRecord:
    headers = {
        "ce_specversion": b"1.0",
        "ce_id": new_id().encode(),
        "ce_source": b"/test",
        "ce_type": command.encode(),
        "content-type": b"application/json",
        "ce_proof": f"guest:{actor}".encode(),
    }
    return FakeRecord("staffing.commands", data["staff_id"].encode(), json.dumps(data).encode(), list(headers.items()))


@pytest.mark.rule("INV-S8")
async def test_whoever_supervises_somebody_keeps_a_role_that_may(desk: Desk) -> None:
    await desk.done("UpdateStaff", "supervisor", staff_id="es", supervisor_id="supervisor")

    assert (await desk.ask("UpsertStaff", "central", **demoted()))["rule"] == "INV-S8"
    await desk.done("UpsertStaff", "central", **demoted(role="manager"))
    await desk.done("UpdateStaff", "manager", staff_id="es", supervisor_id="manager")
    await desk.done("UpsertStaff", "central", **demoted())


@pytest.mark.rule("INV-S8")
async def test_in_one_batch_the_second_command_sees_the_first(desk: Desk) -> None:
    named = record("UpdateStaff", "supervisor", staff_id="es", supervisor_id="supervisor")
    other = record("UpdateStaff", "supervisor", staff_id="es", supervisor_id="manager")
    demotion = [record("UpsertStaff", "central", **demoted()) for _ in range(2)]

    outcomes = await desk.rig.outcomes(named, demotion[0], other, demotion[1])

    assert outcomes == ["accepted", "refused", "accepted", "accepted"]


@pytest.mark.rule("INV-S8")
async def test_of_a_demotion_and_a_new_team_member_at_once_one_wins(desk: Desk) -> None:
    for _ in range(10):
        await desk.done("UpsertStaff", "central", **demoted(role="supervisor"))
        await desk.done("UpdateStaff", "manager", staff_id="es", supervisor_id="manager")
        both = await asyncio.gather(
            desk.rig.outcomes(record("UpdateStaff", "manager", staff_id="es", supervisor_id="supervisor")),
            desk.rig.outcomes(record("UpsertStaff", "central", **demoted())),
        )
        assert sorted(outcome for (outcome,) in both) == ["accepted", "refused"]
        await desk.done("UpdateStaff", "manager", staff_id="es", supervisor_id="manager")
