"""Everything stops at once: what is committed at Kafka then must be committed in the databases."""

import asyncio
import time
from typing import Final

from casebus_testing.campaign.field import Blow, Field
from casebus_testing.checker import Places, gather
from casebus_testing.checker.offsets import judge_offsets
from casebus_testing.checker.verdict import Findings
from casebus_testing.places import describe


async def everything_dies(field: Field) -> float:
    """kill -9 of all processes of all services. While they are down, offsets are held against inboxes."""
    names = sorted(field.system.processes)
    places = Places.of(describe(field.system))
    for name in names:
        field.system.kill(name)
    findings = Findings()
    judge_offsets(await gather(places), findings)
    field.ahead += list(findings.verdict({}).lost)
    began = time.monotonic()
    await asyncio.gather(*(field.back(name) for name in names))
    await field.answered()
    return time.monotonic() - began


STANDSTILL: Final[tuple[tuple[str, Blow], ...]] = (("kill -9 of everything at once", everything_dies),)
