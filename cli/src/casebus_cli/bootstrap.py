"""`casebus bootstrap FILE`: the first directory, loaded once in the name of `system`."""

import argparse
import asyncio
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from access.proofs import SYSTEM
from casebus_cli.client import RECEIPT_DEADLINE_SECONDS, connect, succeeded
from casebus_cli.kafka import records_until_end
from casebus_cli.orders import Order, read_orders
from casebus_cli.show import receipt_line
from casebus_cli.stack import Stack, find_stack
from casebus_contracts.base import COMMANDS, FACTS

OWNER: Final = "staffing"

Known = Mapping[tuple[str, str], Mapping[str, Any]]
"""The last fact of each (key field, key) of the directory."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("file", type=Path, help="the directory: a list of staffing commands")


def run(arguments: argparse.Namespace) -> int:
    """Send what the directory does not hold yet; exit status 1 if any was not accepted."""
    orders = [replace(order, actor=SYSTEM) for order in read_orders(arguments.file, SYSTEM)]
    return asyncio.run(load(find_stack(arguments.stack), orders, arguments.sender))


async def load(stack: Stack, orders: Sequence[Order], sender_name: str = "guest", *, quiet: bool = False) -> int:
    """Bring the directory in; later changes to what it already holds are left alone. Returns 0, or 1 if one failed."""
    known = await _known(stack, sender_name)
    missing = [order for order in orders if not _holds(known, order)]
    async with connect(stack, sender_name) as sender:
        await sender.send_all(missing)
        receipts = [await sender.receipt(order.id, RECEIPT_DEADLINE_SECONDS) for order in missing]
    failed = [receipt for receipt in receipts if not succeeded(receipt)]
    for receipt in failed:
        print(receipt_line(receipt))
    if not quiet:
        print(f"{len(missing) - len(failed)} entries loaded, {len(orders) - len(missing)} were there already.")
    return 1 if failed else 0


def _holds(known: Known, order: Order) -> bool:
    """Whether the directory says something about every field the order would set."""
    state = known.get((COMMANDS[order.type].KEY, order.record_key))
    return state is not None and all(state.get(name) is not None for name in order.data)


async def _known(stack: Stack, sender_name: str) -> Known:
    directory = [fact for fact in FACTS.values() if fact.COMPACTED and fact.OWNER == OWNER]
    fields = {stack.topic_prefix + fact.TOPIC: fact.KEY for fact in directory}
    records = await records_until_end(stack.bootstrap, list(fields), login=stack.login(sender_name))
    known: dict[tuple[str, str], dict[str, Any]] = defaultdict(dict)
    for record in records:
        if record.value:
            # Several topics may speak of one id: what is known of it is what any of them says.
            known[fields[record.topic], record.key.decode()] |= json.loads(record.value)
    return known
