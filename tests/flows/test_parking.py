"""One poison key among a thousand: the others flow on, and after the repair its messages are done in order."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
import pytest_asyncio
from broken_intake import RAISES, SPOILS
from flow import ADAIR, Flow, WalkIn
from releases import bad_release, good_release
from terminal import Said, audited_since, casebus, last_audited

from casebus_cli.kafka import records_until_end
from casebus_cli.orders import Order
from casebus_contracts.receipts import Receipt
from casebus_testing.sample import sample
from casebus_testing.system import System

KEYS = 1000
ROUNDS = 2
MOST_ROUNDS = 5
"""On a busy machine."""
LEAST_SHARE = 0.8
PEOPLE = sample().staff[ADAIR]
CASEWORKERS = ("es", "es_clerical") * 3
POISONS = {"a rule that raises": RAISES, "a row the database refuses": SPOILS}


@dataclass(frozen=True)
class Drained:
    """A thousand walk-ins that waited for intake, of which none or one is poison."""

    orders: Sequence[Order]
    poison: WalkIn
    others_per_second: float


@dataclass(frozen=True)
class Story:
    """What was seen while a bad release ran, and after a good one had taken its place."""

    shares: dict[str, float]
    poison: WalkIn
    interim: list[str]
    listed: Said
    shown: Said
    lanes: int
    rehearsed: Said
    left_after_rehearsal: int
    redriven: Said
    answers: list[Receipt]
    facts: list[tuple[str, int]]
    caseworkers: list[tuple[str]]
    audit: list[tuple[str, str, str]]


@pytest_asyncio.fixture(scope="module")
async def story(parking: Flow) -> Story:
    """Clean and poisoned drains by turns, all under the same bad release; then a good one, and a redrive."""
    system = parking.system
    before = await last_audited(parking)
    await bad_release(system, "marked")
    drained: dict[str, list[Drained]] = {"": [], **{comments: [] for comments in POISONS.values()}}
    shares = dict.fromkeys(POISONS, 0.0)
    while len(drained[""]) < ROUNDS or (min(shares.values()) < LEAST_SHARE and len(drained[""]) < MOST_ROUNDS):
        for comments, rounds in drained.items():
            rounds.append(await drain(parking, comments))
        # The quickest round of each kind: whatever else runs on the machine only slows.
        quickest = {mark: max(each.others_per_second for each in rounds) for mark, rounds in drained.items()}
        shares = {name: quickest[mark] / quickest[""] for name, mark in POISONS.items()}
    print({name: round(share, 2) for name, share in shares.items()}, f"of {quickest['']:.0f} commands a second")
    poison = drained[RAISES][0].poison
    ids = [order.id for order in drained[RAISES][0].orders if order.record_key == poison.request_id]
    interim = [each.outcome for id_ in ids for each in parking.sender.receipts.interim if each.command_id == id_]
    listed = await casebus(system, "parked", "ls")
    shown = await casebus(system, "parked", "show", "--lane", lane_of(poison))
    await parking.rows("intake", "UPDATE lanes SET next_try_at = now() + interval '1 hour'")
    await good_release(system)
    rehearsed = await casebus(system, "parked", "redrive", "--type", "CreateRequest")
    left = await parking.rows("intake", "SELECT count(*) FROM lanes")
    redriven = await casebus(system, "parked", "redrive", "--type", "CreateRequest", "--rate", "100", "--yes")
    answers = [await parking.sender.receipt(id_) for id_ in ids]
    for bad in (each.poison for mark in POISONS.values() for each in drained[mark]):
        await parking.witness.saw("request.assigned", bad.request_id, staff_id=PEOPLE["es_clerical"])
    query = "SELECT caseworker FROM requests WHERE id = $1"
    return Story(
        shares,
        poison,
        interim,
        listed,
        shown,
        len(POISONS) * len(drained[""]),
        rehearsed,
        left[0][0],
        redriven,
        answers,
        await parking.facts_kept(poison.request_id),
        [(str(name),) for (name,) in await parking.rows("intake", query, poison.request_id)],
        await audited_since(parking, before),
    )


async def drain(parking: Flow, comments: str) -> Drained:
    """Everybody's commands wait for intake; how fast it answers those that are no poison."""
    poison = WalkIn()
    orders = [order for _ in range(KEYS - 1) for order in commands_of(WalkIn(), "")]
    middle = len(orders) // 2
    orders[middle:middle] = commands_of(poison, comments)
    with parking.system.asleep("intake"):
        await parking.sender.send_all(orders)
    others = {order.id for order in orders if order.record_key != poison.request_id}
    for id_ in others:
        assert (await parking.sender.receipt(id_)).outcome == "accepted"
    return Drained(orders, poison, await answered_per_second(parking.system, others))


def commands_of(walk_in: WalkIn, comments: str) -> list[Order]:
    """A request is written down and given to one caseworker after another."""
    assigned = (assign(walk_in, PEOPLE[role]) for role in CASEWORKERS)
    return [walk_in.create(comments=comments or None), *assigned]


def assign(walk_in: WalkIn, person: str) -> Order:
    data = {"request_id": walk_in.request_id, "as": "caseworker", "staff_id": person}
    return Order("AssignRequest", data, PEOPLE["supervisor"])


async def answered_per_second(system: System, ids: set[str]) -> float:
    """By the broker's times of their receipts."""
    records = await records_until_end(system.stack.kafka, [f"{system.prefix}receipts.guest"])
    times = sorted(record.timestamp for record in records if record.key.decode() in ids)
    return len(ids) / (times[-1] - times[0]) * 1000


def lane_of(walk_in: WalkIn) -> str:
    return f"intake.commands/{walk_in.request_id}"


@pytest.mark.parametrize("poison", POISONS)
async def test_one_poison_key_among_a_thousand_leaves_the_others_their_pace(story: Story, poison: str) -> None:
    assert story.shares[poison] >= LEAST_SHARE


async def test_the_first_message_of_the_poison_key_is_parked_and_those_behind_it_wait(story: Story) -> None:
    assert story.interim == ["parked"] + ["waiting"] * len(CASEWORKERS)


async def test_what_failed_in_the_same_place_is_listed_as_one(story: Story) -> None:
    assert (story.listed.status, len(story.listed.out.splitlines())) == (0, 1 + len(POISONS))
    assert "LookupError@create_request" in story.listed.out


async def test_what_is_listed_names_no_value(story: Story) -> None:
    assert "must not be seen" not in story.listed.out + story.shown.out


async def test_a_lane_is_shown_with_how_many_wait_in_it(story: Story) -> None:
    assert lane_of(story.poison) in story.shown.out
    assert story.shown.out.splitlines()[1].split()[:3] == ["intake", "retrying", str(1 + len(CASEWORKERS))]


async def test_a_rehearsal_tells_what_would_happen_and_changes_nothing(story: Story) -> None:
    told = {line.split()[0]: line for line in story.rehearsed.out.splitlines()}

    assert f"request.assigned {story.lanes * len(CASEWORKERS)}, request.created {story.lanes}" in told["publishes"]
    assert told["repeats"].endswith("0 messages done already")
    assert told["fails"].endswith("nothing")
    assert story.left_after_rehearsal == story.lanes


async def test_after_the_repair_its_messages_are_done_in_order(story: Story) -> None:
    assert story.facts == [("request.created", 1), *(("request.assigned", 2 + n) for n in range(len(CASEWORKERS)))]
    assert story.caseworkers == [(PEOPLE["es_clerical"],)]


async def test_after_the_repair_each_of_its_commands_has_its_final_answer(story: Story) -> None:
    assert [(answer.outcome, answer.final) for answer in story.answers] == [("accepted", True)] * (1 + len(CASEWORKERS))


async def test_who_had_lanes_tried_again_is_on_record(story: Story) -> None:
    assert story.audit == [(PEOPLE["operator"], "redrive", f"{story.lanes} lanes")]
