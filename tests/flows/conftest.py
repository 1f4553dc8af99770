"""One system for all flows: every service as a process of its own, with the sample directory."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio
from flow import Flow, flow_of

from access.keys import NewSender
from casebus_testing.faults import points_of
from casebus_testing.sample.loading import load_sample_directory
from casebus_testing.senders import GUEST
from casebus_testing.stack import Stack
from casebus_testing.system import SERVICES, System

CLINIC = NewSender("clinic", may_send=("CreateRequest",))
"""Another sender, who may do little."""


@pytest.fixture(scope="session")
def system_options(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Without a prefix, so that programs from outside find its topics; its services can be killed at named points."""
    return {"senders": (GUEST, CLINIC), "env_of": points_of(SERVICES, tmp_path_factory.mktemp("points"))}


@pytest_asyncio.fixture(scope="session")
async def flow(system: System) -> AsyncIterator[Flow]:
    """The system as the tests see it."""
    async with flow_of(system) as connected:
        yield connected


QUICK = replace(GUEST, algorithm="ES256")
"""Signs in a tenth of the time."""

PATIENT = {"CASEBUS_GROUP_INSTANCE": "first", "CASEBUS_SESSION_TIMEOUT_SECONDS": "30"}
"""A process that stands still for some seconds keeps its partitions."""


@pytest_asyncio.fixture(scope="session")
async def parking(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Flow]:
    """A system whose intake may go bad for a while. Whoever uses it leaves a good one behind, and nothing parked."""
    place = tmp_path_factory.mktemp("parking") / ".run"
    services = ("staffing", "intake")
    launching = System.launch(place, stack=stack, prefix="parking.", services=services, senders=(QUICK,), env=PATIENT)
    async with await launching as own:
        await load_sample_directory(own)
        async with flow_of(own) as connected:
            yield connected
