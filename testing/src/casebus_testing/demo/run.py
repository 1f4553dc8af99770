"""Starts the system, plays the day, sums up, and stays until Ctrl-C."""

import argparse
import asyncio
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from rich.console import Console

from casebus_cli import bootstrap
from casebus_cli.client import connect
from casebus_cli.errors import CliError
from casebus_cli.orders import read_orders
from casebus_cli.stack import Stack as Place
from casebus_cli.stack import read_stack
from casebus_contracts import all_topics
from casebus_testing import places
from casebus_testing.checker import Places, check
from casebus_testing.demo.books import read_books
from casebus_testing.demo.screen import Screen, screen
from casebus_testing.demo.stage import Stage
from casebus_testing.demo.story import one_more_visitor, whole_day
from casebus_testing.demo.summary import Result, summed_up, tell
from casebus_testing.demo.watch import LOOK_SECONDS, Watcher, watching
from casebus_testing.sample import DIRECTORY
from casebus_testing.stack import StackError, end_run
from casebus_testing.system import System

RUN_DIR: Final = Path(".run") / "demo"
SETTLE_SECONDS: Final = 20.0


def main() -> int:
    """0 when all was as it must be, 1 when not or when something is missing, 130 after Ctrl-C before the end."""
    parser = argparse.ArgumentParser(prog="python -m casebus_testing.demo", description=__doc__)
    parser.add_argument("--once", action="store_true", default=bool(os.environ.get("ONCE")), help="end afterwards")
    parser.add_argument("--run-dir", type=Path, default=RUN_DIR, help="made anew each time")
    parser.add_argument("--secure", action="store_true", default=bool(os.environ.get("SECURE")), help="Kafka asks who")
    options = parser.parse_args()
    try:
        return asyncio.run(_demo(options, Console()))
    except (StackError, CliError, AssertionError) as error:
        print(f"casebus: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


async def _demo(options: argparse.Namespace, console: Console) -> int:
    started = time.monotonic()
    end_run(options.run_dir)
    shutil.rmtree(options.run_dir, ignore_errors=True)
    async with await System.launch(options.run_dir, secure=options.secure) as system:
        console.print(f"Kafka, PostgreSQL and three services are up after {time.monotonic() - started:.1f} s.")
        if options.secure:
            console.print("Everybody at Kafka has a user and a password, and may do what docs/acl-matrix.md says.")
        with screen(console) as shown:
            result = await play(system, shown)
        tell(console, result)
        console.print(f"All of it took {time.monotonic() - started:.1f} s.", highlight=False)
        if not options.once:
            with _announced(system):
                _tell_addresses(console, system)
                await _until_interrupted()
    return 1 if result.failures else 0


async def play(system: System, shown: Screen) -> Result:
    """Load the directory, play the day, and look at what it came to."""
    place = place_of(system)
    topics = [topic.name for topic in all_topics(system.files.signing_keys)]
    async with watching(system, topics) as watcher, connect(place) as sender:
        stage = Stage(sender, system.clock, watcher.seen, shown)
        looking = asyncio.create_task(_look(watcher, shown))
        try:
            await bootstrap.load(place, read_orders(DIRECTORY, "system"), quiet=True)
            shown.say("the sample directory is loaded: two offices, one of every role in each")
            day = whole_day()
            await stage.play(day)
            verdict = await check(Places.of(places.describe(system)), SETTLE_SECONDS)
        finally:
            looking.cancel()
            await asyncio.wait([looking])
        books = await read_books(place, stage.day)
        return await summed_up(system, stage, watcher.seen, verdict, books, day)


def place_of(system: System) -> Place:
    """The system as a sender outside sees it."""
    return read_stack(places.describe(system), system.run_dir)


async def _look(watcher: Watcher, shown: Screen) -> None:
    while True:
        shown.show(await watcher.figures())
        await asyncio.sleep(LOOK_SECONDS)


@contextmanager
def _announced(system: System) -> Iterator[None]:
    """`stack.json` at its usual place too, unless another system is announced there."""
    usual = system.run_dir.parent / places.NAME
    content = {**places.describe(system), "demo": True}
    if usual.exists() and not json.loads(usual.read_bytes()).get("demo"):
        yield
        return
    usual.write_text(json.dumps(content, indent=2) + "\n")
    try:
        yield
    finally:
        usual.unlink(missing_ok=True)


def _tell_addresses(console: Console, system: System) -> None:
    walk_in = system.run_dir / "walk_in.json"
    walk_in.write_text(json.dumps(one_more_visitor(), indent=2) + "\n")
    doors = [f"  {name:<14} {process.http}/health/ready" for name, process in system.processes.items()]
    lines = [
        "",
        "Still up, until Ctrl-C:",
        *doors,
        f"  {'Kafka':<14} {system.stack.kafka}",
        f"  {'mailbox':<14} {system.mailbox}",
        f"  {'all addresses':<14} {system.run_dir / places.NAME}",
        "Try, from another terminal:",
        "  bin/casebus-env casebus tail request.created walkin.timed --from-start",
        f"  bin/casebus-env casebus send {_shortest(walk_in)}",
        "  bin/casebus-env casebus token adair-greeter",
    ]
    console.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)


def _shortest(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


async def _until_interrupted() -> None:
    interrupted = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, interrupted.set)
    await interrupted.wait()
