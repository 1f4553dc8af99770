"""What operators do, without HTTP: the parking lot and the unreadable records of one service."""

from dataclasses import replace

import pytest
from fastapi import HTTPException
from pipeline_rig import Anybody, Rig, command, headed, small_service

from chassis.clock import Clock
from chassis.operations import Choice, Discard, Operations, Place, Rebuild, Redrive, Resend
from chassis.reading import Reader

LANE = "staffing.commands/north"
PREFIX = "elsewhere."


def operations(rig: Rig, prefix: str = "") -> Operations:
    service = small_service()
    return Operations(service, Reader(service, Anybody(), Clock(), prefix), Anybody(), rig.pipeline)


async def test_lanes_are_chosen_by_each_of_their_marks(rig: Rig) -> None:
    await rig.outcomes(command("north", "raise"), command("south", "raise"))
    (group,) = await operations(rig).groups()

    for choice in (Choice(), Choice(type="UpsertRegion"), Choice(fingerprint=group["fingerprint"])):
        assert len(await operations(rig).lanes(choice)) == 2
    assert [each["lane"] for each in await operations(rig).lanes(Choice(lane=LANE))] == [LANE]
    assert await operations(rig).lanes(Choice(type="UpsertCounty")) == []


async def test_a_rehearsal_names_what_fails_again_and_changes_nothing(rig: Rig) -> None:
    await rig.outcomes(command("north", "raise"), command("north", "B"))
    before = await rig.rows("SELECT lane, state, attempts, next_try_at FROM lanes")

    told = await operations(rig).redrive(Redrive(), "op")

    assert (told["lanes"], told["messages_done"], list(told["fails_again"].values())) == (1, 0, [1])
    assert await rig.rows("SELECT lane, state, attempts, next_try_at FROM lanes") == before
    assert await rig.rows("SELECT count(*) FROM audit") == [(0,)]


async def test_lanes_are_tried_again_at_the_rate_that_was_asked_for(rig: Rig) -> None:
    await rig.outcomes(*(command(f"r{number}", "raise") for number in range(4)))

    await operations(rig).redrive(Redrive(dry_run=False, per_second=2), "op")

    query = "SELECT round(extract(epoch FROM next_try_at - min(next_try_at) OVER ()), 1)::float FROM lanes ORDER BY 1"
    assert await rig.rows(query) == [(0.0,), (0.5,), (1.0,), (1.5,)]


async def test_who_did_it_is_on_record(rig: Rig) -> None:
    await rig.outcomes(command("north", "raise"))

    await operations(rig).redrive(Redrive(dry_run=False), "op-1")
    await operations(rig).discard(Discard(lane=LANE, reason="because"), "op-2")

    rows = await rig.rows("SELECT actor, sender, action FROM audit WHERE command_id IS NULL ORDER BY id")
    assert rows == [("op-1", "operator", "redrive"), ("op-2", "operator", "discard")]


async def test_nothing_to_discard_is_said_and_put_on_record(rig: Rig) -> None:
    with pytest.raises(HTTPException, match="404"):
        await operations(rig).discard(Discard(lane=LANE, reason="because"), "op")

    assert await rig.rows("SELECT action, outcome FROM audit") == [("discard", "nothing parked")]


async def test_of_an_unreadable_record_only_its_envelope_is_shown(rig: Rig) -> None:
    record = headed({"ce_type": None, "ce_source": b"\xff", "content-type": b"secret"})
    await rig.feed(record)

    shown = await operations(rig).described(Place(topic=record.topic, partition=0, offset=record.offset))

    states = shown["headers"]
    assert (states["ce_type"], states["ce_source"], states["content-type"]) == ("null", "no UTF-8", "there")
    assert (states["ce_id"], states["ce_sequence"]) == (dict(record.headers)["ce_id"].decode(), "missing")
    assert "secret" not in str(shown)


@pytest.mark.parametrize("prefix", ["", PREFIX])
async def test_a_record_put_right_is_done_once_whatever_the_topics_are_called(rig: Rig, prefix: str) -> None:
    record = headed({"ce_type": None})
    record.topic = prefix + record.topic
    own = replace(rig, reader=Reader(small_service(), Anybody(), Clock(), prefix))
    await own.feed(record)
    wanted = Resend(topic="staffing.commands", partition=0, offset=record.offset, headers={"ce_type": "UpsertRegion"})

    outcomes = [(await operations(rig, prefix).resend(wanted, "op"))["outcome"] for _ in range(2)]

    assert outcomes == ["accepted", "done"]
    assert await rig.rows("SELECT name FROM regions") == [("North",)]
    assert await rig.rows("SELECT count(*) FROM inbox") == [(1,)]


async def test_a_record_that_is_still_unreadable_is_not_handled(rig: Rig) -> None:
    record = headed({"ce_type": None})
    await rig.feed(record)

    with pytest.raises(HTTPException, match="still unreadable: headers"):
        await operations(rig).resend(Resend(topic=record.topic, partition=0, offset=record.offset), "op")

    assert await rig.rows("SELECT resent_at FROM unreadable") == [(None,)]


async def test_roll_ups_are_compared_first_and_put_right_on_demand(rig: Rig) -> None:
    await rig.rows("INSERT INTO tallies VALUES ('none', 'state', '2026-03-02', '', 0, 3, 0)")

    checked = await operations(rig).rebuild_rollups(Rebuild(), "op")
    done = await operations(rig).rebuild_rollups(Rebuild(dry_run=False), "op")
    again = await operations(rig).rebuild_rollups(Rebuild(), "op")

    assert [each["wrong_cells"] for each in (checked, done, again)] == [1, 1, 0]
    assert await rig.rows("SELECT actor, action, outcome FROM audit") == [("op", "rebuild-rollups", "1 cells")]


async def test_roll_ups_are_counted_by_one_at_a_time(rig: Rig) -> None:
    async with rig.pool.acquire() as other:
        await other.execute("SELECT pg_advisory_lock($1, 0)", 0x6362_0005)
        with pytest.raises(HTTPException, match="409"):
            await operations(rig).rebuild_rollups(Rebuild(), "op")
        await other.execute("SELECT pg_advisory_unlock_all()")
