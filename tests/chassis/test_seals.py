"""Days that are over are sealed once, in order, each seal tied to the one before."""

import asyncio
from datetime import UTC, date, datetime, timedelta

from pipeline_rig import Rig, command

from chassis.partitions import keep_partitions
from chassis.seals import Sealer

TODAY = datetime.now(UTC).date()
DAYS = "SELECT day FROM seals ORDER BY day"


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


async def a_day(rig: Rig, day: date, *names: str) -> None:
    """One region is renamed so often; what was written down lies on `day`. An operator is refused once."""
    async with rig.pool.acquire() as connection:
        await keep_partitions(connection, datetime.combine(day, datetime.min.time(), UTC))
    for name in names:
        await rig.feed(command(f"r-{name}", name))
    await rig.feed(command("north", "refuse"))
    for table in ("journal", "audit"):
        query = f"UPDATE {table} SET recorded_at = $1::date + interval '9 hours' WHERE recorded_at >= $2::date"
        await rig.rows(query, day, TODAY)


async def test_every_day_since_the_first_row_is_sealed_and_today_is_not(rig: Rig) -> None:
    await a_day(rig, ago(4), "A", "B")
    await a_day(rig, ago(2), "C")
    await rig.feed(command("r-D", "D"))

    sealed = await Sealer(rig.pool).seal_missing()

    assert [(seal.day, seal.journal_rows, seal.aggregates, seal.audit_rows) for seal in sealed][:3] == [
        (ago(4), 2, 2, 1),
        (ago(3), 0, 0, 0),
        (ago(2), 1, 1, 1),
    ]
    assert TODAY not in {row[0] for row in await rig.rows(DAYS)}


async def test_each_seal_holds_the_hash_of_the_one_before(rig: Rig) -> None:
    await a_day(rig, ago(5), "A")

    first, second, *_ = await Sealer(rig.pool).seal_missing()

    assert (first.previous, second.previous) == ("", first.hash)


async def test_a_second_look_seals_nothing(rig: Rig) -> None:
    await a_day(rig, ago(3), "A")
    await Sealer(rig.pool).seal_missing()

    assert await Sealer(rig.pool).seal_missing() == []


async def test_two_copies_at_once_seal_every_day_once(rig: Rig) -> None:
    await a_day(rig, ago(9), "A")

    both = await asyncio.gather(Sealer(rig.pool).seal_missing(), Sealer(rig.pool).seal_missing())

    await Sealer(rig.pool).seal_missing()
    days = [seal.day for sealed in both for seal in sealed]
    assert len(days) == len(set(days))
    assert [row[0] for row in await rig.rows(DAYS)][:8] == [ago(9 - number) for number in range(8)]


async def test_without_a_row_nothing_is_sealed(rig: Rig) -> None:
    assert await Sealer(rig.pool).seal_missing() == []
