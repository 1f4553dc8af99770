"""Roll-ups are what a count of all states says, whatever happened on the way."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date, timedelta

import asyncpg
import pytest
import pytest_asyncio
from pipeline_rig import Rig, command, make_rig, small_service

import staffing.app
from access.directory import County, Region
from casebus_contracts import RegionUpserted, UpsertRegion
from casebus_testing.plugin import NewDatabase
from chassis.ids import new_id
from chassis.retries import Retries
from chassis.rules import Cells, Counts, Decision, decide, replace
from chassis.tallies import Recount, UnderWay, add, recount, sorted_rows
from chassis.wiring import Service, WiringError, change, count

DAY = date(2026, 3, 2)
SHOWN = "SELECT label, n, total FROM tallies WHERE n <> 0 OR total <> 0 ORDER BY label"


def by_name(region: Region) -> Cells:
    """A region counts under its name and adds the length of its name."""
    return ((("names", "state", DAY, region.name, 0), len(region.name)),)


def counting_service() -> Service:
    service = small_service()
    service.tally(Region, by_name, "name")
    return service


def mended_service() -> Service:
    """The next release, in which nothing raises."""
    service = Service("staffing", tables=(Region,))
    service.on(UpsertRegion, take, region=change(Region, "region_id"))
    service.tally(Region, by_name, "name")
    return service


def take(region: Region | None, command: UpsertRegion) -> Decision:
    kept = Region(command.region_id, command.name) if region is None else replace(region, name=command.name)
    return decide(kept, RegionUpserted(region_id=command.region_id, name=command.name))


@pytest_asyncio.fixture
async def counting(new_database: NewDatabase) -> AsyncIterator[Rig]:
    """A pipeline that keeps tallies, over a database of its own."""
    made = await make_rig(await new_database([staffing.app.MIGRATIONS]), counting_service())
    yield made
    await asyncio.wait_for(made.pool.close(), 10)


async def wrong_cells(rig: Rig) -> int:
    return (await rig.pipeline.recount(correct=False)).wrong_cells


async def test_a_state_counts_where_it_is_and_no_longer_where_it_was(counting: Rig) -> None:
    await counting.feed(command("north", "A"), command("south", "A"))

    await counting.feed(command("north", "Bee"))

    assert await counting.rows(SHOWN) == [("A", 1, 1), ("Bee", 1, 3)]


async def test_what_a_batch_makes_and_changes_counts_once(counting: Rig) -> None:
    await counting.feed(command("north", "A"), command("north", "B"), command("north", "C"))

    assert await counting.rows(SHOWN) == [("C", 1, 1)]


async def test_a_repeat_counts_nothing(counting: Rig) -> None:
    record = command("north", "A", message_id=new_id())
    await counting.feed(record)

    await counting.feed(record)

    assert await counting.rows(SHOWN) == [("A", 1, 1)]


async def test_a_parked_message_counts_when_it_is_done_and_once(counting: Rig) -> None:
    await counting.feed(command("north", "A"))
    await counting.feed(command("north", "raise"), command("north", "B"))
    parked = await counting.rows(SHOWN)
    mended = await make_rig(counting.dsn, mended_service())
    await counting.rows("UPDATE lanes SET next_try_at = now() RETURNING lane")

    await Retries(mended.pool, mended.pipeline, mended_service(), probe_seconds=0.0).look()
    await asyncio.wait_for(mended.pool.close(), 10)

    assert parked == [("A", 1, 1)]
    assert await counting.rows(SHOWN) == [("B", 1, 1)]


async def test_a_transaction_that_is_undone_counts_nothing(counting: Rig) -> None:
    async def fails(batch: object, connection: asyncpg.Connection) -> None:
        await counting.feed(command("south", "A"))
        raise ValueError("undone")

    await counting.pipeline.transact(fails)
    await counting.pipeline.rehearse(lambda batch, _: batch.run([]))

    assert await wrong_cells(counting) == 0


async def test_two_copies_that_change_the_same_cells_count_all(counting: Rig) -> None:
    other = await make_rig(counting.dsn, counting_service())
    try:
        for number in range(20):
            names = "AB" if number % 2 else "BA"
            await asyncio.gather(
                *(
                    rig.feed(*(command(f"{rig is other}-{number}-{each}", each) for each in order))
                    for rig, order in ((counting, names), (other, names[::-1]))
                )
            )
    finally:
        await asyncio.wait_for(other.pool.close(), 10)

    assert await counting.rows(SHOWN) == [("A", 40, 40), ("B", 40, 40)]


async def test_two_copies_that_race_for_one_state_count_it_once(counting: Rig) -> None:
    other = await make_rig(counting.dsn, counting_service())
    try:
        for number in range(20):
            await asyncio.gather(
                *(rig.feed(command(f"r{number}", name)) for rig, name in ((counting, "A"), (other, "B")))
            )
    finally:
        await asyncio.wait_for(other.pool.close(), 10)

    assert sum(row[1] for row in await counting.rows(SHOWN)) == 20
    assert await wrong_cells(counting) == 0


async def test_a_recount_finds_and_corrects_what_somebody_changed(counting: Rig) -> None:
    await counting.feed(command("north", "A"), command("south", "B"))
    await counting.rows("UPDATE tallies SET n = 7 WHERE label = 'A' RETURNING n")
    await counting.rows("DELETE FROM tallies WHERE label = 'B' RETURNING n")

    found = await counting.pipeline.recount(correct=False)
    await counting.pipeline.recount(correct=True)

    assert found == Recount(states=2, wrong_cells=2)
    assert await counting.rows(SHOWN) == [("A", 1, 1), ("B", 1, 1)]


async def test_an_empty_table_is_filled_from_the_states(counting: Rig) -> None:
    await counting.feed(*(command(f"r{number}", "ABC"[number % 3]) for number in range(30)))
    before = await counting.rows(SHOWN)
    await counting.rows("DELETE FROM tallies RETURNING n")

    await counting.pipeline.recount(correct=True)

    assert await counting.rows(SHOWN) == before


async def test_what_is_committed_during_a_recount_is_neither_lost_nor_counted_twice(counting: Rig) -> None:
    await counting.feed(*(command(f"r{number}", "A") for number in range(1_200)))
    await counting.rows("UPDATE tallies SET n = n + 5 RETURNING n")
    stop = asyncio.Event()

    async def go_on() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            await counting.feed(command(f"r{number % 1_200}", f"B{number % 7}"), command(f"n{number}", "A"))

    busy = asyncio.create_task(go_on())
    await counting.pipeline.recount(correct=True)
    stop.set()
    await busy

    assert await wrong_cells(counting) == 0


async def test_only_one_counts_at_a_time(counting: Rig) -> None:
    async with counting.pool.acquire() as one, counting.pool.acquire() as other:
        await one.execute("SELECT pg_advisory_lock($1, 0)", 0x6362_0005)
        with pytest.raises(UnderWay):
            await recount(other, counting_service(), {}, correct=True)
        await one.execute("SELECT pg_advisory_unlock_all()")


def test_rows_come_in_one_order_and_without_those_that_change_nothing() -> None:
    changes: dict[tuple[str, str, date, str, int], list[int]] = {}
    north, south = Region("n", "North"), Region("s", "South")
    add(changes, by_name(south), 1)
    add(changes, by_name(north), 1)
    add(changes, by_name(replace(north, name="South")), -1)

    assert sorted_rows(changes) == [("names", "state", DAY, "North", 0, 1, 5)]


def test_a_tally_follows_from_fields_of_a_table_of_the_service() -> None:
    with pytest.raises(WiringError, match="Region has no field nmae"):
        counting_service().tally(Region, lambda _: (), "nmae")
    with pytest.raises(WiringError, match="Region has no field TABLE"):
        counting_service().tally(Region, lambda _: (), "TABLE")
    with pytest.raises(WiringError, match="County is no table"):
        counting_service().tally(County, by_name, "name")


def test_a_table_is_tallied_once_by_a_function_and_by_some_field() -> None:
    with pytest.raises(WiringError, match="twice by by_name"):
        counting_service().tally(Region, by_name, "name")
    with pytest.raises(WiringError, match="or by no field"):
        counting_service().tally(Region, lambda _: ())


async def test_a_state_is_counted_anew_only_when_a_field_it_counts_by_has_changed(new_database: NewDatabase) -> None:
    counted: list[int] = []

    def by_version(region: Region) -> Cells:
        counted.append(region.version)
        return by_name(region)

    service = Service("staffing", tables=(Region,))
    service.on(UpsertRegion, take, region=change(Region, "region_id"))
    service.tally(Region, by_version, "id")
    service.tally(Region, by_name, "name")
    rig = await make_rig(await new_database([staffing.app.MIGRATIONS]), service)

    await rig.feed(command("north", "A"))
    await rig.feed(command("north", "B"))

    assert counted == [1]
    assert await rig.rows(SHOWN) == [("A", 1, 1), ("B", 1, 1)]
    await asyncio.wait_for(rig.pool.close(), 10)


async def test_a_rule_may_ask_how_many_count_at_a_place_over_some_days(counting: Rig) -> None:
    asked: list[Counts] = []

    def look(region: Region | None, counts: Counts, command: UpsertRegion) -> Decision:
        asked.append(counts)
        return take(region, command)

    service = Service("staffing", tables=(Region,))
    service.tally(Region, by_name, "name")
    days = {"within": (DAY, DAY), "before": (date.min, DAY - timedelta(days=1))}
    await counting.feed(command("north", "A"), command("south", "A"), command("east", "B"))
    service.on(
        UpsertRegion,
        look,
        region=change(Region, "region_id"),
        counts=count(lambda *_: "state", "names", "other", days=lambda now: days["within"]),
    )
    curious = await make_rig(counting.dsn, service)

    await curious.feed(command("west", "A"))
    days["within"] = days["before"]
    await curious.feed(command("far", "A"))
    await asyncio.wait_for(curious.pool.close(), 10)

    assert asked == [{("names", "A"): 2, ("names", "B"): 1}, {}]


def test_counts_are_wired_to_counts() -> None:
    def look(region: Region | None, counts: Region, command: UpsertRegion) -> Decision:
        return take(region, command)

    service = Service("staffing", tables=(Region,))
    with pytest.raises(WiringError):
        service.on(
            UpsertRegion,
            look,
            region=change(Region, "region_id"),
            counts=count("region_id", "names", days=lambda now: (DAY, DAY)),
        )
