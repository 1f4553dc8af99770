"""What can go wrong in the middle of a play."""

import asyncio
import contextlib
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from aiokafka.errors import KafkaError

from casebus_cli.kafka import MAX_RECORDS, POLL_MILLISECONDS, producer, reader
from casebus_cli.orders import Order
from casebus_contracts.base import FACTS
from casebus_contracts.topics import READERS, services
from casebus_testing.faults.points import arm, fallen, points_of
from casebus_testing.system import System

AT_ONCE: Final = {"CASEBUS_GROUP_INSTANCE": "first"}
"""A killed copy with a fixed name is replaced at once."""

COPY_MARK: Final = "x-copy"


class Fault:
    """Nothing goes wrong. Kinds of fault override what they need."""

    name = "no fault"

    def __init__(self, seed: int = 0) -> None:
        self.chance = random.Random(f"{self.name} {seed}")
        self.fell = True
        """Whether it has happened: a play that it missed shows nothing."""

    def settings(self, run_dir: Path) -> dict[str, dict[str, str]]:
        """What services are told by their environment, by service."""
        return {}

    def moment(self, commands: int) -> int:
        """Before which command of the play it comes: one in the middle."""
        earliest = min(2, commands)
        return self.chance.randint(earliest, max(earliest, commands - 1))

    def arrange(self, orders: Sequence[Order]) -> Sequence[Order]:
        """In which order commands sent together travel."""
        return orders

    async def begin(self, system: System) -> None:
        """Before the play."""

    async def strike(self, system: System) -> None:
        """In the middle of it."""

    async def end(self, system: System) -> None:
        """After it, before the system settles."""


class Reordered(Fault):
    """Commands of different keys overtake one another."""

    name = "reorder across keys"

    def arrange(self, orders: Sequence[Order]) -> Sequence[Order]:
        """A random merge in which each key keeps its order."""
        queues: dict[tuple[str, str], list[Order]] = {}
        for order in orders:
            queues.setdefault((order.topic, order.record_key), []).append(order)
        mixed: list[Order] = []
        while queues:
            place = self.chance.choice(sorted(queues))
            mixed.append(queues[place].pop(0))
            queues = {key: queue for key, queue in queues.items() if queue}
        self.fell = self.fell or mixed != list(orders)
        return mixed

    def __init__(self, seed: int = 0) -> None:
        super().__init__(seed)
        self.fell = False


class Duplicates(Fault):
    """Some of all records that services read are there twice, the copy somewhat later."""

    name = "duplicate records"
    share = 0.3

    def __init__(self, seed: int = 0) -> None:
        super().__init__(seed)
        self.fell = False
        self._copying: asyncio.Task[None] | None = None

    async def begin(self, system: System) -> None:
        """Start copying; returns once nothing is missed any more."""
        listening = asyncio.Event()
        self._copying = asyncio.create_task(self._copy(system, listening))
        await asyncio.wait({self._copying, asyncio.create_task(listening.wait())}, return_when="FIRST_COMPLETED")

    async def end(self, system: System) -> None:
        """Stop copying."""
        if self._copying is not None:
            self._copying.cancel()
            await asyncio.wait([self._copying])
            if not self._copying.cancelled():
                self._copying.result()

    async def _copy(self, system: System, listening: asyncio.Event) -> None:
        bootstrap, login = system.stack.kafka, system.stack.login
        async with producer(bootstrap, login) as sending, reader(bootstrap, _inputs(system), login=login) as consumer:
            listening.set()
            while True:
                batches = await consumer.getmany(timeout_ms=POLL_MILLISECONDS, max_records=MAX_RECORDS)
                for record in (record for records in batches.values() for record in records):
                    if COPY_MARK not in dict(record.headers) and self.chance.random() < self.share:
                        await _put_again(sending, record)
                        self.fell = True


class Crash(Fault):
    """One process of a service is killed at a named point of its work, and comes back."""

    def __init__(self, point: str, service: str, seed: int = 0) -> None:
        self.name = f"{service} dies at {point}"
        super().__init__(seed)
        self.fell = False
        self._point, self._service = point, service
        self._coming_back: asyncio.Task[None] | None = None

    def settings(self, run_dir: Path) -> dict[str, dict[str, str]]:
        """Where its point will be named, and a name under which it is replaced at once."""
        points = points_of([self._service], run_dir)
        return {self._service: {**points[self._service], **AT_ONCE}}

    async def strike(self, system: System) -> None:
        """From now on the process falls at the point."""
        arm(system, self._service, self._point)
        self._coming_back = asyncio.create_task(self._come_back(system))

    async def end(self, system: System) -> None:
        """Wait until it has fallen and is there again."""
        if self._coming_back is not None:
            await self._coming_back

    async def _come_back(self, system: System) -> None:
        with contextlib.suppress(AssertionError):
            await fallen(system, self._service)
            self.fell = True
            await system.start(self._service)


class Rebalance(Fault):
    """Another copy of a service joins in the middle, and leaves again after the play."""

    def __init__(self, service: str, seed: int = 0) -> None:
        self.name = f"rebalance of {service}"
        super().__init__(seed)
        self.fell = False
        self._service = service

    async def strike(self, system: System) -> None:
        """It has its share of the partitions from now on."""
        await system.start(self._service, name=f"{self._service}-2")
        self.fell = True

    async def end(self, system: System) -> None:
        """Its partitions go back."""
        if self.fell:
            await system.end(f"{self._service}-2")
            del system.processes[f"{self._service}-2"]


class BrokerAway(Fault):
    """The broker is killed in the middle, and comes back with its data."""

    name = "broker away"

    def __init__(self, seed: int = 0) -> None:
        super().__init__(seed)
        self.fell = False

    async def strike(self, system: System) -> None:
        """Kill it, start it again."""
        system.stack.kill_kafka()
        system.stack.start_kafka()
        self.fell = True


def _inputs(system: System) -> list[str]:
    read = [f"{service}.commands" for service in services()] + [fact.TOPIC for fact in FACTS.values()]
    return [system.prefix + topic for topic in read if topic.endswith(".commands") or topic in READERS]


async def _put_again(sending: Any, record: Any) -> None:
    """The record once more, byte for byte, with a header that nobody reads."""
    headers = [*record.headers, (COPY_MARK, b"1")]
    with contextlib.suppress(KafkaError):
        await sending.send_and_wait(record.topic, record.value, record.key, partition=record.partition, headers=headers)
