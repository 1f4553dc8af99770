"""The faults, one function each. Each returns the seconds until probes were answered again."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final, TypeAlias

from casebus_testing.campaign.field import COPIES, Field, pause, ports_of
from casebus_testing.campaign.load import Sent, publish

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

Blow: TypeAlias = Callable[[Field], Awaitable[float]]


class Missed(Exception):
    """The fault did not come about: it is not counted."""


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
    name = field.chance.choice(COPIES)
    async with field.superuser(field.system.database("intake")) as connection:
        owners = {row["client_port"] for row in await connection.fetch(OWNERS)}
    if owners.isdisjoint(ports_of(field.pid(name))):
        raise Missed(f"{name} owns no buckets")
    os.kill(field.pid(name), signal.SIGSTOP)
    return await _sleeps(field, name)


async def _stop_inside(field: Field, name: str) -> None:
    pid = field.pid(name)
    async with field.superuser() as connection:
        for _ in range(STOPS):
            os.kill(pid, signal.SIGSTOP)
            # What was on its way to the server is done by then.
            await asyncio.sleep(0.03)
            open_ports = {row["client_port"] for row in await connection.fetch(SESSIONS)}
            if open_ports & ports_of(pid):
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
    began = time.monotonic()
    field.system.stack.kill_kafka()
    field.system.stack.start_kafka()
    await field.answered()
    return time.monotonic() - began


async def postgres_dies(field: Field) -> float:
    """kill -9 of PostgreSQL; it comes back with its data."""
    began = time.monotonic()
    field.system.stack.kill_postgres()
    field.system.stack.start_postgres()
    await field.answered()
    return time.monotonic() - began


async def sessions_end(field: Field) -> float:
    """Every session at the database is terminated."""
    began = time.monotonic()
    async with field.superuser() as connection:
        await connection.execute(TERMINATE)
    await field.answered()
    return time.monotonic() - began


async def rebalance_storm(field: Field) -> float:
    """A third copy comes and goes three times; the last time by kill -9."""
    began = time.monotonic()
    for number in range(3):
        await field.system.start("intake", name="intake-3")
        if number < 2:
            await field.system.end("intake-3")
        else:
            field.system.kill("intake-3")
        await pause(field.chance, 0.3)
    del field.system.processes["intake-3"]
    await field.answered()
    return time.monotonic() - began


async def duplicate_storm(field: Field) -> float:
    """Records sent before are sent again, all at once and in any order."""
    began = time.monotonic()
    again = field.chance.sample(list(field.load.recent), min(STORM, len(field.load.recent)))
    if not again:
        raise Missed("nothing was sent yet")
    await asyncio.gather(*(publish(field.guest, sent) for sent in again))
    field.load.duplicates += len(again)
    await field.answered()
    return time.monotonic() - began


async def mutated_bytes(field: Field) -> float:
    """Copies of records in which one byte of value, proof or id is another one."""
    began = time.monotonic()
    chosen = field.chance.sample(list(field.load.recent), min(MUTATED, len(field.load.recent)))
    if not chosen:
        raise Missed("nothing was sent yet")
    for sent in chosen:
        await publish(field.guest, _mutated(field, sent))
    await field.answered()
    return time.monotonic() - began


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


async def clock_step(field: Field) -> float:
    """The system's time jumps ahead: past the limit of those who wait, or a little."""
    began = time.monotonic()
    field.system.clock.shift(timedelta(minutes=field.chance.choice([1, 31])))
    await field.answered()
    return time.monotonic() - began


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
    ("rebalance storm", rebalance_storm),
    ("duplicate storm", duplicate_storm),
    ("mutated bytes", mutated_bytes),
    ("clock step", clock_step),
)

LESS_OFTEN: Final = tuple(name for name, _ in BLOWS if " of staffing " in name or " of notifications " in name)
"""Half of these fall in a round."""

NOT_RUN: Final = {
    "disk full": "needs PostgreSQL's data on a size-limited file system; not built",
    "socket cut at COMMIT and at the acknowledgement": "needs a proxy between service and server; not built",
    "an old release beside a new one": "there is one release so far",
    "clock step backwards": "the promise about clocks does not speak of it",
}


def a_round(field: Field) -> list[tuple[str, Blow]]:
    """Every kind once, in a random order; the rarer ones by half."""
    chosen = [blow for blow in BLOWS if blow[0] not in LESS_OFTEN or field.chance.random() < 0.5]
    field.chance.shuffle(chosen)
    return chosen
