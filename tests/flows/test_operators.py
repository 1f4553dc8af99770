"""Operators give parked messages up and put unreadable records right; nobody else may, and all of it is on record."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest_asyncio
from broken_intake import RAISES
from flow import ADAIR, Flow, WalkIn
from releases import bad_release, good_release
from terminal import audited_since, casebus, last_audited

from casebus_cli.orders import Order
from casebus_testing.sample import sample
from casebus_testing.waiting import eventually

PEOPLE = sample().staff[ADAIR]
OPERATOR, SUPERVISOR = PEOPLE["operator"], PEOPLE["supervisor"]
REASON = "sent by mistake, as the office says"


@dataclass(frozen=True)
class Lane:
    """A request whose creation failed, with somebody's assignment waiting behind it."""

    walk_in: WalkIn
    first: str
    second: str

    @property
    def name(self) -> str:
        return f"intake.commands/{self.walk_in.request_id}"


@pytest_asyncio.fixture
async def lane(parking: Flow) -> AsyncIterator[Lane]:
    """Parked by a bad release, which is still there."""
    await bad_release(parking.system, "marked")
    walk_in = WalkIn()
    given = {"request_id": walk_in.request_id, "as": "caseworker", "staff_id": PEOPLE["es"]}
    orders = [walk_in.create(comments=RAISES), Order("AssignRequest", given, SUPERVISOR)]
    ids = await parking.sender.send_all(orders)
    await parking.witness.saw("receipts.guest", ids[1], outcome="waiting")
    yield Lane(walk_in, *ids)
    await good_release(parking.system)
    await casebus(parking.system, "parked", "redrive", "--yes", "--rate", "1000")
    await eventually(lambda: nothing_is_parked(parking), within=20, what="the lanes are empty")


async def nothing_is_parked(flow: Flow) -> bool:
    return await flow.rows("intake", "SELECT count(*) FROM lanes") == [(0,)]


async def test_a_discarded_message_is_answered_refused_with_the_reason(parking: Flow, lane: Lane) -> None:
    before = await last_audited(parking)

    said = await casebus(parking.system, "parked", "discard", lane.name, "--reason", REASON)

    answer = await parking.sender.receipt(lane.first)
    assert (said.status, answer.outcome, answer.rule, answer.reason) == (0, "refused", None, REASON)
    assert (OPERATOR, "discard", REASON) in await audited_since(parking, before)
    # What waited behind it goes on, and finds that there is no such request.
    behind = await parking.sender.receipt(lane.second)
    assert (behind.outcome, behind.field) == ("refused", "request_id")
    assert await parking.facts_kept(lane.walk_in.request_id) == []


async def test_a_lane_that_fails_again_is_foretold(parking: Flow, lane: Lane) -> None:
    said = await casebus(parking.system, "parked", "redrive", "--lane", lane.name)

    told = {line.split()[0]: line for line in said.out.splitlines()}
    assert (said.status, "LookupError@create_request" in told["fails"]) == (0, True)
    assert told["publishes"].endswith("nothing")


async def test_nobody_but_an_operator_may_look_or_act(parking: Flow, lane: Lane) -> None:
    acts = (["parked", "ls"], ["parked", "redrive", "--yes"], ["parked", "discard", lane.name, "--reason", "because"])
    for words in (*acts, ["dead", "ls"]):
        said = await casebus(parking.system, *words, "--actor", SUPERVISOR, "--service", "intake")

        assert (said.status, said.out) == (2, "")
        assert said.err == f"{SUPERVISOR} is no operator for intake; --actor names another staff member.\n"
    assert await parking.rows("intake", "SELECT count(*) FROM parked WHERE lane = $1", lane.name) == [(2,)]


async def test_over_http_operations_ask_for_a_token_and_for_an_operator(parking: Flow) -> None:
    address = f"{parking.system.processes['intake'].http}/v1/operations/parked"
    token = (await casebus(parking.system, "token", SUPERVISOR)).out.strip()

    nobody = await parking.http.get(address)
    somebody = await parking.http.get(address, headers={"authorization": f"Bearer {token}"})

    assert (nobody.status_code, somebody.status_code) == (401, 403)


async def test_an_unreadable_record_that_is_put_right_is_handled_once(parking: Flow) -> None:
    before = await last_audited(parking)
    walk_in = WalkIn()
    order = walk_in.create()
    partition, offset = await parking.put(parking.record(order).without("ce_type"))
    place = f"intake.commands/{partition}/{offset}"
    await parking.witness.saw("intake.dead", place)

    shown = await casebus(parking.system, "dead", "show", place)
    unmended = await casebus(parking.system, "dead", "resend", place)
    first = await casebus(parking.system, "dead", "resend", place, "--header", "ce_type=CreateRequest")
    second = await casebus(parking.system, "dead", "resend", place, "--header", "ce_type=CreateRequest")

    assert "ce_type          missing" in shown.out.splitlines()[-4]
    assert (unmended.status, unmended.err) == (2, "intake does not take this: still unreadable: headers.\n")
    assert (first.out, second.out) == (
        "intake: accepted\n",
        "intake: done; if it was done before, nothing has changed\n",
    )
    assert (await parking.sender.receipt(order.id)).outcome == "accepted"
    assert await parking.facts_kept(walk_in.request_id) == [("request.created", 1)]
    assert len(parking.witness.all_of("receipts.guest", order.id)) == 1
    assert await audited_since(parking, before) == [(OPERATOR, "resend", "sent again")] * 2


async def test_the_body_and_the_key_of_a_record_can_be_put_right(parking: Flow, tmp_path: Path) -> None:
    order = WalkIn().create()
    record = parking.record(order)
    spoiled = type(record)(b"\xff", b"{", record.headers)
    partition, offset = await parking.put(spoiled)
    place = f"intake.commands/{partition}/{offset}"
    await parking.witness.saw("intake.dead", place)
    body = tmp_path / "body.json"
    body.write_bytes(order.body)

    listed = await casebus(parking.system, "dead", "ls")
    said = await casebus(parking.system, "dead", "resend", place, "--key", order.record_key, "--body", str(body))

    assert f"intake   {place}" in listed.out
    assert (said.status, said.out) == (0, "intake: accepted\n")


async def test_what_is_not_there_is_said_in_a_sentence(parking: Flow) -> None:
    lane = await casebus(parking.system, "parked", "discard", "intake.commands/none", "--reason", "because")
    place = await casebus(parking.system, "dead", "show", "intake.commands/0/999999")

    assert (lane.status, lane.err) == (2, "staffing and intake have no parked lane intake.commands/none.\n")
    assert place.err == "staffing and intake have no unreadable record intake.commands/0/999999.\n"
