"""What the README promises, each sentence under what could break it. docs/promise.md names all the tests."""

import asyncio
import mailbox
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType
from flow import ADAIR, Flow, WalkIn, id_in, records

from casebus_cli.kafka import records_until_end
from casebus_cli.orders import Order
from casebus_contracts.receipts import Receipt
from casebus_testing.expecting import Expect, Told
from casebus_testing.faults import arm, fallen
from casebus_testing.sample import sample
from casebus_testing.settling import settled
from casebus_testing.system import System

PEOPLE = sample().staff[ADAIR]
DAYS = 24 * 60 * 60 * 1000
OVERDUE = timedelta(minutes=31)
REPEATS = 5


async def on_topic(system: System, topic: str, key: str) -> list[Any]:
    """The raw records under a key, in their order."""
    found = await records_until_end(system.stack.kafka, [system.prefix + topic], login=system.stack.login)
    return [record for record in found if record.key == key.encode()]


async def put_again(flow: Flow, record: Any) -> None:
    """The same record once more, byte for byte, some times."""
    for _ in range(REPEATS):
        await flow.producer.send_and_wait(
            record.topic, record.value, record.key, partition=record.partition, headers=list(record.headers)
        )


def numbers(of: Sequence[Any]) -> list[int]:
    """The numbers of facts in the order of their first appearance."""
    seen = {dict(record.headers)["ce_id"]: int(dict(record.headers)["ce_sequence"]) for record in reversed(of)}
    return list(reversed(seen.values()))


async def alarmed(flow: Flow, expect: Expect) -> tuple[WalkIn, Told]:
    """Somebody takes a ticket in the morning and waits for too long; the alert about it."""
    flow.open_a_new_day()
    walk_in = WalkIn()
    await flow.accepted(walk_in.create(), walk_in.check_in())
    flow.system.clock.shift(OVERDUE)
    return walk_in, await expect("alert.raised", subject={"type": "request", "id": walk_in.request_id})


async def test_a_command_that_is_accepted_changes_our_databases_exactly_once_however_often_it_arrives(
    flow: Flow, system: System
) -> None:
    order = WalkIn().create()
    await flow.accepted(order)

    (record,) = await on_topic(system, "intake.commands", order.record_key)
    await put_again(flow, record)
    await asyncio.gather(*(flow.post(order) for _ in range(REPEATS)))
    await settled(system)

    assert await flow.facts_kept(order.record_key) == [("request.created", 1)]
    assert await flow.rows("intake", "SELECT version FROM requests WHERE id = $1", order.record_key) == [(1,)]


async def test_a_fact_that_is_accepted_changes_our_databases_exactly_once_however_often_it_arrives(
    flow: Flow, system: System, expect: Expect
) -> None:
    walk_in, alert = await alarmed(flow, expect)
    await settled(system)
    before = await alert_of(flow, alert.key)

    (overdue,) = await on_topic(system, "visit.overdue", walk_in.request_id)
    await put_again(flow, overdue)
    await settled(system)

    assert await alert_of(flow, alert.key) == before
    assert len(await flow.facts_kept(alert.key, "notifications")) == 1 + len(alert["recipients"])


async def alert_of(flow: Flow, alert_id: str) -> list[tuple[Any, ...]]:
    """Everything about an alert but its mails' times."""
    mails = "SELECT count(*) FROM deliveries WHERE subject_id = $1"
    query = f"SELECT to_jsonb(a), ({mails}) FROM alerts a WHERE a.id = $1::uuid"
    return await flow.rows("notifications", query, alert_id)


async def test_as_long_as_its_id_is_at_most_35_days_old(flow: Flow, system: System) -> None:
    hour = timedelta(hours=1)
    young, old = (replace(WalkIn().create(), id=id_in(timedelta(days=-35) + margin)) for margin in (hour, -hour))

    first, again, too_old = await flow.ask(young), await flow.ask(young), await flow.ask(old)

    assert (first.outcome, again.outcome) == ("accepted", "duplicate")
    assert (too_old.outcome, too_old.field) == ("invalid", "id")
    await settled(system)
    assert await flow.facts_kept(old.record_key) == []


async def test_every_command_whose_proof_holds_gets_one_final_answer(flow: Flow, system: System) -> None:
    taken = WalkIn()
    orders = {
        "accepted": taken.create(),
        "refused": WalkIn().check_in(),
        "invalid": WalkIn().create(surprise=1),
        "conflict": None,
    }
    orders["conflict"] = replace(taken.create(), id=orders["accepted"].id, data={**taken.create().data, "priority": 9})

    await flow.sender.send_all(orders.values())
    await settled(system)

    told = Counter[str]()
    for id_ in {order.id for order in orders.values()}:
        answers = flow.witness.all_of("receipts.guest", id_)
        told.update(str(answer["outcome"]) for answer in answers if answer["final"])
    assert told == dict.fromkeys(orders, 1)


async def test_a_repeated_command_gets_the_first_answer_again(flow: Flow) -> None:
    accepted, refused = WalkIn().create(), WalkIn().check_in()

    answers = {order.id: [await flow.ask(order) for _ in range(3)] for order in (accepted, refused)}

    for first, *repeats in answers.values():
        assert [each.outcome for each in repeats] == ["duplicate", "duplicate"]
        assert [repeated(each) for each in repeats] == [said(first), said(first)]


def said(answer: Receipt) -> tuple[Any, ...]:
    return answer.outcome, answer.rule, answer.field, answer.facts


def repeated(answer: Receipt) -> tuple[Any, ...]:
    assert answer.first is not None
    return answer.first.outcome, answer.first.rule, answer.first.field, answer.first.facts


KILLED_AT = ("inside-transaction", "before-commit", "after-commit", "before-offset-commit")
RELAY_KILLED_AT = ("relay-after-send", "relay-before-delete")


@pytest.mark.parametrize("point", [*KILLED_AT, *RELAY_KILLED_AT])
async def test_facts_appear_at_least_once_and_their_first_appearances_in_order_per_topic_and_key(
    flow: Flow, system: System, point: str
) -> None:
    flow.open_a_new_day()
    walk_in = WalkIn()
    await flow.accepted(walk_in.create(), walk_in.check_in(), walk_in.time_in())
    await settled(system)

    arm(system, "intake", point)
    ids = await flow.sender.send_all([walk_in.time_out(), *(corrected(flow, walk_in, minute) for minute in range(3))])
    await fallen(system, "intake")
    await system.start("intake")
    for id_ in ids:
        assert (await flow.sender.receipt(id_)).outcome == "accepted"
    await settled(system)

    kept = [number for type_, number in await flow.facts_kept(walk_in.request_id) if type_ == "walkin.timed"]
    assert len(kept) == 5
    assert numbers(await on_topic(system, "walkin.timed", walk_in.request_id)) == kept


def corrected(flow: Flow, walk_in: WalkIn, minute: int) -> Order:
    """Service is said to have ended some minutes later than written down."""
    ended = flow.system.clock.now() + timedelta(minutes=10 + minute)
    here = {"request_id": walk_in.request_id, "office_id": walk_in.office}
    data = {**here, "time_out": ended.isoformat(), "reason": f"said so {minute} times"}
    return Order("CorrectTimes", data, PEOPLE["supervisor"])


async def test_each_fact_has_an_id_and_a_number_within_its_subject(flow: Flow, system: System, expect: Expect) -> None:
    flow.open_a_new_day()
    walk_in = WalkIn()
    await flow.accepted(walk_in.create(), walk_in.check_in(), walk_in.time_in(), walk_in.time_out())
    await settled(system)
    await expect("walkin.timed", request_id=walk_in.request_id, action="time_out")

    told = [each for each in expect.heard if each.subject == f"request/{walk_in.request_id}"]
    assert sorted(each.sequence for each in told) == list(range(1, len(told) + 1))
    assert len({each.id for each in told}) == len(told)


async def test_readers_drop_what_they_have_seen(flow: Flow, system: System) -> None:
    member = {"staff_id": "adair-moved", "name": "Hilde Brandt", "work_email": "hilde.brandt@adair.example.org"}
    hired = {**member, "office_id": ADAIR, "positions": [], "active": True}
    for role in ("clerical", "es"):
        await flow.accepted(Order("UpsertStaff", {**hired, "role": role}, PEOPLE["central"]))
    await settled(system)

    first, *_ = await on_topic(system, "staff.upserted", "adair-moved")
    await put_again(flow, first)
    await settled(system)

    for service in ("intake", "notifications"):
        assert await flow.rows(service, "SELECT role FROM staff WHERE id = 'adair-moved'") == [("es",)]


async def test_e_mails_go_out_at_least_once_a_repeat_with_the_same_message_id(
    flow: Flow, system: System, expect: Expect
) -> None:
    # The mails are out before what comes of them is written down: there the process dies.
    arm(system, "notifications", "before-commit", passing=2)
    walk_in, alert = await alarmed(flow, expect)
    await fallen(system, "notifications")
    await flow.rows("notifications", "UPDATE deliveries SET next_try_at = now() WHERE state = 'sending'")
    await system.start("notifications")
    await settled(system)

    query = "SELECT id::text FROM deliveries WHERE subject_id = $1 AND state = 'sent'"
    made = {f"<{id_}@casebus>" for (id_,) in await flow.rows("notifications", query, alert.key)}
    letters = [each for each in mailbox.Maildir(system.mailbox) if walk_in.request_id in each.as_string()]
    arrived = Counter(str(each["Message-ID"]) for each in letters)
    assert len(made) == len(alert["recipients"])
    assert set(arrived) == made
    assert max(arrived.values()) > 1


async def test_postgresql_keeps_what_it_has_committed(system: System) -> None:
    for service in system.processes:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            (row,) = await records(system, service, f"SHOW {setting}")
            assert (service, setting, row[0]) == (service, setting, "on")


async def test_topics_keep_records_14_days_for_commands_35_for_facts(system: System) -> None:
    kept = {"intake.commands": 14 * DAYS, "walkin.timed": 35 * DAYS, "alert.raised": 35 * DAYS}
    client = AdminClient({**system.stack.login.librdkafka(), "bootstrap.servers": system.stack.kafka})
    asked = {name: ConfigResource(ResourceType.TOPIC, system.prefix + name) for name in kept}

    answers = client.describe_configs(list(asked.values()))

    assert {name: int(answers[each].result(10)["retention.ms"].value) for name, each in asked.items()} == kept
