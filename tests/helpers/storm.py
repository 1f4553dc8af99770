"""A storm: commands flow, always some hundred ahead of the work, while services and servers are killed."""

import asyncio
import random
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import asyncpg
from flow import ADAIR, BOONE, WalkIn, rows

from casebus_cli.client import Sender
from casebus_cli.orders import Order
from casebus_contracts.receipts import Receipt
from casebus_testing.system import System
from casebus_testing.waiting import eventually

DONE = "SELECT count(*) FROM inbox WHERE topic = 'intake.commands'"
IN_TRANSACTION = re.compile(r"unexpected EOF on client connection with an open transaction")
DATABASE_AWAY = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
STILL_SECONDS = 60.0
ANSWER_SECONDS = 90.0
AHEAD = 200
AT_ONCE = 20
SENT_AGAIN = 0.05


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

    async def run(self, blows: Sequence[Callable[[], Awaitable[None]]]) -> None:
        """Send everything; strike each blow at a random moment of the work, in their order; wait for all answers."""
        ids = {order.id for order in self.orders}
        moments = sorted(self.chance.sample(range(len(ids) // 50, len(ids) - 2 * AHEAD), len(blows)))
        tasks = [asyncio.create_task(work) for work in (self._count(), self._send())]
        for moment, blow in zip(moments, blows, strict=True):
            await self._work_has_come_to(moment)
            await asyncio.sleep(self.chance.uniform(0, 0.03))
            self.struck.append(f"{getattr(blow, '__name__', blow)} after {self.done} commands")
            await blow()
        await tasks[1]
        for id_ in ids:
            self.told[id_] = await self.sender.receipt(id_, ANSWER_SECONDS)
        tasks[0].cancel()

    async def _send(self) -> None:
        sent: set[str] = set()
        for start in range(0, len(self.orders), AT_ONCE):
            chunk = self.orders[start : start + AT_ONCE]
            sent.update(order.id for order in chunk)
            await self.sender.send_all(chunk)
            await self._work_has_come_to(len(sent) - AHEAD)

    async def _count(self) -> None:
        """Keep `done` up to date; a database that is away is asked again."""
        while True:
            try:
                ((self.done,),) = await rows(self.system, "intake", DONE)
            except DATABASE_AWAY:
                continue
            finally:
                await asyncio.sleep(0.01)

    async def _work_has_come_to(self, moment: int) -> None:
        await eventually(
            lambda: self.done >= moment, within=STILL_SECONDS, every=0.002, what=f"{moment} commands are done"
        )

    async def intake_dies(self) -> None:
        """kill -9 of intake, which comes back at once."""
        self.system.kill("intake")
        await self.system.start("intake")

    async def postgres_dies(self) -> None:
        """kill -9 of PostgreSQL, which comes back at once. Nothing else moves here meanwhile."""
        self.system.stack.kill_postgres()
        self.system.stack.start_postgres()

    async def kafka_dies(self) -> None:
        """kill -9 of Kafka, which comes back at once. Nothing else moves here meanwhile."""
        self.system.stack.kill_kafka()
        self.system.stack.start_kafka()


def killed_inside_transactions(system: System) -> int:
    """How many transactions were open when their process died, by the words of PostgreSQL."""
    log = system.stack.run_dir / "logs" / "postgres.log"
    return len(IN_TRANSACTION.findall(log.read_text(errors="replace")))
