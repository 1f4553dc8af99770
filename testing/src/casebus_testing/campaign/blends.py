"""An old release beside a new one: the new one migrates, both work."""

import asyncio
import time
from typing import Final

from casebus_testing.campaign.field import Blow, Field
from casebus_testing.releases import newer_intake

TOGETHER_SECONDS: Final = 6.0
NEWER: Final = "intake-newer"


async def old_beside_new(field: Field) -> float:
    """A copy of a newer release joins, and leaves by kill -9. Its migration adds a NOT NULL column with a default."""
    env = newer_intake(field.system.run_dir / "newer")
    await field.system.start("intake", name=NEWER, env=env)
    await asyncio.gather(field.answered(), asyncio.sleep(TOGETHER_SECONDS))
    began = time.monotonic()
    field.system.kill(NEWER)
    del field.system.processes[NEWER]
    await field.answered()
    return time.monotonic() - began


BLENDS: Final[tuple[tuple[str, Blow], ...]] = (("an old release beside a new one", old_beside_new),)
