"""A storm: commands flow, always ahead of the work, while services and servers are killed."""

import asyncio
import os
import random
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import asyncpg
from flow import ADAIR, BOONE, WalkIn

from casebus_cli.client import Sender
from casebus_cli.kafka import producer
from casebus_cli.orders import Order
from casebus_contracts.receipts import Receipt
from casebus_testing.system import System
from casebus_testing.waiting import eventually

DONE = "SELECT count(*) FROM inbox WHERE topic = 'intake.commands'"
SESSIONS = r"""
SELECT state, state = 'active' AND wait_event_type IS DISTINCT FROM 'Client' AS at_work,
       left(btrim(regexp_replace(query, '\s+', ' ', 'g')), 40) AS statement
FROM pg_stat_activity WHERE application_name = 'intake' AND backend_type = 'client backend'"""
DATABASE_AWAY = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
STILL_SECONDS = 60.0
ANSWER_SECONDS = 90.0
AT_ONCE = 20
SENT_AGAIN = 0.05
AHEAD = 200
STOPS = 500

Blow: TypeAlias = Callable[[], Awaitable[None]]


def commands(number: int, chance: random.Random) -> list[Order]:
    """Commands about walk-ins of two offices, four each, mixed but in order for each; one in twenty comes twice."""
    stories = [story(WalkIn(office)) for office in (ADAIR, BOONE) for _ in range(number // 8)]
    chance.shuffle(stories)
    mixed: list[Order] = []
    while stories:
        mixed.append(chance.choice(stories[:50]).pop(0))
        if chance.random() < SENT_AGAIN:
            mixed.append(chance.choice(mixed[-50:]))
        stories = [each for each in stories if each]
    return mixed


def story(walk_in: WalkIn) -> list[Order]:
    """Somebody comes, is served and goes."""
    return [walk_in.create(), walk_in.check_in(), walk_in.time_in(), walk_in.time_out()]


@dataclass
class Storm:
    """What is sent, what is killed when, and what was answered."""

    system: System
    sender: Sender
    orders: Sequence[Order]
    chance: random.Random
    told: dict[str, Receipt] = field(default_factory=dict)
    struck: list[str] = field(default_factory=list)
    done: int = 0
    released: int = 0
    eye: "asyncpg.Connection[asyncpg.Record] | None" = None

    async def run(self, blows: Sequence[Blow]) -> None:
        """Send everything; strike each blow at a random moment of its part of the work; wait for all answers."""
        ids = {order.id for order in self.orders}
        part = len(ids) // (len(blows) + 2)
        records = [(order.id, order.topic, *self._record(order)) for order in self.orders]
        counting = asyncio.create_task(eventually(self._look, within=sys.maxsize, every=0.01))
        async with producer(self.system.stack.kafka) as sending:
            flowing = asyncio.create_task(self._send(sending, records))
            await self._strike(part, blows)
            await flowing
        for id_ in ids:
            self.told[id_] = await self.sender.receipt(id_, ANSWER_SECONDS)
        counting.cancel()
        if self.eye is not None:
            self.eye.terminate()

    def _record(self, order: Order) -> tuple[bytes, bytes, list[tuple[str, bytes]]]:
        """Signed before the storm, so that nothing but the work itself is slow."""
        return order.body, order.record_key.encode(), self.sender.signature.headers(order)

    async def _strike(self, part: int, blows: Sequence[Blow]) -> None:
        """Whatever is done quickly: at each blow at least a part of the work lies ahead."""
        for number, blow in enumerate(blows):
            self.released = (number + 2) * part
            await self._work_has_come_to(number * part + self.chance.randrange(part))
            self.struck.append(f"{getattr(blow, '__name__', blow)} after {self.done} commands")
            await blow()
        self.released = sys.maxsize

    async def _send(self, sending: Any, records: Sequence[tuple[Any, ...]]) -> None:
        """All records in their order, as far as they are released."""
        sent: set[str] = set()
        for start in range(0, len(records), AT_ONCE):
            await eventually(lambda: len(sent) < self.released, within=STILL_SECONDS, every=0.002, what="more to send")
            chunk = records[start : start + AT_ONCE]
            acknowledged = [await sending.send(topic, body, key, headers=heads) for _, topic, body, key, heads in chunk]
            await asyncio.gather(*acknowledged)
            sent.update(record[0] for record in chunk)

    async def _look(self) -> bool:
        """Bring `done` up to date; a database that is away is asked again. Never satisfied."""
        try:
            if self.eye is None:
                self.eye = await asyncpg.connect(self.system.database("intake"), timeout=5)
            self.done = await self.eye.fetchval(DONE)
        except DATABASE_AWAY:
            if self.eye is not None:
                self.eye.terminate()
            self.eye = None
        return False

    async def _work_has_come_to(self, moment: int) -> None:
        await eventually(
            lambda: self.done >= moment, within=STILL_SECONDS, every=0.002, what=f"{moment} commands are done"
        )

    async def intake_dies(self) -> None:
        """kill -9 of intake in the middle of a batch; it comes back at once."""
        self.struck.append(f"  inside: {await self._stop_inside_a_batch()}")
        self.system.kill("intake")
        await self.system.start("intake")

    async def _stop_inside_a_batch(self) -> str:
        """Make intake stand still with a transaction open, wherever in it that may be; its last statement."""
        running = self.system.processes["intake"].running
        assert running is not None
        connection = await asyncpg.connect(self.system.stack.postgres)
        try:
            for _ in range(STOPS):
                os.kill(running.pid, signal.SIGSTOP)
                if statement := await _open_transaction(connection):
                    return statement
                os.kill(running.pid, signal.SIGCONT)
                # It found time to finish: there must be more to do before the next look.
                self.released = max(self.released, self.done + AHEAD)
                await asyncio.sleep(self.chance.uniform(0, 0.008))
        finally:
            await connection.close()
        raise AssertionError(f"intake was between two batches {STOPS} times")

    async def postgres_dies(self) -> None:
        """kill -9 of PostgreSQL, which comes back at once. Nothing else moves here meanwhile."""
        self.system.stack.kill_postgres()
        self.system.stack.start_postgres()

    async def kafka_dies(self) -> None:
        """kill -9 of Kafka, which comes back at once. Nothing else moves here meanwhile."""
        self.system.stack.kill_kafka()
        self.system.stack.start_kafka()


async def _open_transaction(connection: "asyncpg.Connection[asyncpg.Record]") -> str:
    """The last statement of an open transaction of a process that stands still; empty if there is none."""
    sessions: list[asyncpg.Record] = []

    async def all_at_rest() -> bool:
        sessions[:] = await connection.fetch(SESSIONS)
        return not any(session["at_work"] for session in sessions)

    await eventually(all_at_rest, within=5, every=0.002)
    inside = [session["statement"] for session in sessions if session["state"] == "idle in transaction"]
    return str(inside[0]) if inside else ""
