"""PostgreSQL's data on a file system of limited size, and what happens when that is full. Needs root, to mount it."""

import asyncio
import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from casebus_testing.campaign.field import COPIES, Blow, Field, Missed
from casebus_testing.stack import Stack, StackError
from casebus_testing.stack.postgres import answers

SIZE: Final = "1200m"
FULL_SECONDS: Final = 8.0
NOTICED_SECONDS: Final = 30.0
BACK_SECONDS: Final = 60.0
BALLAST: Final = "ballast"
NO_ROOM: Final = "DiskFullError"


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Path | None]:
    """A file system of its own at `folder`, as long as the block lasts; None where it cannot be mounted."""
    folder.mkdir(parents=True, exist_ok=True)
    mounted = os.geteuid() == 0 and _run("mount", "-t", "tmpfs", "-o", f"size={SIZE}", "casebus", str(folder))
    try:
        yield folder if mounted else None
    finally:
        if mounted:
            _run("umount", "--lazy", str(folder))


def _run(*command: str) -> bool:
    if shutil.which(command[0]) is None:
        return False
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


async def disk_full(field: Field) -> float:
    """Not a byte is left where PostgreSQL keeps its data; after a while there is room again."""
    folder, stack = field.small_disk, field.system.stack
    if folder is None or not (folder / "data").exists():
        raise Missed("needs root, to mount a file system of limited size")
    told = _complaints(field)
    ballast = folder / BALLAST
    try:
        await asyncio.to_thread(_fill, ballast)
        deadline = time.monotonic() + NOTICED_SECONDS
        while _complaints(field) == told:
            if time.monotonic() > deadline:
                raise Missed("PostgreSQL did not need any room")
            await asyncio.sleep(0.2)
        await asyncio.sleep(FULL_SECONDS)
    finally:
        ballast.unlink(missing_ok=True)
    began = time.monotonic()
    await _back(stack)
    await field.answered()
    return time.monotonic() - began


def _complaints(field: Field) -> int:
    """How often copies of intake were told that there is no room."""
    logs = [field.system.processes[name].log for name in COPIES]
    return sum(log.read_text(errors="replace").count(NO_ROOM) for log in logs)


def _fill(ballast: Path) -> None:
    """Whatever is left, and whatever is given free within a second."""
    with ballast.open("ab", buffering=0) as file:
        for _ in range(10):
            with contextlib.suppress(OSError):
                while True:
                    file.write(bytes(4096))
            time.sleep(0.1)


async def _back(stack: Stack) -> None:
    """The server answers again. Without room it may have given up, also while it was starting again by itself."""
    deadline = time.monotonic() + BACK_SECONDS
    while not answers(stack.postgres):
        if time.monotonic() > deadline:
            raise StackError("PostgreSQL does not come back, although there is room again.")
        if not _runs(stack):
            stack.start_postgres(wait=False)
        await asyncio.sleep(0.2)


def _runs(stack: Stack) -> bool:
    started = [running for running in stack.run_file.read() if running.name == "postgres"]
    return bool(started) and started[-1].alive


DISK: Final[tuple[tuple[str, Blow], ...]] = (("disk full", disk_full),)
