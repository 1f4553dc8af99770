"""`casebus send FILE`: publish commands with proofs and print their receipts."""

import argparse
import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from casebus_cli import door
from casebus_cli.client import RECEIPT_DEADLINE_SECONDS, connect, succeeded
from casebus_cli.orders import Order, read_orders
from casebus_cli.show import receipt_line
from casebus_cli.stack import Stack, find_stack
from casebus_contracts.receipts import Receipt


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("file", type=Path, help="one command or a list: {type, data, actor?, id?}")
    parser.add_argument("--actor", help="the staff member who acts where the file names none")
    parser.add_argument("--http", action="store_true", help="through the owner's HTTP door instead of Kafka")
    parser.add_argument("--json", action="store_true", help="print receipts as JSON, one a line")
    parser.add_argument("--deadline", type=float, default=RECEIPT_DEADLINE_SECONDS, help="seconds to wait for each")


def run(arguments: argparse.Namespace) -> int:
    """Send all in order; exit status 1 if any was not accepted."""
    orders = read_orders(arguments.file, arguments.actor)
    return asyncio.run(_send(arguments, find_stack(arguments.stack), orders))


async def _send(arguments: argparse.Namespace, stack: Stack, orders: Sequence[Order]) -> int:
    way = through_http(stack, arguments.sender, orders)
    if not arguments.http:
        way = through_kafka(stack, arguments.sender, orders, arguments.deadline)
    good = True
    async for receipt in way:
        print(_json(receipt) if arguments.json else receipt_line(receipt), flush=True)
        good = good and succeeded(receipt)
    return 0 if good else 1


async def through_kafka(
    stack: Stack, sender_name: str, orders: Sequence[Order], deadline_seconds: float
) -> AsyncIterator[Receipt]:
    """Publish all, then the final receipt of each, in the order of the file."""
    async with connect(stack, sender_name) as sender:
        for command_id in await sender.send_all(orders):
            yield await sender.receipt(command_id, deadline_seconds)


async def through_http(stack: Stack, sender_name: str, orders: Sequence[Order]) -> AsyncIterator[Receipt]:
    """Post one after another."""
    for order in orders:
        yield await door.ask(stack, order, sender_name)


def _json(receipt: Receipt) -> str:
    return receipt.model_dump_json(by_alias=True, exclude_none=True)
