"""What intake shows of the past: a client through time, the log of a day, merit entries. Voter answers nowhere."""

import csv
import io
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from reception_desk import ELSEWHERE, OFFICE, Desk, open_desk

import intake.app
from casebus_testing.plugin import NewDatabase
from chassis.ids import new_id
from intake.reads import reception_log

READ = "SELECT action, subject, shown FROM audit WHERE outcome = 'shown' ORDER BY id"


@pytest_asyncio.fixture
async def desk(new_database: NewDatabase) -> AsyncIterator[Desk]:
    """The door of intake, with two offices and their people."""
    async with open_desk(await new_database([intake.app.MIGRATIONS])) as opened:
        yield opened


def jane(**more: Any) -> dict[str, Any]:
    return {"client_id": new_id(), "last_name": "Roe", "first_name": "Jane", **more}


async def merged(desk: Desk, survivor: dict[str, Any], gone: dict[str, Any]) -> None:
    ids = {"survivor": survivor["client_id"], "merged": gone["client_id"]}
    await desk.done("MergeClients", "supervisor", **ids, reason="the same card")


async def timeline(desk: Desk, client: dict[str, Any], actor: str = "es", query: str = "") -> dict[str, Any]:
    answer = await desk.get(f"/v1/clients/{client['client_id']}/timeline?purpose=test{query}", actor)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def log_of(desk: Desk, query: str = "", office: str = OFFICE, actor: str = "es") -> dict[str, Any]:
    answer = await desk.get(f"/v1/offices/{office}/reception-log?purpose=test{query}", actor)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def test_a_client_is_seen_through_time_with_each_step(desk: Desk) -> None:
    client = jane()
    first, second = [await desk.request(anonymous=False, client=client) for _ in range(2)]
    for step in ("CheckIn", "TimeIn", "TimeOut"):
        await desk.done(step, "clerical", **first)

    seen = await timeline(desk, client)

    assert [each["request_id"] for each in seen["items"]] == [second["request_id"], first["request_id"]]
    assert [(step["what"], step["by"]) for step in seen["items"][1]["steps"]] == [
        ("request.created", "clerical"),
        ("visit.waiting", "clerical"),
        ("visit.serving", "clerical"),
        ("walkin.timed", "clerical"),
        ("walkin.timed", "clerical"),
        ("voter.offer.missing", "clerical"),
    ]
    assert seen["known"]["last_name"] == "Roe"


@pytest.mark.rule("I-06")
async def test_whatever_id_is_asked_for_the_survivor_and_all_of_theirs_are_shown(desk: Desk) -> None:
    one, two, three = jane(), jane(first_name="J."), jane(dcn="00271828")
    requests = [await desk.request(anonymous=False, client=client) for client in (one, two, three)]
    await merged(desk, two, one)
    await merged(desk, three, two)

    for client in (one, two, three):
        seen = await timeline(desk, client)
        assert seen["client_id"] == three["client_id"]
        assert {each["request_id"] for each in seen["items"]} == {each["request_id"] for each in requests}
    assert [each["merged"] for each in seen["merges"]] == [two["client_id"]]
    assert sorted(seen["absorbed"]) == sorted([one["client_id"], two["client_id"]])


@pytest.mark.rule("I-37")
async def test_a_timeline_ends_at_the_border_of_the_office(desk: Desk) -> None:
    client = jane()
    here = await desk.request(anonymous=False, client=client)
    there = await desk.request(
        actor=f"{ELSEWHERE}-clerical", office_id=ELSEWHERE, anonymous=False, client={**client, "client_id": new_id()}
    )

    assert [each["request_id"] for each in (await timeline(desk, client))["items"]] == [here["request_id"]]
    hidden = await desk.get(f"/v1/clients/{client['client_id']}/timeline?purpose=test", f"{ELSEWHERE}-es")
    assert (hidden.status_code, hidden.json()["field"]) == (404, "client_id")
    assert (await desk.get(f"/v1/clients/{new_id()}/timeline?purpose=test", "central")).status_code == 404
    assert there["office_id"] == ELSEWHERE


async def test_a_long_timeline_has_pages_and_each_is_on_record(desk: Desk) -> None:
    client = jane()
    requests = [(await desk.request(anonymous=False, client=client))["request_id"] for _ in range(3)]

    first = await timeline(desk, client, query="&limit=2")
    rest = await timeline(desk, client, query=f"&limit=2&after={first['next']}")

    assert [each["request_id"] for each in (*first["items"], *rest["items"])] == requests[::-1]
    assert rest["next"] is None
    about = client["client_id"]
    assert await desk.rig.rows(READ) == [
        ("see timeline", about, [about, requests[2], requests[1]]),
        ("see timeline", about, [about, requests[0]]),
    ]


@pytest.mark.rule("V-06", "I-01")
async def test_the_log_of_a_day_has_whoever_was_spoken_to_in_the_order_of_coming(desk: Desk) -> None:
    came, wrote, rang = (
        await desk.request(anonymous=False, client=jane()),
        await desk.request("mail_in", channel="mail"),
        await desk.request("call_in", channel="phone"),
    )

    seen = await log_of(desk)

    assert [each["request_id"] for each in seen["items"]] == [came["request_id"], rang["request_id"]]
    assert seen["items"][0]["client"]["last_name"] == "Roe"
    assert wrote["request_id"] not in json.dumps(seen)


async def test_a_day_is_the_local_day_of_the_office(desk: Desk) -> None:
    late, early = "2026-03-03T05:59:59Z", "2026-03-02T06:00:00Z"
    ids = [(await desk.request(received_at=at))["request_id"] for at in (late, early)]

    assert [each["request_id"] for each in (await log_of(desk, "&day=2026-03-02"))["items"]] == ids[::-1]
    for other in ("2026-03-01", "2026-03-03"):
        assert (await log_of(desk, f"&day={other}"))["items"] == []


async def test_a_log_has_pages(desk: Desk) -> None:
    ids = [(await desk.request())["request_id"] for _ in range(3)]

    first = await log_of(desk, "&limit=2")
    rest = await log_of(desk, f"&limit=2&after={first['next']}")

    assert [each["request_id"] for each in (*first["items"], *rest["items"])] == ids


async def file_of(desk: Desk, query: str = "", actor: str = "es") -> list[dict[str, str]]:
    answer = await desk.get(f"/v1/offices/{OFFICE}/reception-log?purpose=test&format=csv{query}", actor)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.text)))


async def test_the_log_as_a_file_is_whole_and_each_part_is_on_record_before(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [(await desk.request())["request_id"] for _ in range(5)]
    monkeypatch.setattr(reception_log, "STREAMED_AT_ONCE", 2)

    rows = await file_of(desk, "&limit=1")

    assert [row["request_id"] for row in rows] == ids
    assert [shown for _, _, shown in await desk.rig.rows(READ)] == [ids[:2], ids[2:4], ids[4:]]


async def test_the_log_as_a_file_says_what_the_pages_say(desk: Desk) -> None:
    await desk.request(
        anonymous=False, client=jane(last_name="=Roe", birth_date="1961-05-04"), reasons=["apply", "other"]
    )
    await desk.request()

    named, anonymous = await file_of(desk)
    page, _ = (await log_of(desk))["items"]

    assert (named["last_name"], named["first_name"], named["birth_date"]) == ("'=Roe", "Jane", "1961-05-04")
    assert (named["reasons"], named["accurate"], named["ticket"]) == ("apply other", "yes", "")
    assert set(named) == {*reception_log.Entry.model_fields, *page["client"]} - {"client"}
    assert (anonymous["anonymous"], anonymous["last_name"], anonymous["client_id"]) == ("yes", "", "")


async def test_the_file_of_a_day_without_anybody_has_its_columns(desk: Desk) -> None:
    address = f"/v1/offices/{OFFICE}/reception-log?purpose=test&format=csv&day=2026-03-01"
    answer = await desk.get(address, "es")

    assert answer.text == ",".join(reception_log.COLUMNS) + "\r\n"
    assert answer.headers["content-disposition"] == f'attachment; filename="reception-log-{OFFICE}-2026-03-01.csv"'


async def test_without_a_purpose_there_is_no_file(desk: Desk) -> None:
    answer = await desk.get(f"/v1/offices/{OFFICE}/reception-log?format=csv", "es")

    assert (answer.status_code, answer.json()["field"]) == (400, "purpose")


@pytest.mark.rule("I-37")
async def test_the_log_of_another_office_is_closed(desk: Desk) -> None:
    for shape in ("json", "csv"):
        address = f"/v1/offices/{ELSEWHERE}/reception-log?purpose=test&format={shape}"
        assert (await desk.get(address, "es")).json()["rule"] == "I-26"
        assert (await desk.get(address, "central")).status_code == 200
    assert (await desk.get("/v1/offices/NOWHERE/reception-log?purpose=test", "central")).status_code == 404


@pytest.mark.rule("I-47")
async def test_the_merit_call_center_finds_its_entries_with_each_call(desk: Desk) -> None:
    case = await desk.request(
        "merit_call", actor="merit", channel="phone", case_ref="M-17", anonymous=False, client=jane()
    )
    call = {"call_id": new_id(), "at": "2026-03-02T15:00:00Z", "note": "asks for a form"}
    await desk.done("LogMeritCall", "merit", request_id=case["request_id"], **call)
    await desk.request(anonymous=False, client=jane())
    today = datetime.now(UTC).date()
    days = {"received_from": str(today - timedelta(days=2)), "received_to": str(today + timedelta(days=1))}

    for wanted in ({"case_ref": "m-17"}, {"name": "row jane"}, days):
        answer = await desk.post("/v1/merit-calls/search", "merit", purpose="a call back", **wanted)
        (found,) = answer.json()["items"]
        assert (found["request_id"], found["calls"][0]["note"]) == (case["request_id"], "asks for a form")
    assert (await desk.post("/v1/merit-calls/search", "merit", purpose="test", case_ref="M-18")).json()["items"] == []


@pytest.mark.rule("I-47")
@pytest.mark.parametrize("actor", ["clerical", "es", "supervisor", "manager", "central", "im_cru", "operator"])
async def test_nobody_else_searches_the_merit_entries(desk: Desk, actor: str) -> None:
    answer = await desk.post("/v1/merit-calls/search", actor, purpose="test", case_ref="M-17")

    assert answer.status_code == 403


async def test_the_merit_call_center_of_another_office_finds_nothing_of_ours(desk: Desk) -> None:
    await desk.request("merit_call", actor="merit", channel="phone", case_ref="M-17")

    other = f"{ELSEWHERE}-merit"
    assert (await desk.post("/v1/merit-calls/search", other, purpose="test", case_ref="M-17")).json()["items"] == []


MARKED = {"name": "Zyxmark Quorn", "birth_date": "1851-02-03", "occasion": "apply", "channel": "in_person"}
ANSWERS = ("yes", "no", "no_already_registered", "declined")


@pytest.mark.rule("V-14")
async def test_what_somebody_answered_about_voting_is_shown_nowhere(desk: Desk) -> None:
    client = jane()
    entries = []
    for response in ANSWERS:
        this = await desk.request(anonymous=False, client=client)
        entry = {"entry_id": new_id(), **this, **MARKED, "response": response, "completed_by": "participant"}
        await desk.done("LogVoterRegistration", "clerical", **entry)
        for step in ("CheckIn", "TimeIn", "TimeOut"):
            await desk.done(step, "clerical", **this)
        entries.append(entry)

    said = {}
    for path in (
        f"/v1/offices/{OFFICE}/dashboard?purpose=test",
        "/v1/my/requests?purpose=test",
        f"/v1/clients/{client['client_id']}/timeline?purpose=test",
        f"/v1/offices/{OFFICE}/reception-log?purpose=test",
        f"/v1/offices/{OFFICE}/reception-log?purpose=test&format=csv",
        f"/v1/offices/{OFFICE}/voter-registration",
        *(f"/v1/requests/{entry['request_id']}?purpose=test" for entry in entries),
    ):
        said[path] = await desk.get(path, "supervisor")
    for name in ("Roe", "Zyxmark"):
        said[name] = await desk.post("/v1/requests/search", "supervisor", purpose="test", name=name)

    assert {answer.status_code for answer in said.values()} == {200}
    marks = ("Zyxmark", "Quorn", "1851-02-03", *(entry["entry_id"] for entry in entries), '"declined"', "already_reg")
    assert [(path, mark) for path, answer in said.items() for mark in marks if mark in answer.text] == []
    offers = [answer.json()["voter_offer"] for path, answer in said.items() if path.startswith("/v1/requests/")]
    assert offers == [{"on_record": True, "missing_since": None, "letter_sent_on": None}] * len(ANSWERS)
