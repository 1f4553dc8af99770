"""What intake shows: over its door, on a real database, after commands as they are given."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from reception_desk import ELSEWHERE, OFFICE, Desk, open_desk

import intake.app
from casebus_testing.plugin import NewDatabase
from chassis.ids import new_id
from notifications import overdue, voters

READ = "SELECT actor, action, subject, purpose, shown FROM audit WHERE outcome = 'shown' ORDER BY id"
MARIA = {"last_name": "Hernández", "first_name": "María", "birth_date": "1970-05-01", "dcn": "00271828"}


@pytest_asyncio.fixture
async def desk(new_database: NewDatabase) -> AsyncIterator[Desk]:
    """The door of intake, with two offices and their people."""
    async with open_desk(await new_database([intake.app.MIGRATIONS])) as opened:
        yield opened


async def asks(desk: Desk, client: dict[str, Any], actor: str = "clerical", **more: Any) -> dict[str, str]:
    """Somebody with a name asks for something."""
    return await desk.request(actor=actor, anonymous=False, client={"client_id": new_id(), **client}, **more)


async def search(desk: Desk, actor: str = "es", **wanted: Any) -> list[str]:
    """The ids of what is found."""
    answer = await desk.post("/v1/requests/search", actor, purpose="a test", **wanted)
    assert answer.status_code == 200, answer.text
    return [each["request_id"] for each in answer.json()["items"]]


async def dashboard(desk: Desk, actor: str = "rc_greeter", query: str = "") -> dict[str, Any]:
    answer = await desk.get(f"/v1/offices/{OFFICE}/dashboard{query}", actor)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


@pytest.mark.rule("I-10", "I-42")
async def test_the_greeter_sees_who_waits_how_long_and_for_what(desk: Desk) -> None:
    line = [await desk.request(reasons=reasons) for reasons in (["apply"], ["apply", "ebt_card"], ["review"])]
    for this in line:
        await desk.done("CheckIn", "clerical", **this)
    await desk.done("TimeIn", "clerical", **line[0])
    await desk.rig.rows("UPDATE requests SET arrived_at = arrived_at - interval '10 min' WHERE ticket = 2")
    moved = "jsonb_set(waiting, '{0,arrived_at}', to_jsonb(now() - interval '10 min'))"
    await desk.rig.rows(f"UPDATE lobbies SET waiting = {moved}")

    seen = await dashboard(desk)

    assert (seen["waiting"], seen["serving"], seen["tickets_today"], seen["people_ahead"]) == (2, 1, 3, 2)
    assert 600 <= seen["longest_wait_seconds"] < 660
    assert seen["estimate_minutes"] == 30
    assert seen["by_reason"] == [
        {"reason": "apply", "waiting": 1},
        {"reason": "ebt_card", "waiting": 1},
        {"reason": "review", "waiting": 1},
    ]
    assert [(each["ticket"], each["place"], each["visit_status"]) for each in seen["visitors"]] == [
        (2, 1, "waiting"),
        (3, 2, "waiting"),
        (1, None, "serving"),
    ]


@pytest.mark.rule("I-10", "L-03")
async def test_the_estimate_is_what_the_next_visitor_is_told(desk: Desk) -> None:
    for _ in range(3):
        await desk.done("CheckIn", "clerical", **await desk.request())
    seen = await dashboard(desk)

    this = await desk.request()
    await desk.done("CheckIn", "clerical", **this)

    told = [await desk.column(name, this) for name in ("people_ahead_told", "estimate_told_minutes")]
    assert [seen["people_ahead"], seen["estimate_minutes"]] == told


@pytest.mark.rule("I-10")
async def test_who_is_available_stands_beside_the_queue(desk: Desk) -> None:
    await desk.rig.rows("INSERT INTO availabilities (id, version, available) VALUES ('es', 1, false)")
    await desk.rig.rows("UPDATE staff SET active = false WHERE id = 'merit'")

    seen = await dashboard(desk)

    available = {each["staff_id"]: each["available"] for each in seen["staff"]}
    assert (available["es"], available["clerical"], "merit" in available) == (False, True, False)
    assert seen["staff_available"] == len(available) - 1


@pytest.mark.rule("I-10")
async def test_a_visit_that_is_called_or_on_hold_is_still_there_and_one_that_is_over_is_not(desk: Desk) -> None:
    line = [await desk.request() for _ in range(4)]
    for this in line:
        await desk.done("CheckIn", "clerical", **this)
    await desk.done("Invite", "clerical", **line[0])
    for step in ("TimeIn", "Hold"):
        await desk.done(step, "clerical", **line[1])
    await desk.done("LeaveVisit", "clerical", **line[2], stage="waiting")
    for step in ("TimeIn", "TimeOut"):
        await desk.done(step, "clerical", **line[3])

    seen = await dashboard(desk)

    assert [(each["ticket"], each["visit_status"]) for each in seen["visitors"]] == [(1, "called"), (2, "on_hold")]
    assert (seen["waiting"], seen["served_today"]) == (0, 1)


async def test_the_lobby_of_yesterday_is_empty(desk: Desk) -> None:
    await desk.done("CheckIn", "clerical", **await desk.request())
    await desk.rig.rows("UPDATE requests SET ticket_day = ticket_day - 1")
    days = "jsonb_set(waiting, '{0,day}', '\"2026-01-01\"')"
    last = '[{"day": "2026-01-01", "last": 1}]'
    await desk.rig.rows(f"UPDATE lobbies SET waiting = {days}, ticket_days = '{last}'")

    seen = await dashboard(desk)

    assert (seen["waiting"], seen["visitors"], seen["longest_wait_seconds"]) == (0, [], 0)


async def test_names_in_the_lobby_are_shown_for_a_purpose_and_on_record(desk: Desk) -> None:
    this = await asks(desk, MARIA)
    await desk.done("CheckIn", "clerical", **this)

    (without,), (named,) = [(await dashboard(desk, query=query))["visitors"] for query in ("", "?purpose=calling")]

    assert (without["client"], named["client"]["last_name"]) == (None, "Hernández")
    assert await desk.rig.rows(READ) == [
        ("rc_greeter", "see the lobby", OFFICE, "calling", [this["request_id"]]),
    ]


@pytest.mark.rule("I-37")
async def test_a_request_is_shown_whole_to_its_office_and_that_is_on_record(desk: Desk) -> None:
    this = await asks(desk, MARIA, comments="asks for a form", companions=["Ana"], representative={"name": "Al Roe"})
    for step in ("CheckIn", "TimeIn", "TimeOut"):
        await desk.done(step, "clerical", **this)
    address = f"/v1/requests/{this['request_id']}?purpose=an%20appeal"

    answer = await desk.get(address, "es")

    shown = answer.json()
    assert (shown["client"]["dcn"], shown["comments"], shown["companions"]) == ("00271828", "asks for a form", ["Ana"])
    assert (shown["representative"]["name"], shown["visit_status"]) == ("Al Roe", "served")
    assert [part["kind"] for part in shown["intervals"]] == ["waiting", "serving"]
    missing_since, rest = shown["voter_offer"].pop("missing_since"), shown["voter_offer"]
    assert (missing_since, rest) == (shown["time_out"], {"on_record": False, "letter_sent_on": None})
    assert await desk.rig.rows(READ) == [
        ("es", "see request", this["request_id"], "an appeal", [this["request_id"]]),
    ]
    assert (await desk.get(address, f"{ELSEWHERE}-es")).json()["rule"] == "I-26"
    assert (await desk.get(f"/v1/requests/{new_id()}?purpose=test", "es")).json()["field"] == "request_id"


async def test_my_work_is_what_i_am_named_on_and_is_not_closed(desk: Desk) -> None:
    mine, closed, other, both = [await asks(desk, MARIA) for _ in range(4)]
    for this, place, who in (
        (mine, "interviewer", "es"),
        (closed, "caseworker", "es"),
        (other, "interviewer", "rc_greeter"),
        (both, "interviewer", "es"),
        (both, "caseworker", "es"),
    ):
        named = {"request_id": this["request_id"], "as": place, "staff_id": who}
        await desk.done("AssignRequest", "clerical", **named)
    await desk.done("CloseRequest", "clerical", request_id=closed["request_id"], disposition="done")

    page = (await desk.get("/v1/my/requests", "es")).json()

    assert [each["request_id"] for each in page["items"]] == [both["request_id"], mine["request_id"]]
    assert [each["client"] for each in page["items"]] == [None, None]
    named_page = (await desk.get("/v1/my/requests?purpose=my%20day&limit=1", "es")).json()
    assert named_page["items"][0]["client"]["first_name"] == "María"
    rest = (await desk.get(f"/v1/my/requests?limit=1&after={named_page['next']}", "es")).json()
    assert [each["request_id"] for each in rest["items"]] == [mine["request_id"]]
    assert "next" not in rest or rest["next"] is None
    assert await desk.rig.rows(READ) == [("es", "see own work", "es", "my day", [both["request_id"]])]


SPELLINGS = [
    {"name": "Hernandez"},
    {"name": "maria HERNADEZ"},
    {"name": "Hernandes, Maria"},
    {"name": "Mariah Fernandez"},
    {"name": "Errnandess"},
    {"birth_date": "1970-05-01"},
    {"dcn": "00271828"},
    {"name": "hernandez", "birth_date": "1970-05-01"},
    {"name": "hernandez", "reason": "apply", "request_type": "walk_in", "status": "open"},
]


@pytest.mark.rule("I-19")
@pytest.mark.parametrize("wanted", SPELLINGS, ids=str)
async def test_somebody_is_found_however_they_are_spelt(desk: Desk, wanted: dict[str, Any]) -> None:
    maria = await asks(desk, MARIA)
    await asks(desk, {"last_name": "Stone", "first_name": "Eli", "birth_date": "1950-01-01", "dcn": "10000000"})

    assert await search(desk, **wanted) == [maria["request_id"]]


NOT_HERS = [
    {"name": "Stone"},
    {"name": "Hernandez Eli"},
    {"birth_date": "1970-05-02"},
    {"dcn": "00271829"},
    {"name": "hernandez", "birth_date": "1971-05-01"},
    {"name": "hernandez", "reason": "review"},
    {"name": "hernandez", "request_type": "mail_in"},
    {"name": "hernandez", "status": "closed"},
    {"name": "hernandez", "received_to": "2020-01-01"},
]


@pytest.mark.parametrize("wanted", NOT_HERS, ids=str)
async def test_what_does_not_fit_is_not_found(desk: Desk, wanted: dict[str, Any]) -> None:
    await asks(desk, MARIA)

    assert await search(desk, **wanted) == []


async def test_the_closest_is_shown_first_then_the_newest(desk: Desk) -> None:
    sounding, near, first, second = [
        await asks(desk, {**MARIA, "last_name": name}) for name in ("Schmidt", "Smitt", "Smith", "Smith")
    ]

    found = await search(desk, name="smith")

    assert found == [each["request_id"] for each in (second, first, near, sounding)]
    answer = await desk.post("/v1/requests/search", "es", purpose="test", name="smith", limit=3)
    rest = await desk.post("/v1/requests/search", "es", purpose="test", name="smith", after=answer.json()["next"])
    assert [each["request_id"] for each in rest.json()["items"]] == [sounding["request_id"]]
    assert [each["closeness"] for each in (*answer.json()["items"], *rest.json()["items"])] == [0, 0, 1, 2]


@pytest.mark.rule("I-16")
async def test_a_representative_is_found_by_name_and_by_the_cases_they_speak_for(desk: Desk) -> None:
    spoken = {"name": "Ola Nordmann", "kind": "medical_provider", "dcns": ["31415926", "27182818"]}
    this = await desk.request("auth_rep_contact", representative=spoken)

    assert await search(desk, name="nordman") == await search(desk, dcn="27182818") == [this["request_id"]]


@pytest.mark.rule("I-21", "I-37", "I-43", "I-59")
async def test_a_search_stays_in_the_office_of_whoever_has_no_other(desk: Desk) -> None:
    here = await asks(desk, MARIA)
    there = await desk.request(
        actor=f"{ELSEWHERE}-clerical", office_id=ELSEWHERE, anonymous=False, client={"client_id": new_id(), **MARIA}
    )
    both = [there["request_id"], here["request_id"]]

    assert await search(desk, "es", name="hernandez") == [here["request_id"]]
    assert await search(desk, f"{ELSEWHERE}-manager", name="hernandez") == [there["request_id"]]
    assert await search(desk, "central", name="hernandez") == both
    assert await search(desk, "im_cru", dcn="00271828") == both
    assert await search(desk, "central", name="hernandez", region_id="central") == [there["request_id"]]
    assert await search(desk, "central", name="hernandez", county_fips="29001") == [here["request_id"]]
    assert await search(desk, "merit", name="hernandez") == []


@pytest.mark.rule("I-19")
async def test_what_happened_when_is_found_by_day_reason_and_type(desk: Desk) -> None:
    walk_in = await desk.request(reasons=["ebt_card"])
    mail = await desk.request("mail_in", channel="mail")
    today = datetime.now(UTC).date()
    days = {"received_from": str(today - timedelta(days=2)), "received_to": str(today + timedelta(days=1))}

    assert await search(desk, **days) == [mail["request_id"], walk_in["request_id"]]
    assert await search(desk, **days, reason="ebt_card") == [walk_in["request_id"]]
    assert await search(desk, **days, request_type="mail_in") == [mail["request_id"]]
    assert await search(desk, **days, status="closed") == []
    assert await search(desk, received_from="2020-01-01", received_to="2020-01-31") == []
    first = (await desk.post("/v1/requests/search", "es", purpose="test", limit=1, **days)).json()
    again = await desk.post("/v1/requests/search", "es", purpose="test", limit=1, after=first["next"], **days)
    assert [each["request_id"] for each in again.json()["items"]] == [walk_in["request_id"]]


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({}, "received_from"),
        ({"received_from": "2026-03-01"}, "received_to"),
        ({"received_from": "2026-03-01", "received_to": "2026-04-01"}, "received_to"),
        ({"received_from": "2026-03-02", "received_to": "2026-03-01"}, "received_to"),
        ({"name": "-- !"}, "name"),
        ({"dcn": "123"}, "dcn"),
        ({"surprise": 1}, "surprise"),
        ({"name": "x", "after": "nonsense"}, "after"),
        ({"name": "x", "after": "WzEsMiwzXQ"}, "after"),
        ({"name": "a\u0000b"}, "name"),
        ({"name": "x", "office_id": "NOWHERE"}, "office_id"),
    ],
)
async def test_a_search_that_cannot_be_says_where(desk: Desk, wanted: dict[str, Any], field: str) -> None:
    answer = await desk.post("/v1/requests/search", "es", purpose="a test", **wanted)

    assert (answer.status_code, answer.json()["field"]) == (404 if field == "office_id" else 400, field)


async def test_what_a_search_has_shown_is_on_record(desk: Desk) -> None:
    this = await asks(desk, MARIA)

    await search(desk, name="hernandez")
    await search(desk, name="nobody")

    assert await desk.rig.rows(READ) == [
        ("es", "search requests", None, "a test", [this["request_id"]]),
        ("es", "search requests", None, "a test", []),
    ]


@pytest.mark.rule("V-11", "V-14")
async def test_the_voter_registration_desk_shows_counts_alone(desk: Desk) -> None:
    said = {"response": "yes", "completed_by": "participant", "occasion": "apply", "channel": "in_person"}
    entry = {"entry_id": new_id(), "office_id": OFFICE, "name": "Ida Reed", "birth_date": "1970-05-01", **said}
    await desk.done("LogVoterRegistration", "clerical", **entry, form_received_on=str(datetime.now(UTC).date()))
    await desk.done("CountVoterForms", "clerical", office_id=OFFICE, forms_in_stock=90)
    address = f"/v1/offices/{OFFICE}/voter-registration"

    answer = await desk.get(address, "supervisor")

    assert (answer.json()["forms_in_stock"], [pile["forms"] for pile in answer.json()["forms_waiting"]]) == (90, [1])
    assert not {"Ida", "Reed", entry["entry_id"]} & set(answer.text.split('"'))
    assert (await desk.get(address, "es")).json()["rule"] == "I-26"
    assert (await desk.get("/v1/offices/NOWHERE/voter-registration", "central")).status_code == 404


@pytest.mark.parametrize("link", [overdue.LINK, *voters.LINKS.values()])
async def test_the_links_in_alerts_lead_to_routes_of_intake(desk: Desk, link: str) -> None:
    path = link.partition("?")[0]

    known = (await desk.get("/openapi.json", "es")).json()["paths"]
    assert {path.replace("{id}", name) for name in ("{request_id}", "{office_id}")} & known.keys()
