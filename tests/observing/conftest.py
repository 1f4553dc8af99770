"""A system of its own whose services send their traces to this process."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from collector import Collector
from flow import Flow, flow_of

from casebus_testing.sample.loading import load_sample_directory
from casebus_testing.stack import Stack
from casebus_testing.system import System


@pytest.fixture(scope="session")
def collector() -> Iterator[Collector]:
    """Where the spans go."""
    running = Collector()
    yield running
    running.server.shutdown()


@pytest_asyncio.fixture(scope="session")
async def system(stack: Stack, collector: Collector, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[System]:
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.address, "OTEL_BSP_SCHEDULE_DELAY": "100"}
    place = tmp_path_factory.mktemp("observed") / ".run"
    async with await System.launch(place, stack=stack, prefix="observed.", env=env) as running:
        await load_sample_directory(running)
        yield running


@pytest_asyncio.fixture(scope="session")
async def flow(system: System) -> AsyncIterator[Flow]:
    """The system as the tests see it."""
    async with flow_of(system) as connected:
        yield connected
