"""The whole reception over the door of intake, on a real database: requests of every type to their end."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from reception_desk import OFFICE, Desk, open_desk

import intake.app
from casebus_contracts import RequestType
from casebus_testing.plugin import NewDatabase
from chassis.ids import new_id

INDEXED = """
SELECT attname FROM pg_attribute WHERE attrelid = 'requests'::regclass AND attnum > 0 AND attnum IN (
    SELECT unnest(indkey::int[]) FROM pg_index WHERE indrelid = 'requests'::regclass
    UNION ALL SELECT d.refobjsubid FROM pg_depend d JOIN pg_index i ON i.indexrelid = d.objid
    WHERE d.refobjid = 'requests'::regclass
)"""
"""The columns of requests that an index has, in its condition or an expression too."""


@pytest_asyncio.fixture
async def desk(new_database: NewDatabase) -> AsyncIterator[Desk]:
    """The door of intake, with an office and its people."""
    async with open_desk(await new_database([intake.app.MIGRATIONS])) as opened:
        yield opened


@pytest.mark.rule("I-01", "INV-I1")
async def test_a_visit_goes_through_the_lobby_without_a_gap(desk: Desk) -> None:
    this = await desk.request(reasons=["ebt_card"])
    steps = ["CheckIn", "Invite", "Recall", "Return", "Invite", "TimeIn", "Hold", "Resume", "TimeOut"]

    told = [await desk.done(step, "rc_greeter", **this) for step in steps]

    assert told == [
        ["visit.waiting"],
        ["visit.called"],
        ["visit.recalled"],
        ["visit.returned"],
        ["visit.called"],
        ["visit.serving", "walkin.timed"],
        ["visit.held"],
        ["visit.resumed"],
        ["walkin.timed"],
    ]
    gaps = await desk.rig.rows(
        "SELECT count(*) FROM requests r, jsonb_array_elements(r.intervals) WITH ORDINALITY AS a(part, n) "
        "JOIN LATERAL jsonb_array_elements(r.intervals) WITH ORDINALITY AS b(part, n) ON b.n = a.n + 1 "
        "WHERE a.part->>'end' IS DISTINCT FROM b.part->>'start'"
    )
    assert gaps == [(0,)]
    assert await desk.column("jsonb_array_length(intervals)", this) == 7


async def test_once_checked_in_a_visit_changes_no_column_of_an_index(desk: Desk) -> None:
    this = await desk.request(reasons=["ebt_card"])
    await desk.done("CheckIn", "rc_greeter", **this)
    before = json.loads(await desk.column("row_to_json(requests)", this))

    for step in ("Invite", "TimeIn", "Hold", "Resume", "TimeOut"):
        await desk.done(step, "rc_greeter", **this)

    after = json.loads(await desk.column("row_to_json(requests)", this))
    changed = {name for name, value in after.items() if value != before[name]}
    indexed = {name for (name,) in await desk.rig.rows(INDEXED)}
    assert {"visit_status", "time_in", "time_out"} <= changed
    assert {"id", "ticket", "client"} <= indexed
    assert not changed & indexed


@pytest.mark.rule("I-34")
async def test_a_specialist_calls_the_next_visitor_and_is_the_interviewer(desk: Desk) -> None:
    this = await desk.request()
    await desk.done("CheckIn", "clerical", **this)

    assert await desk.done("Invite", "es", **this) == ["visit.called", "request.assigned"]
    assert await desk.column("interviewer", this) == "es"


@pytest.mark.rule("INV-I1")
async def test_of_many_who_call_one_visitor_at_once_one_wins(desk: Desk) -> None:
    this = await desk.request()
    await desk.done("CheckIn", "clerical", **this)
    callers = ["clerical", "rc_greeter", "es", "supervisor"] * 5

    receipts = await asyncio.gather(*(desk.ask("Invite", caller, **this) for caller in callers))

    outcomes = [receipt["outcome"] for receipt in receipts]
    assert (outcomes.count("accepted"), outcomes.count("refused")) == (1, 19)


@pytest.mark.rule("I-03", "I-04", "I-11", "I-14", "I-15", "I-16")
@pytest.mark.parametrize("kind", RequestType)
async def test_a_request_of_every_type_goes_to_its_end_and_back(desk: Desk, kind: RequestType) -> None:
    this = {"request_id": (await desk.request(kind.value, reasons=["other"]))["request_id"]}

    assert await desk.done("UpdateRequest", "clerical", **this, comments="asked again") == ["request.updated"]
    assert await desk.done("CloseRequest", "clerical", **this, disposition="done") == ["request.closed"]
    assert await desk.done("ReopenRequest", "supervisor", **this, reason="too early") == ["request.reopened"]
    assert await desk.done("CloseRequest", "clerical", **this, disposition="done") == ["request.closed"]


@pytest.mark.rule("I-09")
async def test_an_unsigned_letter_stays_open_until_it_is_signed(desk: Desk) -> None:
    letter = await desk.request("mail_in", channel="mail", unsigned=True, postmark="2026-02-27", programs=["snap"])
    this = {"request_id": letter["request_id"]}

    assert (await desk.ask("CloseRequest", "clerical", **this, disposition="done"))["rule"] == "I-09"
    assert await desk.column("signature", letter) == "awaiting_signature"
    await desk.done("UpdateRequest", "clerical", **this, signature="signed")
    await desk.done("CloseRequest", "clerical", **this, disposition="done")


@pytest.mark.rule("I-45", "I-46")
async def test_the_merit_call_center_logs_each_call(desk: Desk) -> None:
    case = await desk.request("merit_call", actor="merit", channel="phone", case_ref="M-17")
    calls = [{"request_id": case["request_id"], "call_id": new_id(), "at": "2026-03-02T15:00:00Z"} for _ in range(3)]

    told = [await desk.done("LogMeritCall", "merit", **call, note="asks for a form") for call in calls]

    assert told == [["merit.call.logged"]] * 3
    assert await desk.done("LogMeritCall", "merit", **calls[0], note="asks for a form") == []
    assert await desk.column("merit_calls", case) == 3
    assert await desk.rig.rows("SELECT count(*) FROM merit_calls") == [(3,)]


@pytest.mark.rule("I-53", "I-58", "I-60")
async def test_a_reason_of_central_office_can_be_given_from_then_on(desk: Desk) -> None:
    moving = {"reason": "moving", "label": "Moving house", "nvra_covered": True, "active": True}

    assert (await desk.ask("UpsertReason", "supervisor", **moving))["rule"] == "I-53"
    assert (await desk.ask("UpsertReason", "manager", **moving))["rule"] == "I-58"
    assert await desk.done("UpsertReason", "central", **moving) == ["reason.upserted"]
    assert await desk.column("nvra_covered", await desk.request(reasons=["moving"])) is True
    await desk.done("UpsertReason", "central", **{**moving, "active": False})
    refused = await desk.ask(
        "CreateRequest",
        "clerical",
        request_id=new_id(),
        office_id=OFFICE,
        request_type="walk_in",
        reasons=["moving"],
        anonymous=True,
        channel="in_person",
    )
    assert (refused["outcome"], refused["field"]) == ("refused", "reasons")


@pytest.mark.rule("I-06")
async def test_everything_of_a_merged_client_follows_the_survivor(desk: Desk) -> None:
    jane, twin = ({"client_id": new_id(), "last_name": "Roe", "first_name": "Jane"} for _ in range(2))
    merge = {"survivor": jane["client_id"], "merged": twin["client_id"], "reason": "the same card"}
    for client in (jane, twin):
        await desk.request(anonymous=False, client=client)

    assert (await desk.ask("MergeClients", "clerical", **merge))["rule"] == "I-26"
    assert await desk.done("MergeClients", "supervisor", **merge) == ["client.merged", "client.recorded"]
    later = await desk.request(anonymous=False, client=twin)

    assert await desk.column("client->>'client_id'", later) == jane["client_id"]
    unknown = await desk.ask("MergeClients", "supervisor", **{**merge, "merged": new_id()})
    assert (unknown["outcome"], unknown["field"]) == ("refused", "merged")


async def test_the_next_in_line_is_called_by_priority_then_arrival(desk: Desk) -> None:
    line = [await desk.request(priority=priority) for priority in (2, 2, 1)]
    for this in line:
        await desk.done("CheckIn", "clerical", **this)

    called = [await desk.next("rc_greeter") for _ in range(4)]

    assert [answer.status_code for answer in called] == [200, 200, 200, 404]
    assert [desk.subject(answer) for answer in called[:3]] == [line[n]["request_id"] for n in (2, 0, 1)]


@pytest.mark.rule("I-26", "I-34")
async def test_a_specialist_calls_the_next_but_those_of_other_interviewers(desk: Desk) -> None:
    line = [await desk.request() for _ in range(2)]
    for this in line:
        await desk.done("CheckIn", "clerical", **this)
    await desk.rig.rows("UPDATE requests SET interviewer = 'somebody' WHERE id = $1", line[0]["request_id"])

    answer = await desk.next("es")

    assert desk.subject(answer) == line[1]["request_id"]
    assert await desk.column("interviewer", line[1]) == "es"
    assert (await desk.next("es")).status_code == 404


@pytest.mark.rule("INV-I1")
async def test_many_who_call_the_next_at_once_call_each_visitor_once(desk: Desk) -> None:
    line = [await desk.request() for _ in range(6)]
    for this in line:
        await desk.done("CheckIn", "clerical", **this)

    answers = await asyncio.gather(*(desk.next(caller) for caller in ["clerical", "rc_greeter"] * 3))

    called = [desk.subject(answer) for answer in answers if answer.status_code == 200]
    assert sorted(called) == sorted(this["request_id"] for this in line)


async def test_a_repeated_call_for_the_next_calls_nobody_else(desk: Desk) -> None:
    for _ in range(2):
        await desk.done("CheckIn", "clerical", **await desk.request())
    key = new_id()

    first, again = [await desk.next("clerical", key) for _ in range(2)]

    assert again.json() == first.json()
    assert await desk.rig.rows("SELECT count(*) FROM requests WHERE visit_status = 'called'") == [(1,)]


@pytest.mark.rule("I-26", "I-43")
@pytest.mark.parametrize(("actor", "rule"), [("merit", "I-26"), ("im_cru", "I-43"), ("nobody", "I-07")])
async def test_others_call_no_next(desk: Desk, actor: str, rule: str) -> None:
    answer = await desk.next(actor)

    assert answer.status_code == 403
    assert answer.json()["rule"] == rule


@pytest.mark.rule("I-06")
async def test_likely_duplicates_are_suggested_by_id(desk: Desk) -> None:
    jane = {"client_id": new_id(), "last_name": "Roe", "first_name": "Jane", "birth_date": "1980-05-04"}
    twin = {"client_id": new_id(), "last_name": "ROE", "first_name": "Jané", "phone": "660 555 0101"}
    other = {"client_id": new_id(), "last_name": "Roe", "first_name": "Jane", "birth_date": "1990-01-01"}
    for client in (jane, twin, other):
        await desk.request(anonymous=False, client=client)
    likely = f"/v1/clients/{jane['client_id']}/duplicates"

    answer = await desk.get(likely, "clerical")

    assert answer.json() == [{"client_id": twin["client_id"], "agree": ["name"]}]
    merge = {"survivor": jane["client_id"], "merged": twin["client_id"], "reason": "the same card"}
    await desk.done("MergeClients", "supervisor", **merge)
    assert (await desk.get(likely, "clerical")).json() == []
    assert (await desk.get(likely, "nobody")).status_code == 403
    assert (await desk.get(f"/v1/clients/{new_id()}/duplicates", "clerical")).status_code == 404
