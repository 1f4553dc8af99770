"""A pipeline on a real database, fed without Kafka: only the records are made here."""

import itertools
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import asyncpg

from access.directory import Region
from casebus_contracts import RegionUpserted, UpsertRegion
from chassis.clock import Clock
from chassis.database import open_pool
from chassis.ids import new_id
from chassis.items import Item, SetAside
from chassis.partitions import keep_partitions
from chassis.pipeline import Pipeline
from chassis.proofs import ProofError, Proven
from chassis.reading import Reader
from chassis.rules import Decision, decide, refuse, unchanged
from chassis.wiring import Service, change


class Anybody:
    """A verifier for tests of what comes after proofs: the proof is `sender:actor`."""

    def check_proof(
        self, token: str | bytes | None, message_id: str, type_: str, key: str, body: bytes, appended_at: datetime
    ) -> Proven:
        if not token:
            raise ProofError("missing")
        sender, _, actor = (token.decode() if isinstance(token, bytes) else token).partition(":")
        return Proven(sender, actor, "test")

    def check_bearer(self, token: str | bytes | None, now: datetime) -> Proven:
        return self.check_proof(token, "", "", "", b"", now)

    def may_ask(self, sender: str) -> bool:
        return sender != "stranger"

    def may_send(self, sender: str, type_: str, subject: str) -> bool:
        return sender != "stranger"


@dataclass
class FakeRecord:
    """A Kafka record as the chassis sees one."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    partition: int = 0
    offset: int = field(default_factory=itertools.count().__next__)
    timestamp: int = field(default_factory=lambda: int(time.time() * 1000))


def command(
    region_id: str,
    name: str = "North",
    *,
    message_id: str | None = None,
    sender: str = "guest",
    **headers: bytes | None,
) -> FakeRecord:
    """An `UpsertRegion`; further headers by name."""
    body = f'{{"region_id":"{region_id}","name":"{name}"}}'.encode()
    given: dict[str, bytes | None] = {
        "ce_specversion": b"1.0",
        "ce_id": (message_id or new_id()).encode(),
        "ce_source": b"/test",
        "ce_type": b"UpsertRegion",
        "content-type": b"application/json",
        "ce_proof": f"{sender}:somebody".encode(),
        **headers,
    }
    return FakeRecord("staffing.commands", region_id.encode(), body, list(given.items()))


def headed(headers: Mapping[str, bytes | None]) -> FakeRecord:
    """An `UpsertRegion` with some of its headers changed."""
    record = command("north")
    record.headers = list({**dict(record.headers), **headers}.items())
    return record


def upsert(region: Region | None, command: UpsertRegion) -> Decision:
    """The rule of the tests: a name says what happens."""
    if command.name == "raise":
        raise ValueError("a value that must not be seen")
    if command.name == "refuse":
        return refuse("I-58", "no")
    if region is not None and region.name == command.name:
        return unchanged(region)
    return decide(
        Region(command.region_id, command.name) if region is None else replace(region, name=command.name),
        RegionUpserted(region_id=command.region_id, name=command.name),
    )


def small_service() -> Service:
    """One command, one aggregate."""
    service = Service("staffing", tables=(Region,), who_rules=frozenset({"I-07"}))
    service.on(UpsertRegion, upsert, region=change(Region, "region_id"))
    return service


@dataclass
class Rig:
    """A pipeline, its reader and its database."""

    dsn: str
    pool: "asyncpg.Pool[Any]"
    pipeline: Pipeline
    reader: Reader

    async def feed(self, *records: FakeRecord) -> list[Item]:
        """Handle the records as one batch; the items that came of them."""
        read = [self.reader.read(record) for record in self.reader.order(records)]
        items = [each for each in read if isinstance(each, Item)]
        await self.pipeline.run(items, [each for each in read if isinstance(each, SetAside)])
        return items

    async def outcomes(self, *records: FakeRecord) -> list[str]:
        """The outcome of each command of a batch, in order; '-' where nothing was answered."""
        return [item.receipt["outcome"] if item.receipt else "-" for item in await self.feed(*records)]

    async def rows(self, query: str, *arguments: Any) -> list[tuple[Any, ...]]:
        """Rows of a query as tuples."""
        async with self.pool.acquire() as connection:
            return [tuple(row) for row in await connection.fetch(query, *arguments)]


async def make_rig(dsn: str, service: Service | None = None) -> Rig:
    """A pipeline over this database; a second one over the same database is another copy of the service."""
    pool = await open_pool(dsn, name="test")
    async with pool.acquire() as connection:
        await keep_partitions(connection, datetime.now(UTC))
    wired = service or small_service()
    return Rig(dsn, pool, await Pipeline.open(wired, pool), Reader(wired, Anybody(), Clock()))
