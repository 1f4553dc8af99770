"""Gather, judge, and look again while things are still under way."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

from casebus_testing.checker import kafka, tables
from casebus_testing.checker.evidence import Evidence, Places
from casebus_testing.checker.judge import judge
from casebus_testing.checker.verdict import Verdict

PAUSE_SECONDS = 0.5


async def check(places: Places, settle_seconds: float = 0.0) -> Verdict:
    """The verdict on a system; one with faults is looked at again until `settle_seconds` have passed."""
    deadline = time.monotonic() + settle_seconds
    while True:
        verdict = judge(await gather(places))
        if verdict.clean or time.monotonic() > deadline:
            return verdict
        await asyncio.sleep(PAUSE_SECONDS)


async def gather(places: Places) -> Evidence:
    """Read everything. Tables first: what they vouch for must be on the topics afterwards.

    Before them the offsets: what lies behind those must be in the tables.
    """
    committed = await asyncio.to_thread(
        kafka.committed_of, places.bootstrap, list(places.databases), places.topic_prefix, places.login
    )
    rows = [await tables.read_service(service, database) for service, database in places.databases.items()]
    states = [await tables.read_states(service, database) for service, database in places.databases.items()]
    offsets, now = tables.read_offsets(places.clock_file), datetime.now(UTC)
    bootstrap, prefix, login = places.bootstrap, places.topic_prefix, places.login
    partitions = await asyncio.to_thread(kafka.topics_of, bootstrap, prefix, login)
    topics, truncated = await asyncio.to_thread(kafka.read, bootstrap, partitions, prefix, login)
    compacted = await asyncio.to_thread(kafka.compacted_of, bootstrap, partitions, login)
    return Evidence(
        topics=topics,
        compacted=frozenset(name.removeprefix(places.topic_prefix) for name in compacted),
        truncated=frozenset(truncated),
        journal=[row for journal, *_ in rows for row in journal],
        inbox=[row for _, inbox, *_ in rows for row in inbox],
        deliveries=[row for _, _, deliveries, *_ in rows for row in deliveries],
        outbox={service: row[3] for service, row in zip(places.databases, rows, strict=True)},
        parked={service: row[4] for service, row in zip(places.databases, rows, strict=True)},
        mails=None if places.mailbox is None else tables.read_mails(places.mailbox),
        states=[row for rows_of, *_ in states for row in rows_of],
        clocks=frozenset(clock for _, running, _ in states for clock in running),
        committed=committed,
        seen={service: row[2] for service, row in zip(places.databases, states, strict=True)},
        offsets=offsets,
        read_at=now + (offsets[-1][1] if offsets else timedelta()),
    )
