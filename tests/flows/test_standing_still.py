"""One of two copies of intake stands still, inside a transaction or as owner of relay buckets, and later goes on."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio

from casebus_testing.campaign.blows import sleep_as_relay_owner, sleep_inside_transaction
from casebus_testing.campaign.field import COPIES, SENDERS, Field, Missed
from casebus_testing.campaign.load import Load
from casebus_testing.campaign.run import under_load
from casebus_testing.checker import Places, Verdict, check
from casebus_testing.places import describe
from casebus_testing.sample.loading import load_sample_directory
from casebus_testing.settling import settled
from casebus_testing.stack import Stack
from casebus_testing.system import System

TAKEN_OVER_SECONDS = 30
TRIES = 5


@pytest_asyncio.fixture(scope="module")
async def two_copies(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[System]:
    """Two copies of intake, and staffing."""
    place = tmp_path_factory.mktemp("still") / ".run"
    services = ("staffing", "intake")
    async with await System.launch(place, stack=stack, prefix="still.", services=services, senders=SENDERS) as system:
        await load_sample_directory(system)
        await system.start("intake", name=COPIES[1])
        yield system


async def struck(system: System, blow: Callable[[Field], Awaitable[float]]) -> tuple[float, Verdict]:
    """Seconds until somebody else had taken over, and what the checker finds once the sleeper has gone on."""
    chance = random.Random("standing still")
    async with under_load(system, Load(chance, pause=0.2), chance) as field:
        seconds = await at_last(blow, field)
    await settled(system, 60)
    return seconds, await check(Places.of(describe(system)), settle_seconds=30)


async def at_last(blow: Callable[[Field], Awaitable[float]], field: Field) -> float:
    """Where a process stops is chance: again until it stopped where it should."""
    for _ in range(TRIES):
        try:
            return await blow(field)
        except Missed as why:
            missed = why
    raise missed


async def test_a_copy_that_stands_still_inside_a_transaction_is_replaced_and_later_does_nothing_twice(
    two_copies: System,
) -> None:
    seconds, verdict = await struck(two_copies, sleep_inside_transaction)

    assert seconds < TAKEN_OVER_SECONDS
    assert verdict.clean, verdict.report()


async def test_an_owner_of_relay_buckets_that_stands_still_is_replaced_and_later_disturbs_no_order(
    two_copies: System,
) -> None:
    seconds, verdict = await struck(two_copies, sleep_as_relay_owner)

    assert seconds < TAKEN_OVER_SECONDS
    assert verdict.clean, verdict.report()
