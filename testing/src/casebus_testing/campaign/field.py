"""Where the campaign takes place: a system with two copies of intake, its senders, and the look at its processes."""

import asyncio
import contextlib
import json
import os
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

import asyncpg
from aiokafka.partitioner import murmur2

from access.keys import NewSender
from casebus_cli.client import Sender
from casebus_cli.orders import Order
from casebus_testing.campaign.detours import Detour
from casebus_testing.campaign.load import Load, Sent, publish, visitor
from casebus_testing.sample import entries
from casebus_testing.senders import DIRECTORY_COMMANDS
from casebus_testing.system import System
from casebus_testing.waiting import eventually

COPIES: Final = ("intake", "intake-2")
SENDERS: Final = (
    NewSender("guest", as_system=DIRECTORY_COMMANDS, may_read=("*",), algorithm="ES256"),
    NewSender("desk", algorithm="ES256"),
    NewSender("kiosk", algorithm="ES256"),
    NewSender("probe", algorithm="ES256"),
)
PARTITIONS: Final = 3
PROBES: Final = 2
"""Of each partition: their answers leave by different buckets of the relays."""

RECOVERY_SECONDS: Final = 120.0
POINTS_VARIABLE: Final = "CASEBUS_FAULT_POINTS"


class Missed(Exception):
    """The fault did not come about: it is not counted."""


@dataclass(frozen=True, slots=True)
class Detours:
    """Between one copy of intake and its servers."""

    postgres: Detour
    kafka: Detour


@dataclass
class Field:
    """Everything a fault needs."""

    system: System
    load: Load
    guest: Sender
    probe: Sender
    chance: random.Random
    detours: Detours | None = None
    small_disk: Path | None = None
    """Where PostgreSQL's data lie on a file system of limited size."""
    ahead: list[str] = field(default_factory=list)
    """Records that were committed at Kafka and not in the database, seen while everything stood still."""

    async def answered(self) -> float:
        """Seconds until probes to all partitions, sent now, have their final answers."""
        began = time.monotonic()
        orders = [order for number in range(PARTITIONS) for order in self._probes(number)]
        for order in orders:
            sent = Sent(order.topic, order.record_key.encode(), order.body, self.probe.signature.headers(order))
            await publish(self.probe, sent)
            self.load.acknowledged.add((self.probe.signature.sender, order.id))
        for order in orders:
            await self.probe.receipt(order.id, RECOVERY_SECONDS)
        return time.monotonic() - began

    def _probes(self, partition: int) -> list[Order]:
        found: list[Order] = []
        while len(found) < PROBES:
            order = visitor(self.chance)[0]
            if (murmur2(order.record_key.encode()) & 0x7FFFFFFF) % PARTITIONS == partition:
                found.append(order)
        return found

    def ports(self, name: str) -> set[int]:
        """The ports of a copy's connections, as a server sees them."""
        own = ports_of(self.pid(name))
        return own | self.detours.postgres.seen_for(own) if self.detours else own

    def pid(self, name: str) -> int:
        """The process of a copy."""
        running = self.system.processes[name].running
        assert running is not None
        return running.pid

    async def back(self, name: str) -> None:
        """A process that was killed runs again."""
        running = self.system.processes[name].running
        await eventually(lambda: running is None or not running.alive, within=10, what=f"{name} is gone")
        await self.system.start(name)

    def arm(self, service: str, point: str) -> None:
        """From now on the first process of the service that passes the point dies there."""
        file = points_file(self.system.run_dir, service)
        temporary = file.with_suffix(".tmp")
        temporary.write_text(json.dumps({point: 1}))
        temporary.replace(file)

    def fallen(self, service: str) -> str:
        """The name of a process of the service that does not run, or nothing."""
        for name, process in self.system.processes.items():
            if process.service == service and process.running is not None and not process.running.alive:
                return name
        return ""

    @contextlib.asynccontextmanager
    async def superuser(self, database: str = "") -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
        """A connection that sees everything."""
        connection = await asyncpg.connect(database or self.system.stack.postgres)
        try:
            yield connection
        finally:
            await connection.close()

    async def touch_directory(self) -> None:
        """A change of the directory: work for staffing and, by its fact, for everybody who copies it."""
        someone = next(entry["data"] for entry in entries() if entry["type"] == "UpsertStaff")
        named = {**someone, "name": f"{someone['name']} {self.chance.randrange(10**6)}"}
        order = Order("UpsertStaff", named, "system")
        sent = Sent(order.topic, order.record_key.encode(), order.body, self.guest.signature.headers(order))
        await publish(self.guest, sent)
        self.load.acknowledged.add((self.guest.signature.sender, order.id))


Blow: TypeAlias = Callable[[Field], Awaitable[float]]
"""A fault: strikes, and returns the seconds from its end until probes were answered again. Raises Missed."""


def points_file(run_dir: Path, service: str) -> Path:
    """Where the points of a service are named."""
    return run_dir.resolve() / f"fault_points_{service}.json"


def ports_of(pid: int) -> set[int]:
    """The local ports of a process's TCP connections, as the kernel lists them."""
    sockets = set()
    for handle in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            target = os.readlink(handle)
            if target.startswith("socket:["):
                sockets.add(target[8:-1])
    rows = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    return {int(row[1].rpartition(":")[2], 16) for row in rows if row[9] in sockets}


async def pause(chance: random.Random, seconds: float) -> None:
    """Between two faults."""
    await asyncio.sleep(chance.uniform(0.5, 1.5) * seconds)
