"""What notifications shows: alerts that are searched, memos that are in force. Over its door, on a real database."""

import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from reception_desk import ELSEWHERE, OFFICE, Desk, open_desk
from told import told

import notifications.app
from casebus_contracts import OverdueKind, Role, VisitLeft, VisitOverdue, VoterStockLow
from casebus_contracts.codes import LeaveStage
from casebus_testing.plugin import NewDatabase
from chassis.ids import new_id
from notifications.handlers import SERVICE

NOW = datetime.now(UTC)
OUT_OF_TIME = base64.urlsafe_b64encode(f'["0001-01-01T00:00:00+14:00","{new_id()}"]'.encode()).rstrip(b"=").decode()
"""A place in a list that no page has named."""
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
SEES_ITS_OFFICE = {Role.CLERICAL, Role.ES, Role.ES_CLERICAL, Role.RC_GREETER, Role.SUPERVISOR, Role.MANAGER}
SEES_ALL = {Role.CENTRAL, Role.IM_CRU}


@pytest_asyncio.fixture
async def desk(new_database: NewDatabase) -> AsyncIterator[Desk]:
    """The door of notifications, with two offices and their people."""
    async with open_desk(await new_database([notifications.app.MIGRATIONS]), service=SERVICE) as opened:
        yield opened


async def waited(desk: Desk, office: str = OFFICE, *, days_ago: int = 0) -> str:
    """Somebody has waited too long; the id of the request."""
    request_id, since = new_id(), NOW - timedelta(minutes=31)
    fact = VisitOverdue(request_id=request_id, office_id=office, kind=OverdueKind.WAITING, since=since, at=NOW)
    await desk.rig.feed(told(fact))
    if days_ago:
        moved = "UPDATE alerts SET raised_at = raised_at - make_interval(days => $2) WHERE subject_id = $1"
        await desk.rig.rows(moved, request_id, days_ago)
    return request_id


async def stock_low(desk: Desk, office: str = OFFICE) -> str:
    """Voter registration forms run out; the id of what the alert is about."""
    await desk.rig.feed(told(VoterStockLow(office_id=office, forms_in_stock=1, forms_needed=40, at=NOW)))
    return office


async def search(desk: Desk, query: str = "", actor: str = "central") -> list[str]:
    """What the alerts that are found are about."""
    answer = await desk.get(f"/v1/alerts{query and f'?{query}'}", actor)
    assert answer.status_code == 200, answer.text
    return [each["subject_id"] for each in answer.json()["items"]]


@pytest.mark.rule("I-19")
async def test_an_alert_is_shown_whole_and_without_a_record(desk: Desk) -> None:
    request_id = await waited(desk)

    (found,) = (await desk.get("/v1/alerts", "es")).json()["items"]

    assert (found["rule"], found["severity"], found["office_id"], found["status"]) == (
        "A-14",
        "medium",
        OFFICE,
        "raised",
    )
    assert (found["subject_type"], found["subject_id"]) == ("request", request_id)
    assert found["recipients"] == ["rc_greeter", "supervisor"]
    assert (found["acknowledged_by"], found["resolved_at"], found["cause"]) == (None, None, None)
    assert await desk.rig.rows("SELECT count(*) FROM audit") == [(0,)]


@pytest.mark.rule("I-19")
async def test_alerts_are_found_by_rule_state_and_subject(desk: Desk) -> None:
    first, second = await waited(desk), await waited(desk)
    low = await stock_low(desk)
    gone = VisitLeft(request_id=first, office_id=OFFICE, ticket=1, at=NOW + MINUTE, stage=LeaveStage.WAITING)
    await desk.rig.feed(told(gone))

    assert set(await search(desk, "rule=A-14")) == {first, second}
    assert await search(desk, "rule=A-16") == [low]
    assert await search(desk, "status=resolved") == [first]
    assert await search(desk, f"subject_id={second}") == [second]
    assert await search(desk, f"subject_id={second}&rule=A-16") == []


@pytest.mark.rule("I-19")
async def test_alerts_are_found_by_the_days_of_their_office(desk: Desk) -> None:
    lately, before, long_ago = [await waited(desk, days_ago=days) for days in (3, 20, 200)]
    day = (NOW - 20 * DAY).date()

    assert await search(desk) == [lately, before]
    assert await search(desk, f"raised_from={day - DAY}&raised_to={day + DAY}") == [before]
    assert await search(desk, f"raised_from={day + 2 * DAY}") == [lately]
    assert await search(desk, f"raised_to={(NOW - 199 * DAY).date()}") == [long_ago]
    assert await search(desk, f"subject_id={long_ago}") == [long_ago]
    assert await search(desk, f"subject_id={long_ago}&raised_from={day}") == []


@pytest.mark.rule("I-19", "I-21")
@pytest.mark.parametrize("narrowed", [f"office_id={ELSEWHERE}", "region_id=central", "county_fips=29019"])
async def test_alerts_are_narrowed_to_an_office_a_region_or_a_county(desk: Desk, narrowed: str) -> None:
    await waited(desk)
    there = await waited(desk, ELSEWHERE)

    assert await search(desk, narrowed) == [there]


@pytest.mark.rule("I-19", "I-26")
@pytest.mark.parametrize("role", Role)
async def test_alerts_are_for_those_who_may_view_the_requests_of_the_office(desk: Desk, role: Role) -> None:
    here, there = await waited(desk), await waited(desk, ELSEWHERE)

    answer = await desk.get("/v1/alerts", role)

    if role in SEES_ALL | SEES_ITS_OFFICE:
        expected = {here, there} if role in SEES_ALL else {here}
        assert {each["subject_id"] for each in answer.json()["items"]} == expected
    elif role is Role.MERIT:
        assert answer.json()["items"] == []
    else:
        assert (answer.status_code, answer.json()["rule"]) == (403, "I-26")


async def test_alerts_have_pages_the_newest_first(desk: Desk) -> None:
    raised = [await waited(desk, office, days_ago=days) for days, office in ((1, OFFICE), (2, ELSEWHERE), (3, OFFICE))]

    first = (await desk.get("/v1/alerts?limit=2", "central")).json()

    assert [each["subject_id"] for each in first["items"]] == raised[:2]
    assert await search(desk, f"limit=2&after={first['next']}") == raised[2:]


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ("raised_from=2026-03-01&raised_to=2026-04-01", 400, "raised_to"),
        ("raised_from=2026-03-02&raised_to=2026-03-01", 400, "raised_to"),
        ("raised_from=tomorrow", 400, "raised_from"),
        ("status=lost", 400, "status"),
        ("after=nonsense", 400, "after"),
        (f"after={OUT_OF_TIME}", 400, "after"),
        ("region_id=nowhere", 404, "region_id"),
        ("county_fips=99999", 404, "county_fips"),
    ],
)
async def test_a_search_that_cannot_be_says_where(desk: Desk, query: str, status: int, field: str) -> None:
    answer = await desk.get(f"/v1/alerts?{query}", "central")

    assert (answer.status_code, answer.json()["field"]) == (status, field)


async def memo(desk: Desk, title: str, **told: Any) -> str:
    """Central Office issues a memo; its id."""
    memo_id = told.pop("memo_id", None) or new_id()
    given = {"kind": "memo", "url": "https://memos.example/1", "about": ["apply"], "valid_from": f"{NOW - DAY:%FT%TZ}"}
    assert await desk.done("UpsertMemo", "central", memo_id=memo_id, title=title, **{**given, **told}) == [
        "memo.upserted"
    ]
    return memo_id


async def titles(desk: Desk, query: str = "") -> list[str]:
    answer = await desk.get(f"/v1/memos{query}", "es")
    assert answer.status_code == 200, answer.text
    return [each["title"] for each in answer.json()["items"]]


@pytest.mark.rule("I-25")
async def test_the_list_shows_the_memos_in_force_the_newest_first(desk: Desk) -> None:
    await memo(desk, "old", valid_from=f"{NOW - 9 * DAY:%FT%TZ}", valid_until=f"{NOW - DAY:%FT%TZ}")
    await memo(desk, "to come", valid_from=f"{NOW + DAY:%FT%TZ}")
    await memo(desk, "cards", kind="hot_tip", about=["ebt_card", "other"], valid_from=f"{NOW - 3 * DAY:%FT%TZ}")
    await memo(desk, "forms", valid_until=f"{NOW + 9 * DAY:%FT%TZ}")

    assert await titles(desk) == ["forms", "cards"]
    assert await titles(desk, "?about=ebt_card") == ["cards"]
    assert await titles(desk, "?in_force=false") == ["to come", "forms", "cards", "old"]


@pytest.mark.rule("I-25")
async def test_a_memo_is_edited_and_withdrawn_without_a_release(desk: Desk) -> None:
    first = await memo(desk, "forms")
    await memo(desk, "new forms", memo_id=first, url="https://memos.example/2")
    edited = (await desk.get("/v1/memos", "es")).json()["items"]
    await memo(desk, "new forms", memo_id=first, withdrawn=True)

    assert [(each["memo_id"], each["title"], each["url"]) for each in edited] == [
        (first, "new forms", "https://memos.example/2")
    ]
    assert await titles(desk) == []


@pytest.mark.rule("I-25")
@pytest.mark.parametrize(("actor", "rule"), [("supervisor", "I-53"), ("manager", "I-58"), ("es", "I-26")])
async def test_only_central_office_edits_the_list(desk: Desk, actor: str, rule: str) -> None:
    data = {"kind": "memo", "title": "x", "url": "https://memos.example/1", "about": ["apply"]}

    answer = await desk.ask("UpsertMemo", actor, memo_id=new_id(), **data, valid_from="2026-01-01T00:00:00Z")

    assert (answer["outcome"], answer["rule"]) == ("refused", rule)
    assert await titles(desk, "?in_force=false") == []


async def test_memos_have_pages(desk: Desk) -> None:
    for number in range(3):
        await memo(desk, str(number), valid_from=f"{NOW - number * DAY - DAY:%FT%TZ}")

    first = (await desk.get("/v1/memos?limit=2", "operator")).json()

    assert [each["title"] for each in first["items"]] == ["0", "1"]
    assert await titles(desk, f"?limit=2&after={first['next']}") == ["2"]
