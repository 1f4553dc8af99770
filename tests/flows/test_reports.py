"""Reports over HTTP, after a morning on a real database: what they count, for whom, and in which shape."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from reception_desk import ELSEWHERE, OFFICE, Desk, open_desk

from casebus_contracts import Role
from casebus_testing.plugin import NewDatabase
from chassis.ids import new_id
from chassis.workers import DUE, due_item
from intake.app import MIGRATIONS

REPORTS = (
    "walk-ins",
    "requests",
    "anonymous-and-unsigned",
    "visits",
    "never-timed-out",
    "times",
    "estimates",
    "merit-calls",
    "vendors",
    "voter-log",
    "reconciliation",
    "voter-forms",
)
MONTHLY = "voter-registration"
NAMED = {"client": {"last_name": "Whitfield", "first_name": "Marlene"}, "anonymous": False}


def today() -> date:
    return datetime.now(ZoneInfo("America/Chicago")).date()


@pytest_asyncio.fixture
async def desk(new_database: NewDatabase) -> AsyncIterator[Desk]:
    """Intake with two offices, nothing happened yet."""
    async with open_desk(await new_database([MIGRATIONS])) as made:
        yield made


async def served(desk: Desk, **more: Any) -> dict[str, str]:
    """A walk-in from arrival to the end of service."""
    this = await desk.request(**more)
    for command in ("CheckIn", "TimeIn", "TimeOut"):
        await desk.done(command, "clerical", **this)
    return this


async def report(desk: Desk, name: str, actor: str = "supervisor", **asked: str) -> list[dict[str, Any]]:
    """The rows of a report about today and yesterday."""
    given = {"first_day": str(today() - timedelta(days=1)), "last_day": str(today() + timedelta(days=1)), **asked}
    if name == MONTHLY:
        given = {"month": f"{today():%Y-%m}", **asked}
    query = "&".join(f"{field}={value}" for field, value in given.items())
    answer = await desk.get(f"/v1/reports/{name}?{query}", actor)
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["rows"]
    return rows


async def log(desk: Desk, actor: str = "clerical", **more: Any) -> None:
    entry = {
        "entry_id": new_id(),
        "office_id": OFFICE,
        "name": "Marlene Whitfield",
        "birth_date": "1961-05-04",
        "response": "yes",
        "completed_by": "participant",
        "occasion": "apply",
        "channel": "in_person",
        **more,
    }
    await desk.done("LogVoterRegistration", actor, **entry)


@pytest.mark.rule("I-18", "I-08")
async def test_walk_ins_are_counted_by_reason_hour_and_place(desk: Desk) -> None:
    await desk.request(reasons=["apply", "ebt_card"])
    await desk.request(reasons=["apply"])
    await desk.request("call_in", channel="phone")

    assert await report(desk, "walk-ins") == [{"key": "apply", "walk_ins": 2}, {"key": "ebt_card", "walk_ins": 1}]
    assert await report(desk, "walk-ins", by="county") == [{"key": "29001", "walk_ins": 2}]
    assert await report(desk, "walk-ins", by="region") == [{"key": "northeast", "walk_ins": 2}]
    assert sum(row["walk_ins"] for row in await report(desk, "walk-ins", by="hour")) == 2
    assert await report(desk, "walk-ins", by="day") == [{"key": str(today()), "walk_ins": 2}]
    assert await report(desk, "walk-ins", by="month") == [{"key": f"{today():%Y-%m}", "walk_ins": 2}]


@pytest.mark.rule("I-18")
async def test_requests_are_counted_by_type_with_what_became_of_them(desk: Desk) -> None:
    done = await desk.request()
    await desk.done("CloseRequest", "clerical", request_id=done["request_id"], disposition="done")
    await desk.request("mail_in", channel="mail", anonymous=False)

    mail, walk_in = await report(desk, "requests")

    assert mail == {"key": "mail_in", "received": 1, "covered": 0, "anonymous": 0, "closed": 0, "open": 1}
    assert walk_in == {"key": "walk_in", "received": 1, "covered": 1, "anonymous": 1, "closed": 1, "open": 0}


@pytest.mark.rule("I-18")
async def test_times_are_of_accurate_visits_only(desk: Desk) -> None:
    await served(desk)
    late = await served(desk)
    later = datetime.now(UTC) + timedelta(days=1)
    corrected = {"time_out": later.isoformat(), "reason": "forgotten"}
    await desk.done("CorrectTimes", "supervisor", **late, **corrected)

    ((times,), (estimates,), (visits,)) = [await report(desk, name) for name in ("times", "estimates", "visits")]

    assert (times["visits"], times["wait_median"], times["service_95"]) == (1, 0, 0)
    assert (estimates["visits"], estimates["right_percent"]) == (1, 100.0)
    assert (visits["served"], visits["inaccurate"], visits["never_timed_out"]) == (1, 1, 0)


@pytest.mark.rule("I-09", "I-08")
async def test_anonymous_and_unsigned_ones_are_counted(desk: Desk) -> None:
    await desk.request("mail_in", channel="mail", anonymous=False, unsigned=True)
    await desk.request()

    (row,) = await report(desk, "anonymous-and-unsigned")

    assert (row["anonymous"], row["awaiting_signature"], row["returned"]) == (1, 1, 0)


@pytest.mark.rule("I-15", "I-46")
async def test_calls_to_the_merit_office_and_contacts_with_vendors_are_counted(desk: Desk) -> None:
    await desk.request("vendor_contact", channel="phone", vendor="=Cmd Supplies")
    case = await desk.request("merit_call", "merit", channel="phone", anonymous=False)
    call = {"request_id": case["request_id"], "at": datetime.now(UTC).isoformat()}
    for _ in range(2):
        await desk.done("LogMeritCall", "merit", call_id=new_id(), **call)

    assert await report(desk, "merit-calls") == [{"key": OFFICE, "cases": 1, "calls": 2}]
    assert await report(desk, "merit-calls", "merit") == [{"key": OFFICE, "cases": 1, "calls": 2}]
    assert await report(desk, "vendors") == [{"key": "=Cmd Supplies", "contacts": 1}]
    assert await report(desk, "vendors", by="office") == [{"key": OFFICE, "contacts": 1}]


@pytest.mark.rule("V-09", "V-03", "V-01", "I-13", "I-02")
async def test_a_month_of_registration_counts_contacts_entries_answers_and_letters(desk: Desk) -> None:
    for response in ("yes", "no", "no_already_registered", "declined"):
        this = await served(desk)
        await log(desk, request_id=this["request_id"], response=response)
    missed = await served(desk, reasons=["change_of_address"], **NAMED)
    await desk.done("SendCorrectiveLetter", "clerical", request_id=missed["request_id"])

    (row,) = await report(desk, MONTHLY)

    assert (row["apply"], row["change_of_address"], row["covered_contacts"]) == (4, 1, 5)
    assert (row["yes"], row["no"], row["declined"]) == (1, 2, 1)
    assert (row["entries"], row["letters"], row["deviates"]) == (4, 1, False)


@pytest.mark.rule("V-09", "I-23", "I-59")
async def test_central_office_sees_all_offices_of_a_month_and_their_sum(desk: Desk) -> None:
    await served(desk)
    await desk.done(
        "CreateRequest",
        f"{ELSEWHERE}-clerical",
        request_id=new_id(),
        office_id=ELSEWHERE,
        request_type="walk_in",
        reasons=["review"],
        anonymous=True,
        channel="in_person",
    )

    rows = await report(desk, MONTHLY, "central")

    assert [(row["key"], row["apply"], row["review"]) for row in rows] == [
        (OFFICE, 1, 0),
        (ELSEWHERE, 0, 1),
        ("state", 1, 1),
    ]


@pytest.mark.rule("V-08", "V-09")
async def test_reconciliation_lists_contacts_without_entry_or_letter(desk: Desk) -> None:
    logged, missing = await served(desk), await served(desk)
    lettered = await served(desk, **NAMED)
    waiting = await desk.request()
    await desk.request("mail_in", channel="mail", anonymous=False)
    await desk.request(reasons=["ebt_card"])
    await log(desk, request_id=logged["request_id"])
    await desk.done("SendCorrectiveLetter", "clerical", request_id=lettered["request_id"])

    rows = await report(desk, "reconciliation")

    assert [(row["request_id"], row["over"]) for row in rows] == [
        (missing["request_id"], True),
        (waiting["request_id"], False),
    ]


@pytest.mark.rule("V-14", "INV-I10")
async def test_no_list_says_what_anybody_answered(desk: Desk) -> None:
    this = await served(desk)
    await log(desk, request_id=this["request_id"], response="declined")

    for name in ("reconciliation", "voter-log", "never-timed-out"):
        answer = await desk.get(f"/v1/reports/{name}", "supervisor")
        assert not any(word in answer.text for word in ("declined", "Marlene", "1961")), name


@pytest.mark.rule("V-07")
async def test_forms_that_lie_in_the_office_are_listed_by_age(desk: Desk) -> None:
    await log(desk, form_received_on=str(today()))
    await desk.rig.rows("UPDATE voter_forms_boxes SET piles = jsonb_set(piles, '{0,received_on}', '\"2026-03-02\"')")
    await desk.rig.rows("UPDATE voter_forms_boxes SET piles = jsonb_set(piles, '{0,due_on}', '\"2026-03-09\"')")

    (row,) = await report(desk, "voter-forms")

    assert (row["forms"], row["overdue"], row["next_due_on"]) == (1, 1, "2026-03-09")
    assert row["oldest_days"] == (today() - date(2026, 3, 2)).days


@pytest.mark.rule("I-18")
async def test_what_closing_time_ended_is_listed(desk: Desk) -> None:
    this = await desk.request()
    await desk.done("CheckIn", "clerical", **this)
    await desk.rig.rows("UPDATE requests SET visit_status = 'auto_closed', accurate = false, auto_closed_at = now()")

    (row,) = await report(desk, "never-timed-out")

    assert (row["request_id"], row["ticket"], row["time_in"]) == (this["request_id"], 1, None)


@pytest.mark.rule("I-21")
@pytest.mark.parametrize(
    "filters",
    [
        {"office_id": OFFICE},
        {"region_id": "northeast"},
        {"county_fips": "29001"},
        {"county_fips": "29001", "office_id": OFFICE},
    ],
)
async def test_a_report_is_narrowed_to_an_office_region_or_county(desk: Desk, filters: dict[str, str]) -> None:
    await desk.request()
    await desk.rig.rows("UPDATE tallies SET n = n + 1 WHERE place = $1", ELSEWHERE)

    assert await report(desk, "requests", "central", **filters) == await report(desk, "requests", "supervisor")
    assert await report(desk, "requests", "central", office_id=ELSEWHERE) == []


@pytest.mark.rule("I-23", "I-59", "I-26", "I-43")
@pytest.mark.parametrize("name", [*REPORTS, MONTHLY])
async def test_who_gets_a_report_of_which_offices(desk: Desk, name: str) -> None:
    month = f"month={today():%Y-%m}&" if name == MONTHLY else ""
    answered: dict[str, list[int]] = {}
    for role in Role:
        asked = [f"office_id={OFFICE}", f"office_id={ELSEWHERE}", ""]
        answers = [await desk.get(f"/v1/reports/{name}?{month}{each}", role.value) for each in asked]
        answered[role.value] = [each.status_code for each in answers]

    own, one, all_of_them, none = [200, 403, 200], [200, 200, 403], [200, 200, 200], [403, 403, 403]
    assert answered == {
        **dict.fromkeys(("clerical", "es_clerical", "rc_greeter", "supervisor", "manager"), own),
        **dict.fromkeys(("es", "career_coach", "rent_coordinator", "k2p_manager", "operator"), none),
        "merit": own if name == "merit-calls" else none,
        "im_cru": one,
        "central": all_of_them,
    }


@pytest.mark.rule("I-43")
async def test_a_refusal_says_by_which_rule_and_is_on_record(desk: Desk) -> None:
    answer = await desk.get("/v1/reports/times", "im_cru")

    assert (answer.status_code, answer.json()["rule"]) == (403, "I-43")
    assert await desk.rig.rows("SELECT actor, action, rule FROM audit") == [("im_cru", "report times", "I-43")]


async def test_a_file_has_all_rows_and_nothing_a_spreadsheet_would_run(desk: Desk) -> None:
    await desk.request("vendor_contact", channel="phone", vendor="=Cmd Supplies")

    answer = await desk.get("/v1/reports/vendors?format=csv", "supervisor")

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.text == "key,contacts\r\n'=Cmd Supplies,1\r\n"


@pytest.mark.parametrize("name", [*REPORTS, MONTHLY])
async def test_every_report_is_a_file_too_and_is_declared(desk: Desk, name: str) -> None:
    month = f"&month={today():%Y-%m}" if name == MONTHLY else ""

    answer = await desk.get(f"/v1/reports/{name}?format=csv{month}", "supervisor")
    page = (await desk.get("/openapi.json", "supervisor")).json()

    declared = page["paths"][f"/v1/reports/{name}"]["get"]
    assert answer.status_code == 200
    assert {"application/json", "text/csv"} == set(declared["responses"]["200"]["content"])
    assert declared["description"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("first_day=2026-03-03&last_day=2026-03-02", "first_day"),
        ("first_day=2024-03-03&last_day=2026-03-02", "last_day"),
        ("first_day=yesterday", "first_day"),
        ("by=colour", "by"),
        ("by=day&first_day=2026-01-01&last_day=2026-04-03", "by"),
    ],
)
async def test_what_cannot_be_asked_is_pointed_out(desk: Desk, query: str, field: str) -> None:
    answer = await desk.get(f"/v1/reports/times?{query}", "supervisor")

    assert (answer.status_code, answer.json()["field"]) == (400, field)


async def test_an_office_nobody_knows_is_not_found(desk: Desk) -> None:
    answer = await desk.get("/v1/reports/times?office_id=NOWHERE", "central")

    assert (answer.status_code, answer.json()["field"]) == (404, "office_id")


@pytest.mark.rule("V-09")
async def test_a_month_that_does_not_add_up_is_published_once_by_its_clock(desk: Desk) -> None:
    for _ in range(5):
        await desk.request()
    rung = datetime.combine((today().replace(day=1) + timedelta(days=33)).replace(day=3), time(6), UTC)
    before = f"{today().replace(day=1) - timedelta(days=1):%Y-%m}"
    await desk.rig.rows(
        "INSERT INTO voter_forms_boxes (id, version, piles, use, judged) VALUES ($1, 1, '[]', '[]', $2)", OFFICE, before
    )

    for _ in range(2):
        await desk.rig.rows(
            "INSERT INTO timers (aggregate, aggregate_id, name, due_at) VALUES ('voter_forms_box', $1, 'month', $2) "
            "ON CONFLICT (aggregate, aggregate_id, name) DO UPDATE SET due_at = excluded.due_at",
            OFFICE,
            rung,
        )
        due = await desk.rig.pool.fetch(DUE, rung, 100)
        await desk.rig.pipeline.run([due_item(row) for row in due if row["name"] == "month"])

    published = await desk.rig.rows(
        "SELECT body::json->>'month', (body::json->>'covered_contacts')::int FROM journal "
        "WHERE type = 'voter.counts.deviating'"
    )
    assert published == [(f"{today():%Y-%m}", 5)]
    assert await desk.rig.rows("SELECT count(*) FROM timers WHERE name = 'month'") == [(1,)]
