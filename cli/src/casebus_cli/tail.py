"""`casebus tail TOPIC...`: what flows through topics, live."""

import argparse
import asyncio
import contextlib

from casebus_cli.kafka import MAX_RECORDS, POLL_MILLISECONDS, reader
from casebus_cli.show import record_line
from casebus_cli.stack import Stack, find_stack


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("topics", nargs="+", metavar="TOPIC")
    parser.add_argument("--from-start", action="store_true", help="what the topics already hold, too")
    parser.add_argument("--count", type=int, default=0, help="stop after so many records")


def run(arguments: argparse.Namespace) -> int:
    """Print records until Ctrl-C."""
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_follow(arguments, find_stack(arguments.stack)))
    return 0


async def _follow(arguments: argparse.Namespace, stack: Stack) -> None:
    topics = [stack.topic_prefix + topic for topic in arguments.topics]
    login = stack.login(arguments.sender)
    async with reader(stack.bootstrap, topics, from_start=arguments.from_start, login=login) as consumer:
        shown = 0
        while not arguments.count or shown < arguments.count:
            limit = min(arguments.count - shown, MAX_RECORDS) if arguments.count else MAX_RECORDS
            batches = await consumer.getmany(timeout_ms=POLL_MILLISECONDS, max_records=limit)
            for record in (record for records in batches.values() for record in records):
                print(record_line(record, stack.topic_prefix), flush=True)
                shown += 1
