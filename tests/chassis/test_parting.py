"""A batch comes apart where its messages share nothing, and nowhere else."""

from collections.abc import Sequence

import pytest
from pipeline_rig import FakeRecord, Rig, command, small_service

from casebus_contracts import CheckIn
from chassis.items import Item
from chassis.parting import WORTH_PARTING, parted
from chassis.rules import Invalid
from chassis.wiring import Service
from intake.handlers import SERVICE as INTAKE

MANY = WORTH_PARTING + 36
SMALL = small_service()


def items(rig: Rig, records: Sequence[FakeRecord]) -> list[Item]:
    read = [rig.reader.read(record) for record in records]
    return [each for each in read if isinstance(each, Item)]


def regions(*names: str) -> list[FakeRecord]:
    return [command(name, f"Region {number}") for number, name in enumerate(names)]


def part_of(parts: list[list[Item]], item: Item) -> int:
    return next(number for number, part in enumerate(parts) if item in part)


async def test_two_parts_of_like_size_hold_every_message_once_in_its_order(rig: Rig) -> None:
    all_ = items(rig, regions(*(f"r{number}" for number in range(MANY))))

    parts = parted(all_, SMALL)

    assert [len(part) for part in parts] == [MANY // 2, MANY // 2]
    assert sorted(all_.index(item) for part in parts for item in part) == list(range(MANY))
    assert all(part == sorted(part, key=all_.index) for part in parts)


async def test_messages_of_one_aggregate_stay_together_however_they_are_mixed(rig: Rig) -> None:
    all_ = items(rig, regions(*(f"r{number % 7}" for number in range(MANY))))

    parts = parted(all_, SMALL)

    for name in {item.key for item in all_}:
        assert len({part_of(parts, item) for item in all_ if item.key == name}) == 1


async def test_messages_of_one_lane_stay_together_though_no_rule_will_see_them(rig: Rig) -> None:
    all_ = items(rig, regions(*(f"r{number % 7}" for number in range(MANY))))
    for item in all_:
        item.answer = Invalid("name", "settled before any rule")

    parts = parted(all_, SMALL)

    assert len(parts) == 2
    for name in {item.key for item in all_}:
        assert len({part_of(parts, item) for item in all_ if item.key == name}) == 1


async def test_the_same_id_twice_stays_together_whatever_it_speaks_of(rig: Rig) -> None:
    twice = command("r1")
    other = command("r2", message_id=dict(twice.headers)["ce_id"].decode())  # type: ignore[union-attr]
    all_ = items(rig, [twice, *regions(*(f"x{number}" for number in range(MANY))), other])

    parts = parted(all_, SMALL)

    assert part_of(parts, all_[0]) == part_of(parts, all_[-1])


async def test_few_messages_and_directory_facts_are_not_parted(rig: Rig) -> None:
    few = items(rig, regions(*(f"r{number}" for number in range(WORTH_PARTING - 1))))
    many = items(rig, regions(*(f"r{number}" for number in range(MANY))))
    many[5].name = next(iter(INTAKE.replicas))

    assert parted(few, SMALL) == [few]
    assert parted(many, INTAKE) == [many]


def made(rig: Rig, service: Service, message: CheckIn) -> Item:
    """An item about this message, as a reader of the service would make it."""
    (item,) = items(rig, [command("north")])
    item.name, item.key = type(message).__name__, str(message.key)
    item.lane, item.message = f"{service.name}.commands/{item.key}", message
    return item


@pytest.mark.parametrize("offices", [1, 8])
async def test_visits_of_one_office_stay_together_for_its_lobby(rig: Rig, offices: int) -> None:
    ids = [f"01956c3a-0000-7000-8000-{number:012d}" for number in range(MANY)]
    visits = [CheckIn(request_id=id_, office_id=f"office-{place % offices}") for place, id_ in enumerate(ids)]

    parts = parted([made(rig, INTAKE, visit) for visit in visits], INTAKE)

    assert len(parts) == min(2, offices)
    where = [{item.message.office_id for item in part} for part in parts]
    assert sum(map(len, where)) == offices


async def test_both_parts_are_done_and_answered(rig: Rig) -> None:
    records = regions(*(f"r{number % 60}" for number in range(MANY)))

    outcomes = await rig.outcomes(*records)

    assert outcomes == ["accepted"] * MANY
    assert await rig.rows("SELECT count(*), sum(version) FROM regions") == [(60, MANY)]
    assert len(await rig.rows("SELECT DISTINCT xmin::text FROM regions")) == 2


async def test_a_culprit_in_one_part_takes_nothing_from_the_other(rig: Rig) -> None:
    records = [*regions(*(f"r{number}" for number in range(MANY))), command("bad", "raise")]

    outcomes = await rig.outcomes(*records)

    assert outcomes == [*["accepted"] * MANY, "parked"]
