"""The relay on a real outbox and a real broker: nothing lost, nothing overtaken, no key stops another."""

import asyncio
import signal
from collections.abc import AsyncIterator
from dataclasses import replace

import asyncpg
import pytest
import pytest_asyncio
from relay_rig import FACTS, INSERT, QUICK, RelayRig, row, running

from casebus_testing.plugin import NewDatabase
from casebus_testing.stack import Stack
from casebus_testing.waiting import eventually
from chassis.migrate import CHASSIS_MIGRATIONS
from chassis.relay import Relay, RelaySettings

KEYS = [f"key-{number}" for number in range(40)]


@pytest_asyncio.fixture
async def rig(stack: Stack, new_database: NewDatabase, topic_prefix: str) -> AsyncIterator[RelayRig]:
    dsn = await new_database([CHASSIS_MIGRATIONS])
    made = RelayRig(stack, dsn, topic_prefix, await asyncpg.connect(dsn))
    made.make_topic(FACTS)
    yield made
    for connection in (made.database, *made.others):
        await connection.close()


def in_order(*, count: int) -> dict[str, list[str]]:
    return {key: [str(number) for number in range(1, count + 1)] for key in KEYS}


async def write_rounds(rig: RelayRig, first: int, last: int) -> None:
    """One row of every key, round after round, each round a commit."""
    for number in range(first, last + 1):
        await rig.write(*[row(key, number) for key in KEYS])


async def until_deleted(relay: Relay, count: int, within: float = 10) -> None:
    await eventually(lambda: relay.counters.deleted >= count, within=within, every=0.002)


async def test_each_row_arrives_once_in_the_order_of_its_key_and_is_deleted(rig: RelayRig) -> None:
    await write_rounds(rig, 1, 50)

    async with running(rig.relay()):
        await rig.until_empty()

    assert rig.arrived() == in_order(count=50)


async def test_headers_and_body_arrive_as_they_were_written(rig: RelayRig) -> None:
    headers = "ce_id\tabc\nce_subject\trequest/é\ntraceparent\t00-1-2-01\n"
    await rig.write((3, FACTS, "key", headers, '{"b": 1, "a": "é"}'))

    async with running(rig.relay()):
        await rig.until_empty()

    told = {"ce_id": "abc", "ce_subject": "request/é", "traceparent": "00-1-2-01"}
    assert rig.records() == [("key", '{"b": 1, "a": "é"}', told)]


async def test_a_row_is_sent_at_once_when_the_writer_wakes_the_relay(rig: RelayRig) -> None:
    wake = asyncio.Event()
    relay = rig.relay(wake=wake)
    async with running(relay):
        await eventually(lambda: relay.counters.owned_buckets == 64)

        for number in range(1, 6):
            await rig.write(row("key", number))
            wake.set()
            await until_deleted(relay, number, within=1)


async def test_a_row_that_commits_late_comes_before_younger_rows_of_its_key(rig: RelayRig) -> None:
    late = await rig.another_writer()
    relay = rig.relay()
    async with running(relay):
        for number in range(1, 60, 2):
            transaction = late.transaction()
            await transaction.start()
            await late.execute(INSERT, *row("late", number))
            # The relay reads and deletes younger rows of other keys meanwhile, and would raise its floor.
            deleted = relay.counters.deleted
            await rig.write(row("other", number))
            await until_deleted(relay, deleted + 1)
            await transaction.commit()
            await rig.write(row("late", number + 1))
        await rig.until_empty()

    assert rig.arrived()["late"] == [str(number) for number in range(1, 61)]


async def test_a_row_comes_first_though_its_transaction_is_younger_than_the_one_that_ended_before(
    rig: RelayRig,
) -> None:
    early, late = await rig.another_writer(), await rig.another_writer()
    relay = rig.relay(replace(QUICK, unfloored_poll_seconds=600))
    async with running(relay):
        await rig.write(row("other", 0))
        await until_deleted(relay, 1)
        for number in range(1, 30, 2):
            transactions = early.transaction(), late.transaction()
            for writer, transaction in zip((early, late), transactions, strict=True):
                await transaction.start()
                await writer.execute("SELECT pg_current_xact_id()")
            await late.execute(INSERT, *row("late", number))
            deleted = relay.counters.deleted
            await early.execute(INSERT, *row("other", number))
            await transactions[0].commit()
            await until_deleted(relay, deleted + 1)
            await transactions[1].commit()
            await rig.write(row("late", number + 1))
        await rig.until_empty()

    assert rig.arrived()["late"] == [str(number) for number in range(1, 31)]


async def test_late_rows_of_more_than_one_window_come_before_younger_rows_of_their_keys(rig: RelayRig) -> None:
    late = await rig.another_writer()
    relay = rig.relay()
    many = [f"late-{number}" for number in range(450)]
    async with running(relay):
        for number in range(1, 10, 2):
            transaction = late.transaction()
            await transaction.start()
            await late.executemany(INSERT, [row(key, number) for key in many])
            deleted = relay.counters.deleted
            await rig.write(row("other", number))
            await until_deleted(relay, deleted + 1)
            await transaction.commit()
            await rig.write(*[row(key, number + 1) for key in many])
        await rig.until_empty()

    arrived = rig.arrived()
    assert {tuple(arrived[key]) for key in many} == {tuple(str(number) for number in range(1, 11))}


async def test_relays_share_the_buckets_evenly(rig: RelayRig) -> None:
    first, second, third = rig.relay(), rig.relay(), rig.relay()

    async with running(first, second, third):

        def shares() -> list[int]:
            return sorted(relay.counters.owned_buckets for relay in (first, second, third))

        await eventually(lambda: shares() in ([20, 22, 22], [21, 21, 22]))


async def test_a_second_relay_joins_under_load_and_no_key_is_disturbed(rig: RelayRig) -> None:
    first, second = rig.relay(), rig.relay()
    async with running(first):
        await write_rounds(rig, 1, 10)
        async with running(second):
            number = 10
            while second.counters.deleted == 0:
                number += 1
                await write_rounds(rig, number, number)
            await write_rounds(rig, number + 1, number + 20)
            await rig.until_empty()

    assert rig.first_appearances() == in_order(count=number + 20)


async def test_a_relay_that_stops_gives_all_to_the_other(rig: RelayRig) -> None:
    first, second = rig.relay(), rig.relay()
    async with running(second):
        async with running(first):
            await eventually(lambda: first.counters.owned_buckets == second.counters.owned_buckets == 32)

        await eventually(lambda: second.counters.owned_buckets == 64)


async def test_when_its_connection_is_terminated_it_starts_over_without_overtaking(rig: RelayRig) -> None:
    relay = rig.relay()
    async with running(relay):
        for number in range(1, 101):
            await write_rounds(rig, number, number)
            if number % 20 == 0:
                await rig.end_sessions()
        await rig.until_empty()

    assert relay.counters.restarts > 0
    assert rig.first_appearances() == in_order(count=100)


async def test_another_takes_over_from_a_stopped_process_which_wakes_up_later(rig: RelayRig) -> None:
    async with rig.process() as process:
        await write_rounds(rig, 1, 20)
        await eventually(lambda: rig.arrived().keys() >= set(KEYS))
        process.send_signal(signal.SIGSTOP)
        await write_rounds(rig, 21, 40)
        async with running(rig.relay()):
            await rig.until_empty()
            process.send_signal(signal.SIGCONT)
            await write_rounds(rig, 41, 60)
            await rig.until_empty()

    assert rig.first_appearances() == in_order(count=60)


async def test_rows_wait_while_the_broker_is_away(rig: RelayRig) -> None:
    relay = rig.relay()
    async with running(relay):
        await write_rounds(rig, 1, 5)
        await rig.until_empty()
        rig.stack.kill_kafka()
        await write_rounds(rig, 6, 15)
        rig.stack.start_kafka()
        await rig.until_empty(within=40)

    assert rig.first_appearances() == in_order(count=15)


async def test_a_row_that_is_too_large_holds_its_key_and_no_other(rig: RelayRig) -> None:
    bucket, topic, key, headers, _ = row("large", 1)
    await rig.write((bucket, topic, key, headers, "x" * 1_100_000), row("large", 2), row("small", 1), row("small", 2))

    relay = rig.relay()
    async with running(relay):
        await eventually(lambda: relay.counters.deleted == 2)
        assert relay.counters.held_keys == 1

    assert rig.arrived() == {"small": ["1", "2"]}


async def test_a_row_that_only_the_broker_finds_too_large_holds_its_key_and_no_other(rig: RelayRig) -> None:
    rig.make_topic("narrow", **{"max.message.bytes": "2000"})
    bucket, topic, key, headers, _ = row("large", 1, "narrow")
    await rig.write((bucket, topic, key, headers, "x" * 5_000), row("large", 2, "narrow"), *[row(k, 1) for k in KEYS])

    relay = rig.relay()
    async with running(relay):
        await eventually(lambda: relay.counters.deleted >= len(KEYS) and relay.counters.held_keys)
        await write_rounds(rig, 2, 5)
        await eventually(lambda: set(rig.first_appearances()) == set(KEYS))

        async def only_the_key_is_left() -> bool:
            return await rig.left() == 2

        await eventually(only_the_key_is_left)

    assert rig.arrived("narrow") == {}
    assert rig.first_appearances() == in_order(count=5)


async def test_a_missing_topic_holds_its_keys_until_it_is_made(rig: RelayRig) -> None:
    await rig.write(row("early", 1, "unborn"), row("early", 2), row("other", 1))
    relay = rig.relay()
    async with running(relay):
        await eventually(lambda: relay.counters.deleted == 1)
        assert relay.counters.held_topics == 1

        rig.make_topic("unborn")
        await rig.until_empty()

    assert rig.arrived("unborn") == {"early": ["1"]}
    assert rig.arrived() == {"early": ["2"], "other": ["1"]}


async def test_a_held_key_flows_again_in_order_once_its_first_row_is_gone(rig: RelayRig) -> None:
    bucket, topic, key, headers, _ = row("large", 1)
    await rig.write((bucket, topic, key, headers, "x" * 1_100_000), *[row("large", number) for number in range(2, 30)])
    relay = rig.relay()
    async with running(relay):
        await eventually(lambda: relay.counters.held_keys == 1)

        await rig.database.execute("DELETE FROM outbox WHERE length(payload) > 1000000")
        await rig.until_empty()

    assert rig.arrived() == {"large": [str(number) for number in range(2, 30)]}


async def test_600_old_rows_of_a_held_key_do_not_fill_the_window(rig: RelayRig) -> None:
    bucket, topic, key, headers, _ = row("large", 0)
    await rig.write((bucket, topic, key, headers, "x" * 1_100_000), *[row("large", number) for number in range(600)])
    await write_rounds(rig, 1, 20)
    small = RelaySettings(rows_per_window=100, ping_seconds=0.2, retry_min_seconds=30, retry_max_seconds=60)

    async with running(rig.relay(small)):

        async def only_the_key_is_left() -> bool:
            return await rig.left() == 601

        await eventually(only_the_key_is_left, within=10)

    assert rig.arrived() == in_order(count=20)


async def test_heavy_rows_shrink_the_window_and_arrive(rig: RelayRig) -> None:
    for number in range(60):
        bucket, topic, key, headers, _ = row("heavy", number)
        await rig.write((bucket, topic, key, headers, f"{number:<400000}"))

    async with running(rig.relay()):
        await rig.until_empty()

    assert [value.strip() for value in rig.arrived()["heavy"]] == [str(number) for number in range(60)]


async def test_a_full_queue_cuts_the_window_and_nothing_overtakes_the_rest(rig: RelayRig) -> None:
    for number in range(1, 41):
        await rig.write(*[(*row(key, number)[:4], f"{number:<2000}") for key in KEYS])
    narrow = RelaySettings(queue_kilobytes=64, ping_seconds=0.2)

    async with running(rig.relay(narrow)):
        await rig.until_empty(within=40)

    assert {key: [value.strip() for value in values] for key, values in rig.arrived().items()} == in_order(count=40)


async def test_what_is_in_flight_is_finished_before_a_graceful_stop(rig: RelayRig) -> None:
    await write_rounds(rig, 1, 50)
    relay = rig.relay()

    async with running(relay):
        await eventually(lambda: relay.counters.sent > 0, every=0.001)

    assert relay.counters.sent == relay.counters.deleted
    assert await rig.left() == 50 * len(KEYS) - relay.counters.deleted


async def test_a_missing_table_ends_the_relay(rig: RelayRig) -> None:
    await rig.database.execute("DROP TABLE outbox")

    with pytest.raises(asyncpg.UndefinedTableError):
        await rig.relay(QUICK).run()
