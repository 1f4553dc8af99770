"""A newer release of intake, whose migration adds a NOT NULL column, works beside the one before it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from flow import Flow, WalkIn, flow_of
from storm import story

from casebus_testing.checker import Places, check
from casebus_testing.places import describe
from casebus_testing.releases import COLUMN, newer_intake
from casebus_testing.sample.loading import load_sample_directory
from casebus_testing.settling import settled
from casebus_testing.stack import Stack
from casebus_testing.system import System

NEWER, OLDER = "intake-newer", "intake"
VISITORS = 12


@dataclass(frozen=True)
class Blend:
    """Both releases at work on one database, and what each wrote down first."""

    flow: Flow
    first_by: dict[str, list[WalkIn]]


@pytest_asyncio.fixture(scope="module")
async def blend(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Blend]:
    """Somebody has come before the newer release; then visits begin with one release and go on with the other."""
    place = tmp_path_factory.mktemp("blend")
    services = ("staffing", "intake")
    async with await System.launch(place / ".run", stack=stack, prefix="blend.", services=services) as system:
        await load_sample_directory(system)
        async with flow_of(system) as flow:
            before = WalkIn()
            await flow.accepted(before.create())
            await system.start("intake", name=NEWER, env=newer_intake(place / "newer"))
            first_by = {OLDER: [before], NEWER: []}
            for release, other in ((OLDER, NEWER), (NEWER, OLDER)):
                for _ in range(VISITORS):
                    walk_in = WalkIn()
                    await visit(flow, walk_in, release, other)
                    first_by[release].append(walk_in)
            yield Blend(flow, first_by)


async def visit(flow: Flow, walk_in: WalkIn, first: str, then: str) -> None:
    """Written down by one release, over its door; the rest by the other and over Kafka, by whoever reads it."""
    create, check_in, *others = story(walk_in)
    for order, release in ((create, first), (check_in, then)):
        status, receipt = await flow.post(order, release)
        assert (status, receipt["outcome"]) == (200, "accepted")
    await flow.accepted(*others)


async def written_by(blend: Blend, release: str) -> set[str]:
    """What the new column says of the requests that a release wrote down first."""
    ids = [walk_in.request_id for walk_in in blend.first_by[release]]
    rows = await blend.flow.rows("intake", f"SELECT DISTINCT {COLUMN} FROM requests WHERE id = ANY($1)", ids)
    return {value for (value,) in rows}


async def test_what_the_older_release_writes_has_the_default_of_the_new_column(blend: Blend) -> None:
    assert await written_by(blend, OLDER) == {"older"}


async def test_the_older_release_leaves_what_it_does_not_know_as_it_is(blend: Blend) -> None:
    assert await written_by(blend, NEWER) == {"newer"}


async def test_with_two_releases_at_work_nothing_is_lost_and_nothing_doubled(blend: Blend) -> None:
    await settled(blend.flow.system)

    verdict = await check(Places.of(describe(blend.flow.system)), settle_seconds=20)

    assert verdict.clean, verdict.report()


async def test_the_older_release_starts_again_on_the_newer_tables(blend: Blend) -> None:
    system = blend.flow.system
    await system.end(NEWER)
    await system.end(OLDER)
    await system.start(OLDER)

    await blend.flow.accepted(*story(WalkIn()))
