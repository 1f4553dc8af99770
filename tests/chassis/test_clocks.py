"""Timers: set, replaced, cancelled and fired, each once, whoever races."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from pipeline_rig import Rig, command, make_rig

from access.directory import Region
from casebus_contracts import RegionUpserted, UpsertRegion
from chassis.progress import ADVANCE, Grace
from chassis.rules import Decision, Due, cancel_timer, decide, set_timer
from chassis.wiring import Service, change
from chassis.workers import DUE, due_item

FAR = datetime(2100, 1, 1, tzinfo=UTC)


def wind(region: Region | None, command: UpsertRegion, now: datetime) -> Decision:
    """The name says what becomes of the clock."""
    timers = (cancel_timer("bell"),) if command.name == "stop" else (set_timer("bell", now - timedelta(seconds=1)),)
    named = Region(command.region_id, command.name) if region is None else replace(region, name=command.name)
    return decide(named, RegionUpserted(region_id=command.region_id, name=command.name), timers=timers)


def ring(region: Region, due: Due, now: datetime) -> Decision:
    """Rings once: the name tells how often."""
    if region.name == "raise":
        raise ValueError("bell")
    assert now == due.due_at
    name = f"{region.name}!"
    return decide(replace(region, name=name), RegionUpserted(region_id=region.id, name=name))


def clockwork() -> Service:
    service = Service("staffing", tables=(Region,))
    service.on(UpsertRegion, wind, region=change(Region, "region_id"))
    service.on_due("bell", ring, region=change(Region, "aggregate_id"))
    return service


async def fire(rig: Rig) -> None:
    async with rig.pool.acquire() as connection:
        due = await connection.fetch(DUE, FAR, 100)
    await rig.pipeline.run([due_item(row) for row in due])


async def names(rig: Rig) -> list[str]:
    return [name for (name,) in await rig.rows("SELECT name FROM regions ORDER BY id")]


async def test_a_clock_that_two_copies_see_rings_once(rig: Rig) -> None:
    copies = [await make_rig(rig.dsn, clockwork()) for _ in range(2)]
    await copies[0].feed(*(command(f"r{number}", "A") for number in range(20)))

    await asyncio.gather(*(fire(copy) for copy in copies))

    assert await names(rig) == ["A!"] * 20
    assert await rig.rows("SELECT count(*) FROM timers") == [(0,)]
    for copy in copies:
        await copy.pool.close()


async def test_a_clock_set_again_while_it_fires_rings_for_its_last_setting_only(rig: Rig) -> None:
    wound = await make_rig(rig.dsn, clockwork())
    await wound.feed(command("north", "A"))
    async with wound.pool.acquire() as connection:
        seen = await connection.fetch(DUE, FAR, 100)
    await wound.feed(command("north", "B"))

    await wound.pipeline.run([due_item(row) for row in seen])
    assert await names(rig) == ["B"]
    await fire(wound)

    assert await names(rig) == ["B!"]
    await wound.pool.close()


async def test_a_clock_cancelled_while_it_fires_is_silent(rig: Rig) -> None:
    wound = await make_rig(rig.dsn, clockwork())
    await wound.feed(command("north", "A"))
    async with wound.pool.acquire() as connection:
        seen = await connection.fetch(DUE, FAR, 100)
    await wound.feed(command("north", "stop"))

    await wound.pipeline.run([due_item(row) for row in seen])

    assert await names(rig) == ["stop"]
    await wound.pool.close()


async def test_setting_and_firing_at_once_never_rings_twice_for_one_setting(rig: Rig) -> None:
    wound, other = await make_rig(rig.dsn, clockwork()), await make_rig(rig.dsn, clockwork())
    for _ in range(20):
        await asyncio.gather(wound.feed(command("north", "A")), fire(other), fire(wound))
    await fire(wound)

    bodies = [body for (body,) in await rig.rows("SELECT body FROM journal ORDER BY sequence")]
    assert not [body for body in bodies if "!!" in body]
    for copy in (wound, other):
        await copy.pool.close()


async def test_a_clock_whose_rule_raises_is_parked_and_does_not_ring_again_by_itself(rig: Rig) -> None:
    wound = await make_rig(rig.dsn, clockwork())
    await wound.feed(command("north", "raise"))

    await fire(wound)
    await fire(wound)

    assert await rig.rows("SELECT lane, type FROM parked") == [("clocks/region/north", "due:bell")]
    await wound.pool.close()


async def test_after_the_clock_was_set_back_inputs_are_read_no_further_than_they_are(rig: Rig) -> None:
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)

    async def read(position: int, minutes: int) -> datetime:
        """A copy says that it has read so far; what stands there afterwards."""
        await rig.rows(f"{ADVANCE} RETURNING 1", ["t"], [0], [position], [noon + timedelta(minutes=minutes)])
        ((until,),) = await rig.rows("SELECT read_until FROM progress")
        return until  # type: ignore[no-any-return]

    assert await read(5, 0) == noon
    assert await read(6, -10) == noon - timedelta(minutes=10)
    assert await read(5, -20) == noon - timedelta(minutes=10)


def test_grace_is_over_only_after_its_seconds_without_a_pause() -> None:
    assert not Grace(60).over(waiting=True)
    assert Grace(0).over(waiting=True)
    assert not Grace(0).over(waiting=False)
