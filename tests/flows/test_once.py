"""One message, one effect, however often and by whatever way it comes; of two messages for one thing, one wins."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest_asyncio
from flow import ADAIR, BOONE, Flow, WalkIn

from casebus_cli.orders import Order
from casebus_testing.system import System

ROUNDS = 30
SECOND = "intake-2"


@pytest_asyncio.fixture(scope="module")
async def two_copies(system: System) -> AsyncIterator[System]:
    """Intake in two processes over one database."""
    await system.start("intake", name=SECOND)
    yield system
    await system.end(SECOND)
    del system.processes[SECOND]


async def test_a_command_sent_twice_is_done_once_and_gets_its_first_answer_again(flow: Flow) -> None:
    order = WalkIn().create()

    first, second = await flow.ask(order), await flow.ask(order)

    assert (first.outcome, second.outcome) == ("accepted", "duplicate")
    assert second.first is not None
    assert second.first.facts == first.facts
    assert await flow.facts_kept(order.record_key) == [("request.created", 1)]


async def test_a_command_sent_over_kafka_is_a_duplicate_over_http(flow: Flow) -> None:
    order = WalkIn().create()
    first = await flow.ask(order)

    status, again = await flow.post(order)

    assert (status, again["outcome"], again["first"]["outcome"]) == (200, "duplicate", "accepted")
    assert [fact["id"] for fact in again["first"]["facts"]] == [fact.id for fact in first.facts]


async def test_a_command_sent_over_http_is_a_duplicate_over_kafka(flow: Flow) -> None:
    order = WalkIn().create()
    await flow.post(order)
    assert (await flow.sender.receipt(order.id)).outcome == "accepted"

    again = await flow.ask(order)

    assert again.outcome == "duplicate"
    assert await flow.facts_kept(order.record_key) == [("request.created", 1)]


async def test_a_refusal_is_repeated_like_any_other_answer(flow: Flow) -> None:
    order = WalkIn().check_in()  # nobody created this request

    first, second = await flow.ask(order), await flow.ask(order)

    assert (first.outcome, first.field, second.outcome) == ("refused", "request_id", "duplicate")
    assert second.first is not None
    assert (second.first.outcome, second.first.field) == ("refused", "request_id")


async def test_repeats_within_one_batch_are_duplicates(flow: Flow, system: System) -> None:
    orders = [WalkIn().create() for _ in range(10)]

    with system.asleep("intake"):
        await flow.sender.send_all([*orders, *orders, *orders])
    answers = [(await flow.sender.receipt(order.id)).outcome for _ in range(3) for order in orders]

    assert answers == ["accepted"] * 10 + ["duplicate"] * 20
    for order in orders:
        assert await flow.facts_kept(order.record_key) == [("request.created", 1)]


async def test_the_same_id_with_other_content_is_a_conflict_by_both_doors(flow: Flow) -> None:
    order = WalkIn().create()
    await flow.ask(order)
    other = replace(order, data={**order.data, "reasons": ["other"]})

    over_kafka = await flow.ask(other)
    status, over_http = await flow.post(other)

    assert (over_kafka.outcome, over_kafka.first) == ("conflict", None)
    assert (status, over_http["outcome"]) == (409, "conflict")
    assert await flow.rows("intake", "SELECT reasons::text FROM requests WHERE id = $1", order.record_key) == [
        ('["ebt_card"]',)
    ]


async def test_the_same_id_of_another_actor_is_a_conflict(flow: Flow) -> None:
    order = WalkIn().create()
    await flow.ask(order)

    assert (await flow.ask(replace(order, actor="adair-supervisor"))).outcome == "conflict"


async def test_a_command_sent_again_days_later_is_still_a_duplicate(flow: Flow, system: System) -> None:
    walk_in = WalkIn()
    order = walk_in.create()
    first = await flow.ask(order)
    system.clock.shift(timedelta(days=5))

    again = await flow.ask(order)
    status, over_http = await flow.post(order)

    assert (again.outcome, status, over_http["outcome"]) == ("duplicate", 200, "duplicate")
    assert again.first is not None
    assert again.first.facts == first.facts
    assert await flow.facts_kept(walk_in.request_id) == [("request.created", 1)]


async def test_what_comes_after_days_is_done_on_the_new_day(flow: Flow, system: System) -> None:
    walk_in = WalkIn()
    await flow.accepted(walk_in.create())
    system.clock.shift(timedelta(days=3))

    await flow.accepted(walk_in.check_in())

    waiting = await flow.witness.saw("visit.waiting", walk_in.request_id)
    assert waiting["at"][:10] == system.clock.now().isoformat()[:10]


async def test_one_command_by_both_doors_of_two_processes_at_once_has_one_effect(
    flow: Flow, two_copies: System
) -> None:
    orders = [WalkIn().create() for _ in range(ROUNDS)]

    rounds = [await everywhere_at_once(flow, order) for order in orders]

    assert [sorted(outcomes) for outcomes in rounds] == [["accepted", "duplicate", "duplicate"]] * ROUNDS
    assert await facts_of(flow, orders) == {order.record_key: [("request.created", 1)] for order in orders}


async def everywhere_at_once(flow: Flow, order: Order) -> list[str]:
    """The answers to one command that arrives on Kafka and at both doors."""
    await asyncio.gather(flow.sender.send(order), flow.post(order, "intake"), flow.post(order, SECOND))
    # Whatever the door, the answer is a receipt on Kafka too.
    return [(await flow.sender.receipt(order.id)).outcome for _ in range(3)]


async def facts_of(flow: Flow, orders: Sequence[Order]) -> dict[str, list[tuple[str, int]]]:
    return {order.record_key: await flow.facts_kept(order.record_key) for order in orders}


async def test_of_two_creators_at_once_one_wins_and_the_other_is_told(flow: Flow, two_copies: System) -> None:
    walk_ins = [WalkIn() for _ in range(ROUNDS)]

    rounds = [await two_creators(flow, walk_in, number) for number, walk_in in enumerate(walk_ins)]

    assert [sorted(answers) for answers in rounds] == [[("accepted", None), ("refused", "request_id")]] * ROUNDS
    for walk_in in walk_ins:
        assert await flow.facts_kept(walk_in.request_id) == [("request.created", 1)]
        await flow.witness.saw("request.created", walk_in.request_id)


async def two_creators(flow: Flow, walk_in: WalkIn, number: int) -> list[tuple[str, str | None]]:
    """Two commands to create one request, one by each door; the process of the HTTP door alternates."""
    by_kafka, by_http = walk_in.create(), walk_in.create(reasons=["other"])
    process = ("intake", SECOND)[number % 2]
    receipt, (_, answer) = await asyncio.gather(flow.ask(by_kafka), flow.post(by_http, process))
    return [(receipt.outcome, receipt.field), (answer["outcome"], answer.get("field"))]


async def test_two_processes_that_share_a_lobby_hand_out_every_ticket_once(flow: Flow, two_copies: System) -> None:
    flow.open_a_new_day()
    walk_ins = [WalkIn(office) for office in (ADAIR, BOONE) for _ in range(ROUNDS)]
    await asyncio.gather(
        *(flow.post(walk_in.create(), ("intake", SECOND)[n % 2]) for n, walk_in in enumerate(walk_ins))
    )

    by_kafka, by_http = walk_ins[::2], walk_ins[1::2]
    await asyncio.gather(
        *(flow.ask(walk_in.check_in()) for walk_in in by_kafka),
        *(flow.post(walk_in.check_in(), ("intake", SECOND)[n % 2]) for n, walk_in in enumerate(by_http)),
    )

    waiting = [await flow.witness.saw("visit.waiting", walk_in.request_id) for walk_in in walk_ins]
    for office in (ADAIR, BOONE):
        tickets = [told["ticket"] for told in waiting if told["office_id"] == office]
        assert sorted(tickets) == list(range(1, ROUNDS + 1))
    for walk_in in walk_ins:
        assert await flow.facts_kept(walk_in.request_id) == [("request.created", 1), ("visit.waiting", 2)]
