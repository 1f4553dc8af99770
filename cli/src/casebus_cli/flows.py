"""`casebus flows`: topics and their readers, what waits and why, and how each service stands; live."""

import argparse
import asyncio
import contextlib
import sys
import time
from typing import Final

from aiokafka.errors import KafkaError
from rich.console import Console, RenderableType
from rich.live import Live

from casebus_cli.databases import Databases
from casebus_cli.errors import CliError
from casebus_cli.flow_tables import shown
from casebus_cli.stack import Stack, find_stack
from casebus_cli.standing import Observation
from casebus_cli.topics import topics_of

LOOKS: Final = 4
LOOK_SECONDS: Final = 0.7
LIVE_SECONDS: Final = 2.0
_PIPED_WIDTH: Final = 200


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--once", action="store_true", help="look for two seconds, print, and end")
    parser.add_argument("--all", action="store_true", help="topics nothing flows through, too")


def run(arguments: argparse.Namespace) -> int:
    """Until Ctrl-C; with --once, exit status 1 if something is stalled, stopped, quarantined or away."""
    stack = find_stack(arguments.stack)
    if arguments.once:
        try:
            return asyncio.run(_once(stack, arguments.all))
        except KafkaError as error:
            raise CliError(f"Kafka at {stack.bootstrap} does not answer: {type(error).__name__}.") from None
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_live(stack, arguments.all))
    return 0


async def _once(stack: Stack, everything: bool) -> int:
    async with topics_of(stack) as topics, Databases(stack) as databases:
        observation = Observation(stack, topics, databases)
        for number in range(LOOKS):
            await observation.look_at_lag(time.monotonic())
            if number < LOOKS - 1:
                await asyncio.sleep(LOOK_SECONDS)
        await observation.look_at_services()
        Console(width=None if sys.stdout.isatty() else _PIPED_WIDTH).print(shown(observation, everything))
        return 0 if observation.well else 1


async def _live(stack: Stack, everything: bool) -> None:
    async with topics_of(stack) as topics, Databases(stack) as databases:
        observation = Observation(stack, topics, databases)
        with Live(auto_refresh=False) as screen:
            while True:
                screen.update(await _look(observation, everything), refresh=True)
                await asyncio.sleep(LIVE_SECONDS)


async def _look(observation: Observation, everything: bool) -> RenderableType:
    try:
        await observation.look_at_lag(time.monotonic())
        await observation.look_at_services()
    except KafkaError as error:
        return f"Kafka does not answer: {type(error).__name__}"
    return shown(observation, everything)
