"""Directory facts are told again as they were published last, and never an older one after a newer one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import asyncpg
from pipeline_rig import FakeRecord, Rig, command, make_rig

from access.directory import Region
from casebus_contracts import RegionUpserted
from casebus_testing.plugin import NewDatabase
from chassis.migrate import CHASSIS_MIGRATIONS
from chassis.relay.buckets import Buckets
from chassis.retelling import EVER, Retelling, last_night
from chassis.wiring import Service

OUTBOX = "SELECT topic, aggregateid, headers, payload FROM outbox WHERE topic = 'region.upserted' ORDER BY id"
REPLICA = """
CREATE TABLE regions (
    id text PRIMARY KEY, version bigint NOT NULL DEFAULT 0, head text NOT NULL DEFAULT '', name text NOT NULL
)"""


def retelling(rig: Rig) -> Retelling:
    return Retelling(rig.pool, "staffing", asyncio.Event())


def now() -> datetime:
    return datetime.now(UTC)


def header(headers: str, name: str) -> str:
    return next(line.partition("\t")[2] for line in headers.split("\n") if line.startswith(f"{name}\t"))


async def told(rig: Rig) -> list[tuple[str, str, str]]:
    """Key, number and body of what the outbox tells of regions."""
    rows = await rig.rows(OUTBOX)
    return [(key, header(headers, "ce_sequence"), payload) for _, key, headers, payload in rows]


async def test_the_last_fact_of_each_key_is_told_again_as_it_was(rig: Rig) -> None:
    await rig.feed(command("r-1", "A"), command("r-1", "B"), command("r-2", "C"))
    before = await told(rig)

    assert await retelling(rig).tell_again(EVER, now()) == 2

    assert (await told(rig))[3:] == [before[1], before[2]]


async def test_what_is_told_again_has_an_id_of_its_own(rig: Rig) -> None:
    await rig.feed(command("r-1", "A"))
    await retelling(rig).tell_again(EVER, now())

    ids = {header(headers, "ce_id") for _, _, headers, _ in await rig.rows(OUTBOX)}

    assert len(ids) == 2


async def test_what_was_told_since_is_not_told_again(rig: Rig) -> None:
    await rig.feed(command("r-1", "A"))
    moment = now()

    assert await retelling(rig).tell_again(EVER, moment) == 1
    assert await retelling(rig).tell_again(EVER, moment) == 0


async def test_a_newer_fact_that_comes_meanwhile_stands_behind_what_is_told_again(rig: Rig) -> None:
    await rig.feed(command("r-1", "A"))

    for number in range(20):
        await asyncio.gather(retelling(rig).tell_again(EVER, now()), rig.feed(command("r-1", f"N{number}")))

    numbers = [int(number) for _, number, _ in await told(rig)]
    assert numbers == sorted(numbers)
    assert numbers[-1] == 21


async def test_what_a_release_without_the_table_has_published_is_taken_from_the_journal(rig: Rig) -> None:
    await rig.feed(command("r-1", "A"), command("r-1", "B"), command("r-2", "C"), command("r-2", "D"))
    before = await told(rig)
    await rig.rows("DELETE FROM directory_facts WHERE key = 'r-1' RETURNING 1")
    await rig.rows("UPDATE directory_facts SET sequence = 1, payload = 'older' WHERE key = 'r-2' RETURNING 1")

    assert await retelling(rig).catch_up() == 2
    await retelling(rig).tell_again(EVER, now())

    assert (await told(rig))[4:] == [before[1], before[3]]


async def test_a_reader_passes_over_what_it_has_and_takes_what_it_missed(rig: Rig, new_database: NewDatabase) -> None:
    reader = await following(new_database)
    await rig.feed(command("r-1", "A"), command("r-1", "B"))
    first, second = await published(rig)
    await retelling(rig).tell_again(EVER, now())
    again = (await published(rig))[2]

    await reader.feed(first)
    await reader.feed(again)
    await reader.feed(second)

    assert await reader.rows("SELECT name, version FROM regions") == [("B", 2)]
    assert await reader.rows("SELECT count(*) FROM parked") == [(0,)]
    assert await reader.rows("SELECT count(*) FROM inbox") == [(3,)]


async def following(new_database: NewDatabase) -> Rig:
    """A service that keeps a copy of the regions."""
    dsn = await new_database([CHASSIS_MIGRATIONS])
    service = Service("reader", tables=(), replicas=(Region,))
    service.replicate(RegionUpserted, Region)
    await _execute(dsn, REPLICA)
    return await make_rig(dsn, service)


async def _execute(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(statement)
    await connection.close()


async def published(rig: Rig) -> list[FakeRecord]:
    """The records that a relay makes of the outbox."""
    return [
        FakeRecord(topic, key.encode(), payload.encode(), _pairs(headers))
        for topic, key, headers, payload in await rig.rows(OUTBOX)
    ]


def _pairs(headers: str) -> list[tuple[str, bytes | None]]:
    lines = (line.partition("\t") for line in headers.splitlines())
    return [(name, value.encode()) for name, _, value in lines]


async def test_after_another_relay_has_taken_over_what_may_have_been_under_way_is_told_again(rig: Rig) -> None:
    telling = Retelling(rig.pool, "staffing", asyncio.Event(), after_takeover_seconds=0)
    await telling.look()
    await rig.feed(command("r-1", "A"))
    await telling.look()
    assert len(await told(rig)) == 1

    async with owner_of_a_bucket(rig):
        await telling.look()
        assert len(await told(rig)) == 2
        await telling.look()
        assert len(await told(rig)) == 2

    async with owner_of_a_bucket(rig):
        await telling.look()
    assert len(await told(rig)) == 3


@asynccontextmanager
async def owner_of_a_bucket(rig: Rig) -> AsyncIterator[None]:
    """A session that owns a bucket as a relay does."""
    connection = await asyncpg.connect(rig.dsn)
    await Buckets(connection).balance()
    yield
    await connection.close()


async def test_everything_is_told_again_once_a_night(rig: Rig) -> None:
    telling = Retelling(rig.pool, "staffing", asyncio.Event())
    await rig.feed(command("r-1", "A"))
    await rig.rows("UPDATE directory_facts SET told_at = told_at - interval '25 hours' RETURNING 1")

    await telling.look()
    await telling.look()

    assert len(await told(rig)) == 2


def test_night_is_when_it_is_night_in_the_offices() -> None:
    morning = datetime(2026, 3, 2, 7, 59, tzinfo=UTC)

    assert last_night(morning) == datetime(2026, 3, 1, 8, tzinfo=UTC)
    assert last_night(morning + timedelta(minutes=1)) == datetime(2026, 3, 2, 8, tzinfo=UTC)
