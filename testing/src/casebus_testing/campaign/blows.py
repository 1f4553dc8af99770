"""The faults, one function each. Each returns the seconds until probes were answered again."""

import asyncio
import os
import random
import signal
import time
from datetime import timedelta
from typing import Final

from casebus_testing.campaign.blends import BLENDS
from casebus_testing.campaign.cuts import CUTS
from casebus_testing.campaign.disk import DISK
from casebus_testing.campaign.field import COPIES, Blow, Field, Missed, pause
from casebus_testing.campaign.load import Sent, publish
from casebus_testing.campaign.standstill import STANDSTILL

POINTS: Final = ("inside-transaction", "before-commit", "after-commit", "before-offset-commit")
RELAY_POINTS: Final = ("relay-after-send", "relay-before-delete")
POINT_SECONDS: Final = 30.0
ASLEEP_SECONDS: Final = 12.0
"""Longer than the session timeout, and than the relay's."""

STOPS: Final = 400
STORM: Final = 100
MUTATED: Final = 10

SESSIONS: Final = """
SELECT client_port, state FROM pg_stat_activity
WHERE application_name = 'intake' AND backend_type = 'client backend' AND state LIKE 'idle in transaction%'"""

OWNERS: Final = """
SELECT a.client_port FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 AND l.objid > 0 AND a.application_name = 'relay'"""

TERMINATE: Final = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"""


async def kill_at_random(field: Field) -> float:
    """kill -9 of any process of any service, at whatever it does."""
    name = field.chance.choice(sorted(field.system.processes))
    began = time.monotonic()
    field.system.kill(name)
    await asyncio.gather(field.back(name), field.answered())
    return time.monotonic() - began


def kill_at_point(service: str, point: str) -> Blow:
    """kill -9 of whichever copy passes the point next."""

    async def strike(field: Field) -> float:
        field.arm(service, point)
        deadline = time.monotonic() + POINT_SECONDS
        while not (name := field.fallen(service)):
            if time.monotonic() > deadline:
                field.arm(service, "nowhere")
                raise Missed(f"{service} did not pass {point}")
            if service != "intake":
                await field.touch_directory()
            await asyncio.sleep(0.1)
        began = time.monotonic()
        await asyncio.gather(field.back(name), field.answered())
        return time.monotonic() - began

    return strike


async def sleep_inside_transaction(field: Field) -> float:
    """SIGSTOP of a copy of intake with a transaction open, past its session timeout; then SIGCONT."""
    name = field.chance.choice(COPIES)
    await _stop_inside(field, name)
    return await _sleeps(field, name)


async def sleep_as_relay_owner(field: Field) -> float:
    """SIGSTOP of a copy of intake whose relay owns buckets, past its session timeout; then SIGCONT."""
    async with field.superuser(field.system.database("intake")) as connection:
        owners = {row["client_port"] for row in await connection.fetch(OWNERS)}
    for name in field.chance.sample(COPIES, len(COPIES)):
        if not owners.isdisjoint(field.ports(name)):
            os.kill(field.pid(name), signal.SIGSTOP)
            return await _sleeps(field, name)
    raise Missed("no copy owns buckets")


async def _stop_inside(field: Field, name: str) -> None:
    pid = field.pid(name)
    async with field.superuser() as connection:
        for _ in range(STOPS):
            os.kill(pid, signal.SIGSTOP)
            # What was on its way to the server is done by then.
            await asyncio.sleep(0.03)
            open_ports = {row["client_port"] for row in await connection.fetch(SESSIONS)}
            if open_ports & field.ports(name):
                return
            os.kill(pid, signal.SIGCONT)
            await asyncio.sleep(field.chance.uniform(0, 0.03))
    raise Missed(f"{name} was never inside a transaction")


async def _sleeps(field: Field, name: str) -> float:
    """Probes are answered while it sleeps: somebody else has taken over."""
    began = time.monotonic()
    try:
        seconds = await field.answered()
        await asyncio.sleep(max(0.0, ASLEEP_SECONDS - (time.monotonic() - began)))
    finally:
        os.kill(field.pid(name), signal.SIGCONT)
    await field.answered()
    return seconds


async def broker_dies(field: Field) -> float:
    """kill -9 of Kafka; it comes back with its data."""
    field.system.stack.kill_kafka()
    field.system.stack.start_kafka()
    return await field.answered()


async def postgres_dies(field: Field) -> float:
    """kill -9 of PostgreSQL; it comes back with its data."""
    field.system.stack.kill_postgres()
    field.system.stack.start_postgres()
    return await field.answered()


async def sessions_end(field: Field) -> float:
    """Every session at the database is terminated."""
    async with field.superuser() as connection:
        await connection.execute(TERMINATE)
    return await field.answered()


async def rebalance_storm(field: Field) -> float:
    """A third copy comes and goes three times; the last time by kill -9."""
    for number in range(3):
        await field.system.start("intake", name="intake-3")
        if number < 2:
            await field.system.end("intake-3")
        else:
            field.system.kill("intake-3")
        await pause(field.chance, 0.3)
    del field.system.processes["intake-3"]
    return await field.answered()


async def duplicate_storm(field: Field) -> float:
    """Records sent before are sent again, all at once and in any order."""
    again = field.chance.sample(list(field.load.recent), min(STORM, len(field.load.recent)))
    if not again:
        raise Missed("nothing was sent yet")
    await asyncio.gather(*(publish(field.guest, sent) for sent in again))
    field.load.duplicates += len(again)
    return await field.answered()


async def mutated_bytes(field: Field) -> float:
    """Copies of records in which one byte of value, proof or id is another one."""
    chosen = field.chance.sample(list(field.load.recent), min(MUTATED, len(field.load.recent)))
    if not chosen:
        raise Missed("nothing was sent yet")
    for sent in chosen:
        await publish(field.guest, _mutated(field, sent))
    return await field.answered()


def _mutated(field: Field, sent: Sent) -> Sent:
    headers, body = dict(sent.headers), sent.body
    place = field.chance.choice(["body", "ce_proof", "ce_id"])
    raw = bytearray(body if place == "body" else headers[place])
    raw[field.chance.randrange(len(raw))] ^= 1 << field.chance.randrange(8)
    if place == "body":
        body = bytes(raw)
    else:
        headers[place] = bytes(raw)
    return Sent(sent.topic, sent.key, body, list(headers.items()))


def clock_step(*minutes: int) -> Blow:
    """The system's time jumps by one of these."""

    async def strike(field: Field) -> float:
        field.system.clock.shift(timedelta(minutes=field.chance.choice(minutes)))
        return await field.answered()

    return strike


FEW: Final = (" of staffing ", " of notifications ")

BLOWS: Final[tuple[tuple[str, Blow], ...]] = (
    ("kill -9 at random", kill_at_random),
    *((f"kill -9 of intake at {point}", kill_at_point("intake", point)) for point in (*POINTS, *RELAY_POINTS)),
    *((f"kill -9 of staffing at {point}", kill_at_point("staffing", point)) for point in (*POINTS, *RELAY_POINTS)),
    *((f"kill -9 of notifications at {point}", kill_at_point("notifications", point)) for point in POINTS),
    ("SIGSTOP inside a transaction", sleep_inside_transaction),
    ("SIGSTOP of a relay owner", sleep_as_relay_owner),
    ("kill -9 of Kafka", broker_dies),
    ("kill -9 of PostgreSQL", postgres_dies),
    ("pg_terminate_backend of every session", sessions_end),
    *STANDSTILL,
    *CUTS,
    *DISK,
    *BLENDS,
    ("rebalance storm", rebalance_storm),
    ("duplicate storm", duplicate_storm),
    ("mutated bytes", mutated_bytes),
    ("clock step forwards", clock_step(1, 31, 245)),
    ("clock step backwards", clock_step(-2, -35)),
)


def a_round(chance: random.Random) -> list[tuple[str, Blow]]:
    """Every kind once, in a random order; last those that only other services than intake suffer."""
    chosen = list(BLOWS)
    chance.shuffle(chosen)
    return sorted(chosen, key=lambda blow: any(word in blow[0] for word in FEW))
