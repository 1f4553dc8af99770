"""B4: the relay alone, against the same C client without a database, and against faststream-outbox."""

import asyncio
import time
from functools import partial

from confluent_kafka.admin import AdminClient, NewTopic

from bench import outbox_rows
from bench.harness import Bar, Run, described, in_child, median, ratio, rounds, show
from bench.peers import outbox_relay, raw_producer
from casebus_testing.stack import Stack
from chassis.collector import spare_collector
from chassis.migrate import migrate
from chassis.relay import Relay
from chassis.relay.sender import producer_config
from chassis.relay.settings import RelaySettings

RAW, RELAY, PEER = "C client alone", "relay", "faststream-outbox, tuned"
BAR = ">= 0.5 of the same client's raw produce rate; >= 10x tuned faststream-outbox; no loss, repeat or order fault"


def run(stack: Stack, count: int = 3, *, full: bool = False) -> dict[str, Bar]:
    """Run the rounds and judge them."""
    rows, peer_rows = 200_000, 200_000 if full else 20_000
    print(f"B4 relay alone: {rows:,} rows, {outbox_rows.KEYS:,} keys (peer: {peer_rows:,} rows)")
    template = stack.create_database("b4_rows")
    migrate(template, [])
    asyncio.run(outbox_rows.fill(template, rows))
    runs = rounds(
        {
            RAW: partial(_raw, stack, rows),
            RELAY: partial(_ours, stack, rows),
            PEER: partial(_peer, stack, peer_rows),
        },
        count,
    )
    show(runs)
    return {"B4": _judge(runs)}


def _judge(runs: list[Run]) -> Bar:
    ratios = {RAW: ratio(runs, RELAY, RAW), PEER: ratio(runs, RELAY, PEER)}
    clean = not any(run.faults for run in runs if run.contender == RELAY)
    holds = ratios[RAW] >= 0.5 and ratios[PEER] >= 10 and clean
    peers = {RAW: median(runs, RAW), PEER: median(runs, PEER)}
    verdict = "holds" if holds else "FAILS"
    print(f"  ratios: {ratios[RAW]:.2f} of the C client alone, {ratios[PEER]:.1f}x the peer: {verdict}")
    return Bar(median(runs, RELAY), "rows/s", peers, ratios, BAR, holds, described(runs))


def _raw(stack: Stack, rows: int, number: int) -> Run:
    topic = _new_topic(stack, f"b4-raw-{number}.")
    taken = in_child(raw_producer.run, stack.kafka, topic, rows, producer_config(RelaySettings()))
    return Run(RAW, rows / taken, outbox_rows.check_order(stack.kafka, topic, rows))


def _ours(stack: Stack, rows: int, number: int) -> Run:
    prefix = f"b4-relay-{number}."
    topic = _new_topic(stack, prefix)
    dsn = stack.create_database(f"b4_relay_{number}", template="b4_rows")
    taken = in_child(_relay, dsn, stack.kafka, prefix, rows)
    stack.drop_database(f"b4_relay_{number}")
    return Run(RELAY, rows / taken, outbox_rows.check_order(stack.kafka, topic, rows))


def _peer(stack: Stack, rows: int, number: int) -> Run:
    topic = _new_topic(stack, f"b4-peer-{number}.")
    dsn = stack.create_database(f"b4_peer_{number}")
    taken = in_child(outbox_relay.run, dsn, stack.kafka, topic, rows)
    stack.drop_database(f"b4_peer_{number}")
    return Run(PEER, rows / taken, outbox_rows.check_order(stack.kafka, topic, rows))


def _relay(dsn: str, bootstrap: str, prefix: str, rows: int) -> float:
    return asyncio.run(_relay_all(dsn, bootstrap, prefix, rows))


async def _relay_all(dsn: str, bootstrap: str, prefix: str, rows: int) -> float:
    relay = Relay(dsn, bootstrap, topic_prefix=prefix)
    spare_collector()
    began = time.perf_counter()
    running = asyncio.create_task(relay.run())
    while relay.counters.deleted < rows:
        if running.done():
            running.result()
        await asyncio.sleep(0.01)
    taken = time.perf_counter() - began
    await relay.stop()
    await running
    return taken


def _new_topic(stack: Stack, prefix: str) -> str:
    name = prefix + outbox_rows.TOPIC
    client = AdminClient({"bootstrap.servers": stack.kafka})
    client.create_topics([NewTopic(name, outbox_rows.PARTITIONS, 1)])[name].result()
    return name
