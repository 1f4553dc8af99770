"""Faults between a service and its servers: a connection is cut at a moment at which it hurts."""

import asyncio
import time
from typing import Final

from casebus_testing.campaign.detours import AfterCommit, BeforeAcknowledgement, BeforeCommit, Detour, Moment
from casebus_testing.campaign.field import Blow, Field, Missed

CUT_SECONDS: Final = 30.0


def cut(server: str, moment: type[Moment]) -> Blow:
    """A connection to `postgres` or `kafka` is cut at this moment."""

    async def strike(field: Field) -> float:
        if field.detours is None:
            raise Missed("no detour")
        await _cut(field.detours.postgres if server == "postgres" else field.detours.kafka, moment)
        return await field.answered()

    return strike


async def _cut(detour: Detour, moment: type[Moment]) -> None:
    detour.arm(moment())
    deadline = time.monotonic() + CUT_SECONDS
    while not detour.struck:
        if time.monotonic() > deadline:
            detour.arm(None)
            raise Missed(f"{moment.__name__} did not come")
        await asyncio.sleep(0.02)


CUTS: Final[tuple[tuple[str, Blow], ...]] = (
    ("socket cut before COMMIT arrives", cut("postgres", BeforeCommit)),
    ("socket cut before the answer to COMMIT arrives", cut("postgres", AfterCommit)),
    ("socket cut before the acknowledgement of a produce request arrives", cut("kafka", BeforeAcknowledgement)),
)
