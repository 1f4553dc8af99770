"""Intake, PostgreSQL and Kafka are killed while 2,000 commands flow; afterwards nothing is lost and nothing doubled."""

import os
import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from flow import ADAIR, BOONE, place_of, rows
from storm import Storm, commands

from casebus_cli.client import connect
from casebus_testing.checker import Places, Verdict, check
from casebus_testing.places import describe
from casebus_testing.sample.loading import load_sample_directory
from casebus_testing.system import System

COMMANDS = 2000
KILLS = 10
SEED = int(os.environ.get("CASEBUS_SEED") or random.SystemRandom().randrange(10**6))
SMALL_BATCHES = {"CASEBUS_BATCH_RECORDS": "20", "CASEBUS_GROUP_INSTANCE": "first"}
"""So that the work lasts. With a fixed name a killed copy is replaced at once."""
SETTLE_SECONDS = 60


@dataclass(frozen=True)
class Aftermath:
    system: System
    storm: Storm
    verdict: Verdict


@pytest_asyncio.fixture(scope="module")
async def aftermath(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Aftermath]:
    """The storm has passed: ten times intake, once each server, on servers of its own."""
    print(f"seed {SEED}")
    chance = random.Random(SEED)
    run_dir = tmp_path_factory.mktemp("faults") / ".run"
    async with await System.launch(run_dir, env=SMALL_BATCHES) as system:
        await load_sample_directory(system)
        async with connect(place_of(system)) as sender:
            storm = Storm(system, sender, commands(COMMANDS, chance), chance)
            blows = [storm.intake_dies] * KILLS
            blows.insert(KILLS // 3, storm.postgres_dies)
            blows.insert(2 * KILLS // 3, storm.kafka_dies)
            await storm.run(blows)
        verdict = await check(Places.of(describe(system)), SETTLE_SECONDS)
        print(*storm.struck, verdict.report(), sep="\n")
        yield Aftermath(system, storm, verdict)


async def test_every_command_has_its_one_final_answer(aftermath: Aftermath) -> None:
    assert Counter(receipt.outcome for receipt in aftermath.storm.told.values()) == {"accepted": COMMANDS}


async def test_nothing_is_lost_doubled_or_out_of_order(aftermath: Aftermath) -> None:
    assert aftermath.verdict.clean, aftermath.verdict.report()


async def test_tickets_of_each_office_and_day_count_from_one_without_a_gap(aftermath: Aftermath) -> None:
    query = "SELECT office_id, ticket_day, array_agg(ticket ORDER BY ticket) FROM requests GROUP BY 1, 2"
    handed_out = await rows(aftermath.system, "intake", query)

    assert {office for office, _, _ in handed_out} == {ADAIR, BOONE}
    assert sum(len(tickets) for _, _, tickets in handed_out) == COMMANDS // 4
    for _, _, tickets in handed_out:
        assert tickets == list(range(1, len(tickets) + 1))


async def test_each_walk_in_has_its_facts_once_and_numbered_from_one(aftermath: Aftermath) -> None:
    query = """SELECT count(*) FILTER (WHERE types = $1), count(*) FROM (
        SELECT array_agg(type ORDER BY sequence) AS types FROM journal GROUP BY aggregate, aggregate_id) per_request"""
    facts = ["request.created", "visit.waiting", "visit.serving", "walkin.timed", "walkin.timed"]

    assert await rows(aftermath.system, "intake", query, facts) == [(COMMANDS // 4, COMMANDS // 4)]


async def test_nothing_waits_in_outbox_or_parking_lot(aftermath: Aftermath) -> None:
    left = "SELECT (SELECT count(*) FROM outbox), (SELECT count(*) FROM parked), (SELECT count(*) FROM unreadable)"

    for service in aftermath.system.processes:
        assert await rows(aftermath.system, service, left) == [(0, 0, 0)]


async def test_no_service_ended_because_a_server_did(aftermath: Aftermath) -> None:
    """Each pid is the one of the last start: intake's after its last kill, the others' from the beginning."""
    running = {name: process.running for name, process in aftermath.system.processes.items()}

    assert [name for name, each in running.items() if each is None or not each.alive] == []
