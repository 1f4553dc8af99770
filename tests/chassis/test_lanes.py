"""Parked lanes: tried again in order, quarantined, hurried, discarded, and the circuit that spares them."""

import asyncio

import pytest
from pipeline_rig import Rig, command, make_rig, small_service

from access.directory import Region
from casebus_contracts import RegionUpserted, UpsertRegion
from chassis.circuit import Circuit, CircuitSettings
from chassis.items import Item, Kind, Origin
from chassis.lanes import MOST_ATTEMPTS
from chassis.retries import Retries
from chassis.rules import Decision, decide, later
from chassis.wiring import Service, change

LANE = "staffing.commands/north"


def mended_service(rule: object = None) -> Service:
    """The service of the next release, in which nothing raises."""
    service = Service("staffing", tables=(Region,))
    service.on(UpsertRegion, rule or take, region=change(Region, "region_id"))  # type: ignore[arg-type]
    return service


def take(region: Region | None, command: UpsertRegion) -> Decision:
    name = command.name if region is None else f"{region.name}+{command.name}"
    kept = Region(command.region_id, name) if region is None else _named(region, name)
    return decide(kept, RegionUpserted(region_id=command.region_id, name=name))


def _named(region: Region, name: str) -> Region:
    from dataclasses import replace

    return replace(region, name=name)


def retries(rig: Rig, service: Service) -> Retries:
    return Retries(rig.pool, rig.pipeline, service, probe_seconds=0.0)


async def make_due(rig: Rig) -> None:
    await rig.rows("UPDATE lanes SET next_try_at = now()")


async def test_after_the_repair_the_lane_runs_in_order_and_everybody_is_answered(rig: Rig) -> None:
    await rig.outcomes(command("north", "raise"), command("north", "B"), command("north", "C"))
    mended = await make_rig(rig.dsn, mended_service())
    await make_due(mended)

    await retries(mended, mended_service()).look()

    assert await rig.rows("SELECT name FROM regions") == [("raise+B+C",)]
    assert await rig.rows("SELECT state, receipt::json->>'outcome' FROM inbox") == [("done", "accepted")] * 3
    assert await rig.rows("SELECT count(*) FROM lanes") == [(0,)]
    assert await rig.rows("SELECT count(*) FROM parked") == [(0,)]
    await mended.pool.close()


async def test_a_lane_that_fails_again_waits_longer_and_answers_nobody_twice(rig: Rig) -> None:
    await rig.outcomes(command("north", "raise"), command("north", "B"))
    await make_due(rig)

    await retries(rig, small_service()).look()

    assert await rig.rows("SELECT attempts, next_try_at > now() FROM lanes") == [(1, True)]
    assert await rig.rows("SELECT count(*) FROM parked") == [(2,)]
    assert await rig.rows("SELECT count(*) FROM outbox") == [(2,)]


async def test_after_the_last_attempt_the_lane_is_quarantined(rig: Rig) -> None:
    await rig.outcomes(command("north", "raise"))
    for _ in range(MOST_ATTEMPTS):
        await make_due(rig)
        await retries(rig, small_service()).look()

    assert await rig.rows("SELECT state FROM lanes") == [("quarantined",)]
    await make_due(rig)
    assert await retries(rig, small_service()).look() == 0


async def test_a_row_the_database_refuses_counts_as_a_failed_attempt(rig: Rig) -> None:
    await rig.rows("ALTER TABLE regions ADD CONSTRAINT short CHECK (length(name) < 8)")
    await rig.outcomes(command("north", "far too long"))
    await make_due(rig)

    await retries(rig, small_service()).look()

    assert await rig.rows("SELECT attempts, fingerprint LIKE 'CheckViolation%' FROM lanes") == [(1, True)]


async def test_a_message_behind_a_lane_that_has_just_been_emptied_runs(rig: Rig) -> None:
    await rig.outcomes(command("north", "raise"))
    mended = await make_rig(rig.dsn, mended_service())
    await make_due(mended)
    await retries(mended, mended_service()).look()

    assert await mended.outcomes(command("north", "B")) == ["accepted"]
    await mended.pool.close()


async def test_a_lane_being_run_holds_back_whoever_would_append_to_it(rig: Rig) -> None:
    await rig.outcomes(command("north", "raise"))
    mended = await make_rig(rig.dsn, mended_service())
    await make_due(mended)

    for _ in range(20):
        retried, answered = await asyncio.gather(
            retries(mended, mended_service()).look(), mended.outcomes(command("north", "B"))
        )
        assert answered in (["accepted"], ["waiting"]), retried
        await make_due(mended)
    await retries(mended, mended_service()).look()

    assert await rig.rows("SELECT count(*) FROM parked") == [(0,)]
    ((name,),) = await rig.rows("SELECT name FROM regions")
    assert name.split("+") == ["raise"] + ["B"] * 20
    await mended.pool.close()


async def test_what_waits_for_an_aggregate_is_tried_as_soon_as_that_moves(rig: Rig) -> None:
    def after_south(region: Region | None, command: UpsertRegion) -> Decision:
        if command.region_id == "north" and not arrived:
            return later("south", "no south yet")
        return take(region, command)

    arrived: list[str] = []
    service = mended_service(after_south)
    waiting = await make_rig(rig.dsn, service)
    assert await waiting.outcomes(command("north", "N")) == ["parked"]
    await waiting.rows("UPDATE lanes SET next_try_at = now() + interval '1 hour'")

    arrived.append("south")
    await waiting.outcomes(command("south", "S"))
    await retries(waiting, service).look()

    assert await rig.rows("SELECT id FROM regions ORDER BY id") == [("north",), ("south",)]
    await waiting.pool.close()


async def test_one_poison_key_among_a_thousand_leaves_the_circuit_closed(rig: Rig) -> None:
    await rig.feed(*(command(f"r{number}", "raise" if number == 5 else "A") for number in range(100)))

    assert not rig.pipeline.circuit.is_open


async def test_a_release_that_fails_a_third_of_its_lanes_opens_the_circuit(rig: Rig) -> None:
    await rig.feed(*(command(f"r{number}", "raise" if number % 3 == 0 else "A") for number in range(100)))

    assert rig.pipeline.circuit.is_open


async def test_the_circuit_closes_once_the_failed_lanes_pass(rig: Rig) -> None:
    await rig.feed(*(command(f"r{number}", "raise" if number % 3 == 0 else "A") for number in range(100)))
    await retries(rig, small_service()).probe()
    assert rig.pipeline.circuit.is_open

    mended = await make_rig(rig.dsn, mended_service())
    mended.pipeline.circuit.reason = "as before"
    await retries(mended, mended_service()).probe()

    assert not mended.pipeline.circuit.is_open
    await mended.pool.close()


def attempt(lane: str, failed: bool) -> Item:
    from datetime import UTC, datetime

    item = Item(Kind.COMMAND, "X", "id", "s", "a", lane, lane, datetime.now(UTC), None, b"", Origin("t", 0, 0))
    item.attempted, item.failed = True, failed
    return item


@pytest.mark.parametrize(("failing", "opens"), [(19, False), (20, True)])
def test_the_circuit_opens_at_twenty_lanes(failing: int, opens: bool) -> None:
    circuit = Circuit()
    circuit.note(attempt(f"l{number}", number < failing) for number in range(60))

    assert circuit.is_open is opens


@pytest.mark.parametrize(("lanes", "opens"), [(100, True), (101, False)])
def test_the_circuit_opens_at_a_fifth_of_the_lanes(lanes: int, opens: bool) -> None:
    circuit = Circuit()
    circuit.note(attempt(f"l{number}", number < 20) for number in range(lanes))

    assert circuit.is_open is opens


def test_failures_older_than_the_window_are_forgotten() -> None:
    moment = [0.0]
    circuit = Circuit(CircuitSettings(window_seconds=600), lambda: moment[0])
    circuit.note(attempt(f"l{number}", True) for number in range(19))
    moment[0] = 601.0
    circuit.note([attempt("last", True)])

    assert not circuit.is_open


def test_a_full_parking_lot_opens_the_circuit() -> None:
    circuit = Circuit(CircuitSettings(parked_rows=10))
    circuit.note_parked(10)

    assert circuit.is_open
