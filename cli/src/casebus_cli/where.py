"""`casebus where ID`: everything about a request, an alert, a member of staff, a command or a fact, in causal order."""

import argparse
import asyncio
import sys
from datetime import datetime
from typing import Final

from aiokafka.errors import KafkaError
from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from casebus_cli.databases import Databases, Row
from casebus_cli.errors import CliError
from casebus_cli.stack import Stack, find_stack
from casebus_cli.topics import topics_of
from casebus_cli.trail import Message, Trail, beginnings, consequences, follow

_DEEPEST: Final = 30
_PIPED_WIDTH: Final = 250


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("id", metavar="ID", help="of a request, alert, member of staff, office, command or fact")


def run(arguments: argparse.Namespace) -> int:
    """Print a tree; exit status 1 when nothing is known of the id."""
    stack = find_stack(arguments.stack)
    try:
        trail, notes = asyncio.run(_gather(stack, arguments.id))
    except KafkaError as error:
        raise CliError(f"Kafka at {stack.bootstrap} does not answer: {type(error).__name__}.") from None
    console = Console(width=None if sys.stdout.isatty() else _PIPED_WIDTH)
    console.print(Text(f"Nothing is known of {trail.wanted}.") if trail.empty else tree_of(trail))
    for note in notes:
        console.print(Text(note, style="dim"))
    return 1 if trail.empty else 0


async def _gather(stack: Stack, wanted: str) -> tuple[Trail, list[str]]:
    async with topics_of(stack) as topics, Databases(stack) as databases:
        trail = await follow(wanted, databases, topics)
        since = f" since {trail.since:%Y-%m-%d %H:%M} UTC" if trail.since else ""
        notes = [f"{trail.records:,} records looked at{since}"]
        notes += [f"{what} {why}" for what, why in topics.skipped.items()]
        notes += [f"the database of {service} does not answer ({why})" for service, why in databases.away.items()]
        return trail, notes


def tree_of(trail: Trail) -> Tree:
    """Messages below what caused them, then what is still to come."""
    tree = Tree(Text(trail.wanted, style="bold"))
    for message in beginnings(trail):
        _grow(tree, trail, message, 0)
    _section(tree, "clocks that are set", [_timer(row) for row in trail.timers])
    _section(tree, "deliveries", [_delivery(row) for row in trail.deliveries])
    _section(tree, "parked", [_parked(row) for row in trail.parked])
    return tree


def _grow(tree: Tree, trail: Trail, message: Message, depth: int) -> None:
    branch = tree.add(_line(trail, message))
    if depth < _DEEPEST:
        for next_message in consequences(trail, message.id):
            _grow(branch, trail, next_message, depth + 1)


def _line(trail: Trail, message: Message) -> Text:
    line = Text(f"{_at(message.at or message.before)}  ", style="dim")
    name = message.type or _untold(trail, message)
    line.append(f"{name} #{message.sequence}" if message.sequence else name, style="bold cyan" if message.type else "")
    line.append(f"  {message.subject}" if message.sequence else f"  {message.id}", style="default")
    if message.actor and message.type and not message.sequence:
        message.remarks.append(f"by {message.actor}")
    if message.sequence:
        message.remarks.insert(0, f"fact {message.id}")
    line.append("".join(f" · {remark}" for remark in message.remarks), style="default")
    return line


def _untold(trail: Trail, message: Message) -> str:
    """What something is of which only its consequences tell."""
    if any(row["id"] == message.id for row in trail.deliveries):
        return "(a delivery)"
    return "(a clock)" if message.actor == "clock" else "(no longer in its topic)"


def _section(tree: Tree, title: str, lines: list[str]) -> None:
    if lines:
        branch = tree.add(Text(title, style="bold"))
        for line in lines:
            branch.add(Text(line))


def _timer(row: Row) -> str:
    return f"{row['name']} of {row['aggregate']}/{row['aggregate_id']}, due {_at(row['due_at'])} ({row['service']})"


def _delivery(row: Row) -> str:
    when = f" {_at(row['sent_at'])}" if row["sent_at"] else f", next try {_at(row['next_try_at'])}"
    tries = f", {row['attempts']} tries" if row["attempts"] > 1 else ""
    return f"{row['channel']} {row['id']} to {row['recipient']}: {row['state']}{when}{tries} ({row['service']})"


def _parked(row: Row) -> str:
    waits = f", waits for {row['waits_for']}" if row["waits_for"] else f", {row['fingerprint']}"
    return (
        f"{row['type']} {row['id'] or ''} in {row['lane']}: {row['state']} since {_at(row['since'])} after "
        f"{row['attempts']} tries{waits}, next try {_at(row['next_try_at'])} ({row['service']})"
    )


def _at(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03d}" if moment else "(unknown time)"
