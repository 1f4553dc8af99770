"""A fresh pipeline for each test."""

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio
from pipeline_rig import Rig, make_rig

import staffing.app
from casebus_testing.plugin import NewDatabase


@pytest_asyncio.fixture
async def rig(new_database: NewDatabase) -> AsyncIterator[Rig]:
    """A pipeline over a database of its own."""
    made = await make_rig(await new_database([staffing.app.MIGRATIONS]))
    yield made
    await asyncio.wait_for(made.pool.close(), 10)
