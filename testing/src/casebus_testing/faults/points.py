"""Named points at which a process is to be killed: where they are written down, and writing them down."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from casebus_testing.system import System
from casebus_testing.waiting import eventually

VARIABLE: Final = "CASEBUS_FAULT_POINTS"
FALL_SECONDS: Final = 30.0


def points_of(services: Iterable[str], folder: Path) -> dict[str, dict[str, str]]:
    """For `System.launch(env_of=...)`: each of these services may be armed."""
    return {service: {VARIABLE: str(folder / f"points-of-{service}.json")} for service in services}


def arm(system: System, service: str, point: str, passing: int = 1) -> None:
    """The process of this service dies at its next passing of the point, or at the one with this number."""
    file = Path(system.processes[service].env[VARIABLE])
    temporary = file.with_suffix(".tmp")
    temporary.write_text(json.dumps({point: passing}))
    temporary.replace(file)


async def fallen(system: System, service: str, within: float = FALL_SECONDS) -> None:
    """Wait until the process has died. Raises AssertionError."""
    running = system.processes[service].running
    await eventually(lambda: running is None or not running.alive, within=within, what=f"{service} dies")
