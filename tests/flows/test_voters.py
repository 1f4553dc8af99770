"""Voter registration through the pipeline of intake, on a real database: nothing an answer says gets out."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import pytest_asyncio
from pipeline_rig import Anybody, Rig, make_rig

import intake.app
from casebus_contracts import OfficeSettings
from casebus_testing.plugin import NewDatabase
from chassis.door import Door, Vitals, make_http
from chassis.ids import new_id
from intake.handlers import SERVICE
from intake.voters.retention import FORGET_ANSWERS, FORGET_LETTERS

OFFICE = "ADAIR"
MARK = "Marlene Marked-Whitfield"


@dataclass
class Desk:
    """The door of intake for one clerk."""

    rig: Rig
    http: httpx.AsyncClient

    async def ask(self, type_: str, **data: Any) -> dict[str, Any]:
        """The receipt of one command."""
        event = {"specversion": "1.0", "id": new_id(), "type": type_, "source": "/desk", "data": data}
        answer = await self.http.post("/v1/commands", json=event, headers={"authorization": "Bearer guest:clerk"})
        receipt: dict[str, Any] = answer.json()
        return receipt

    async def served(self, *, logged: bool = False) -> str:
        """A covered visit that has ended, with an entry in the voter log or without; its request."""
        this = {"request_id": new_id(), "office_id": OFFICE}
        client = {"last_name": "Whitfield", "first_name": "Marlene"}
        given = {"request_type": "walk_in", "reasons": ["apply"], "anonymous": False, "channel": "in_person"}
        assert (await self.ask("CreateRequest", **this, **given, client=client))["outcome"] == "accepted"
        for step in ("CheckIn", "TimeIn"):
            assert (await self.ask(step, **this))["outcome"] == "accepted"
        if logged:
            await self.log(request_id=this["request_id"])
        assert (await self.ask("TimeOut", **this))["outcome"] == "accepted"
        return this["request_id"]

    async def log(self, **changes: Any) -> dict[str, Any]:
        """An entry with marked values."""
        return await self.ask(
            "LogVoterRegistration",
            **{
                "entry_id": new_id(),
                "office_id": OFFICE,
                "name": MARK,
                "birth_date": "1911-11-11",
                "response": "no_already_registered",
                "completed_by": "participant",
                "occasion": "apply",
                "channel": "in_person",
                **changes,
            },
        )

    async def told(self) -> list[str]:
        """The types of the facts so far."""
        rows = await self.rig.rows("SELECT topic FROM outbox WHERE topic NOT LIKE 'receipts.%' ORDER BY id")
        return [topic for (topic,) in rows]


@pytest_asyncio.fixture
async def desk(new_database: NewDatabase) -> AsyncIterator[Desk]:
    """An office and its clerk."""
    rig = await make_rig(await new_database([intake.app.MIGRATIONS]), SERVICE)
    await rig.rows(
        "INSERT INTO offices (id, version, name, county_fips, region_id, zone, opens, closes, active, receptionist, "
        "settings) VALUES ($1, 1, 'Adair', '29001', 'northeast', 'America/Chicago', '08:00', '17:00', true, true, $2)",
        OFFICE,
        OfficeSettings().model_dump_json(),
    )
    await rig.rows(
        "INSERT INTO staff (id, version, name, work_email, role, office_id, positions, active) "
        "VALUES ('clerk', 1, 'clerk', '', 'clerical', $1, '[]', true)",
        OFFICE,
    )
    http = make_http(Door(SERVICE, rig.reader, Anybody(), rig.pipeline), Vitals(list, list))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(http), base_url="http://door") as client:
        yield Desk(rig, client)
    await rig.pool.close()


@pytest.mark.rule("INV-I9", "V-08")
async def test_a_visit_without_an_entry_is_told_and_the_letter_kept(desk: Desk) -> None:
    request_id = await desk.served()

    told = await desk.told()
    receipt = await desk.ask("SendCorrectiveLetter", request_id=request_id)

    assert told[-2:] == ["walkin.timed", "voter.offer.missing"]
    assert [fact["type"] for fact in receipt["facts"]] == ["voter.corrective_action.sent"]
    ((letter,),) = await desk.rig.rows("SELECT letter FROM voter_offers WHERE id = $1", request_id)
    assert "Marlene Whitfield" in letter


@pytest.mark.rule("INV-I9")
async def test_a_visit_with_an_entry_is_complete(desk: Desk) -> None:
    await desk.served(logged=True)

    assert (await desk.told())[-1] == "walkin.timed"


@pytest.mark.rule("V-07")
async def test_forms_are_logged_sent_and_gone(desk: Desk) -> None:
    today = datetime.now(UTC).date().isoformat()
    entry_id = new_id()
    await desk.rig.rows("UPDATE offices SET zone = 'UTC'")
    await desk.log(entry_id=entry_id, response="yes", form_received_on=today)
    clocks = await desk.rig.rows("SELECT aggregate, aggregate_id, name FROM timers")

    receipt = await desk.ask("TransmitVoterForms", office_id=OFFICE, entry_ids=[entry_id], sent_on=today)

    assert clocks == [("voter_forms_box", OFFICE, "forms")]
    assert receipt["outcome"] == "accepted", receipt
    assert await desk.rig.rows("SELECT name FROM timers") == []
    assert await desk.rig.rows("SELECT piles::text FROM voter_forms_boxes") == [("[]",)]


@pytest.mark.rule("V-11")
async def test_a_short_stock_is_told_by_the_count(desk: Desk) -> None:
    await desk.log()

    receipt = await desk.ask("CountVoterForms", office_id=OFFICE, forms_in_stock=1)

    assert [fact["type"] for fact in receipt["facts"]] == ["voter.stock.counted", "voter.stock.low"]


@pytest.mark.rule("INV-I10", "V-14")
async def test_marked_values_are_in_the_tables_of_answers_alone(desk: Desk) -> None:
    request_id = await desk.served()
    assert (await desk.log(request_id=request_id))["outcome"] == "accepted"
    assert (await desk.log(response="declined", completed_by="auth_rep"))["rule"] == "V-05"

    tables = await desk.rig.rows(
        "SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
    )
    marks = "|".join([MARK, "1911-11-11", "no_already_registered"])
    leaking = {
        name for (name,) in tables if (await desk.rig.rows(f"SELECT 1 FROM {name} t WHERE t::text ~ $1 LIMIT 1", marks))
    }
    assert leaking == {"voter_answers"}


@pytest.mark.rule("V-10")
async def test_answers_and_copies_are_forgotten_24_months_after_their_month(desk: Desk) -> None:
    await desk.log()
    await desk.rig.rows("UPDATE voter_answers SET month = '2024-03'")
    await desk.rig.rows(
        "INSERT INTO voter_offers (id, entries, letter, letter_day, letter_by) "
        "VALUES ($1, 0, 'Dear', '2024-03-31', 'clerk')",
        new_id(),
    )

    await desk.rig.pipeline.recount(correct=True)

    left = []
    for day in (1, 2):
        for statement in (FORGET_ANSWERS, FORGET_LETTERS):
            await desk.rig.rows(statement, datetime(2026, 4, day, 0, 0, tzinfo=UTC))
        counts = await desk.rig.rows(
            "SELECT (SELECT count(*) FROM voter_answers), (SELECT count(letter) FROM voter_offers), "
            "(SELECT count(*) FROM voter_entries)"
        )
        left.append(counts[0])

    assert left == [(1, 1, 1), (0, 0, 1)]
    assert (await desk.rig.pipeline.recount(correct=False)).wrong_cells == 0
