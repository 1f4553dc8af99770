"""Two clerks, one visit, both doors: who is first wins, and every line of intervals stays whole."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from pipeline_rig import FakeRecord
from reception_desk import OFFICE, Desk, open_desk

import intake.app
from casebus_contracts import OverdueKind, VisitOverdue
from casebus_testing.plugin import NewDatabase
from chassis.envelope import fact_headers
from chassis.ids import new_id

RACES = 1000
AT_ONCE = 50
STEPS = ("CheckIn", "Invite", "Return", "TimeIn", "Hold", "Resume", "TimeOut")
RACED = ("Invite", "Return", "Hold", "Resume")
FIRST, SECOND = ("accepted", "refused"), ("refused", "accepted")

BROKEN = """
SELECT count(*) FROM requests r
WHERE EXISTS (
    SELECT 1 FROM jsonb_array_elements(r.intervals) WITH ORDINALITY AS a(part, n)
    LEFT JOIN LATERAL jsonb_array_elements(r.intervals) WITH ORDINALITY AS b(part, n) ON b.n = a.n + 1
    WHERE b.part IS NOT NULL AND a.part->>'end' IS DISTINCT FROM b.part->>'start'
       OR (a.part->>'end')::timestamptz < (a.part->>'start')::timestamptz
)"""


@pytest_asyncio.fixture
async def desk(new_database: NewDatabase) -> AsyncIterator[Desk]:
    """The door of intake, with an office and its people."""
    async with open_desk(await new_database([intake.app.MIGRATIONS])) as opened:
        yield opened


def record(command: str, actor: str, **data: Any) -> FakeRecord:
    """A command as it comes over Kafka."""
    headers = {
        "ce_specversion": "1.0",
        "ce_id": new_id(),
        "ce_source": "/race",
        "ce_type": command,
        "content-type": "application/json",
        "ce_proof": f"guest:{actor}",
    }
    body = json.dumps(data).encode()
    return FakeRecord(
        "intake.commands", data["request_id"].encode(), body, [(k, v.encode()) for k, v in headers.items()]
    )


async def many(desk: Desk, command: str, line: list[dict[str, str]], **more: Any) -> list[str]:
    """The outcomes of one command for each visitor, over Kafka."""
    return await desk.rig.outcomes(*(record(command, "clerical", **this, **more) for this in line))


async def race(desk: Desk, command: str, line: list[dict[str, str]]) -> list[tuple[str, str]]:
    """Both doors at once for each visitor: the outcomes of the clerk over Kafka and the greeter over HTTP."""
    results = await asyncio.gather(
        many(desk, command, line), *(desk.ask(command, "rc_greeter", **this) for this in line)
    )
    return list(zip(results[0], (receipt["outcome"] for receipt in results[1:]), strict=True))


@pytest.mark.rule("INV-I1")
async def test_of_two_clerks_at_one_visit_one_wins(desk: Desk) -> None:
    walk_in = {"request_type": "walk_in", "reasons": ["apply"], "anonymous": True, "channel": "in_person"}
    won: Counter[tuple[str, str]] = Counter()
    for _ in range(RACES // AT_ONCE // len(RACED)):
        line = [{"request_id": new_id(), "office_id": OFFICE} for _ in range(AT_ONCE)]
        await many(desk, "CreateRequest", line, **walk_in)
        for step in STEPS:
            if step in RACED:
                won.update(await race(desk, step, line))
            else:
                assert set(await many(desk, step, line)) == {"accepted"}

    assert won[FIRST] + won[SECOND] == won.total() == RACES
    assert await desk.rig.rows(BROKEN) == [(0,)]


async def test_closing_time_ends_a_visit_that_is_open(desk: Desk) -> None:
    this = await desk.request()
    await desk.done("CheckIn", "clerical", **this)
    ((arrived,),) = await desk.rig.rows("SELECT arrived_at FROM requests WHERE id = $1", this["request_id"])
    told = VisitOverdue(**this, kind=OverdueKind.CLOSING, since=arrived, at=arrived)
    lines = fact_headers(
        "intake",
        VisitOverdue,
        fact_id=new_id(),
        key=told.key,
        at=arrived,
        sequence=3,
        correlation=new_id(),
        causation=new_id(),
        traceparent="",
    )
    headers = [(name, value.encode()) for name, _, value in (line.partition("\t") for line in lines.splitlines())]

    await desk.rig.feed(FakeRecord("visit.overdue", told.key.encode(), told.model_dump_json().encode(), headers))

    assert await desk.column("visit_status", this) == "auto_closed"
    assert await desk.column("accurate", this) is False
    assert await desk.rig.rows("SELECT waiting FROM lobbies") == [("[]",)]
