"""Another release of intake takes the place of the one that runs."""

import os
from pathlib import Path

from casebus_testing.system import System

HELPERS = Path(__file__).parent


async def bad_release(system: System, broken: str, **settings: str) -> None:
    """Intake ends and comes back broken, as `broken_intake` says."""
    await system.end("intake")
    path = os.pathsep.join(filter(None, (str(HELPERS), os.environ.get("PYTHONPATH"))))
    env = {"BROKEN_INTAKE": broken, "PYTHONPATH": path, **settings}
    await system.start("intake", module="broken_intake", env=env)


async def good_release(system: System) -> None:
    """Intake ends and comes back as it should be."""
    await system.end("intake")
    await system.start("intake")
