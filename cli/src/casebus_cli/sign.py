"""`casebus sign FILE`: the proof of a command, for those who publish it by other means."""

import argparse
import json
from pathlib import Path

from casebus_cli.client import signature_of
from casebus_cli.errors import CliError
from casebus_cli.orders import Order, Signature, read_orders
from casebus_cli.stack import find_stack


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("file", type=Path, help="a command: {type, data, id, actor}")
    parser.add_argument("--actor", help="the staff member who acts, if the file names none")
    parser.add_argument("--record", action="store_true", help="print the whole record: topic, key, headers, value")


def run(arguments: argparse.Namespace) -> int:
    """Print the proof; it is over the compact JSON of `data`, and holds for five minutes."""
    orders = read_orders(arguments.file, arguments.actor)
    if len(orders) != 1:
        raise CliError(f"{arguments.file} holds {len(orders)} commands; one proof is for one command.")
    signature = signature_of(find_stack(arguments.stack), arguments.sender)
    print(_record(orders[0], signature) if arguments.record else signature.prove(orders[0]))
    return 0


def _record(order: Order, signature: Signature) -> str:
    headers = {name: value.decode() for name, value in signature.headers(order)}
    record = {"topic": order.topic, "key": order.record_key, "headers": headers, "value": order.body.decode()}
    return json.dumps(record, indent=2, ensure_ascii=False)
