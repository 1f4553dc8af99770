"""One campaign from start to verdict."""

import asyncio
import contextlib
import random
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx

from casebus_cli.client import connect
from casebus_cli.stack import find_stack
from casebus_testing.campaign.blows import a_round
from casebus_testing.campaign.detours import Detour
from casebus_testing.campaign.disk import small_disk
from casebus_testing.campaign.field import (
    COPIES,
    POINTS_VARIABLE,
    SENDERS,
    Blow,
    Detours,
    Field,
    Missed,
    pause,
    points_file,
)
from casebus_testing.campaign.load import Load
from casebus_testing.campaign.result import Result
from casebus_testing.checker import Places, check, gather
from casebus_testing.checker.evidence import RECEIPTS
from casebus_testing.places import NAME, describe
from casebus_testing.sample.loading import load_sample_directory
from casebus_testing.settling import settled
from casebus_testing.stack import Stack
from casebus_testing.stack.ports import free_ports
from casebus_testing.system import SERVICES, System

LINES: Final = 4
"""Visitors at a time of each sender on Kafka, and over HTTP."""

PAUSE_SECONDS: Final = 0.5
BETWEEN_SECONDS: Final = 1.0
SETTLE_SECONDS: Final = 120.0


async def campaign(seconds: float, seed: int) -> Result:
    """Load and faults for so long, then the verdict."""
    result = Result(seed)
    with tempfile.TemporaryDirectory(prefix="casebus-faults-") as folder, contextlib.ExitStack() as closing:
        run_dir = Path(folder) / ".run"
        disk = closing.enter_context(small_disk(run_dir / "postgres"))
        detours = closing.enter_context(_detours())
        stack = closing.enter_context(
            Stack.start(run_dir, kafka_detour=(detours.kafka.address, detours.kafka.upstream))
        )
        detours.postgres.upstream = urlsplit(stack.postgres).port or 0
        env_of = {service: {POINTS_VARIABLE: str(points_file(run_dir, service))} for service in SERVICES}
        async with await System.launch(run_dir, stack=stack, senders=SENDERS, env_of=env_of) as system:
            await load_sample_directory(system)
            await _start_copies(system, detours)
            load = Load(random.Random(f"load {seed}"), PAUSE_SECONDS)
            async with under_load(system, load, random.Random(f"faults {seed}"), detours, disk) as field:
                await _strike(field, seconds, result)
            await _judge(field, result)
    return result


@contextlib.contextmanager
def _detours() -> Iterator[Detours]:
    detours = Detours(Detour(), Detour(framed=True))
    (detours.kafka.upstream,) = free_ports(1)
    try:
        yield detours
    finally:
        detours.postgres.close()
        detours.kafka.close()


async def _start_copies(system: System, detours: Detours) -> None:
    """A second copy of intake, and the first one again, by the detours."""
    await system.start("intake", name=COPIES[1])
    await system.end("intake")
    env = system.processes["intake"].env
    env["CASEBUS_KAFKA"] = detours.kafka.address
    env["CASEBUS_DATABASE"] = _with_port(env["CASEBUS_DATABASE"], detours.postgres.port)
    await system.start("intake")


def _with_port(dsn: str, port: int) -> str:
    parts = urlsplit(dsn)
    return parts._replace(netloc=f"{parts.netloc.rpartition(':')[0]}:{port}").geturl()


@contextlib.asynccontextmanager
async def under_load(
    system: System, load: Load, chance: random.Random, detours: Detours | None = None, disk: Path | None = None
) -> AsyncIterator[Field]:
    """Everybody sends until the block ends; then each finishes the visitor it is at."""
    place = find_stack(str(system.run_dir / NAME))
    doors = [system.processes[name].http for name in COPIES]
    async with (
        connect(place, "guest") as guest,
        connect(place, "desk") as desk,
        connect(place, "probe") as probe,
        httpx.AsyncClient(timeout=10, trust_env=False) as http,
    ):
        field = Field(system, load, guest, probe, chance, detours, disk)
        lines = [asyncio.create_task(load.over_kafka(sender)) for sender in (guest, desk) for _ in range(LINES)]
        lines += [asyncio.create_task(load.over_http(place, "kiosk", doors, http)) for _ in range(LINES)]
        try:
            yield field
        finally:
            load.stopping.set()
            await asyncio.gather(*lines)


async def _strike(field: Field, seconds: float, result: Result) -> None:
    deadline = time.monotonic() + seconds
    await field.answered()
    coming: list[tuple[str, Blow]] = []
    while time.monotonic() < deadline:
        coming = coming or a_round(field.chance)
        kind, blow = coming.pop(0)
        try:
            took = await blow(field)
        except Missed as why:
            result.escaped(kind, str(why))
        else:
            result.struck(kind, took)
            print(f"  {kind}: answered again after {took:.1f} s", flush=True)
        await pause(field.chance, BETWEEN_SECONDS)


async def _judge(field: Field, result: Result) -> None:
    system, load = field.system, field.load
    try:
        await settled(system, SETTLE_SECONDS)
    except AssertionError as error:
        print(error)
        result.other += 1
    places = Places.of(describe(system))
    verdict = await check(places, SETTLE_SECONDS / 2)
    answered = {
        (record.topic.removeprefix(RECEIPTS), str(record.body.get("command_id")))
        for record in (await gather(places)).of_kind(prefix=RECEIPTS)
        if record.body.get("final") and record.body.get("outcome") not in ("duplicate", "conflict")
    }
    unanswered = load.acknowledged - answered
    for sender, command_id in sorted(unanswered)[:20]:
        print(f"lost: {command_id} of {sender} was acknowledged and has no final answer")
    result.commands, result.duplicates = len(load.acknowledged), load.duplicates
    print(verdict.report())
    for fault in field.ahead:
        print(f"lost: while all stood still: {fault}")
    result.lost += len(field.ahead)
    result.judged(verdict, len(unanswered - {command for command in unanswered if _told(command, verdict.lost)}))


def _told(command: tuple[str, str], lost: tuple[str, ...]) -> bool:
    """Whether the checker has counted it already."""
    return any(command[1] in fault for fault in lost)
