"""`casebus token STAFF_ID`: a bearer token for the HTTP doors."""

import argparse

from casebus_cli.client import bearer
from casebus_cli.stack import find_stack


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("staff_id", help="the staff member who will act")
    parser.add_argument("--hours", type=float, default=8, help="how long it is valid (default 8)")


def run(arguments: argparse.Namespace) -> int:
    """Print a token."""
    stack = find_stack(arguments.stack)
    print(bearer(stack, arguments.sender, arguments.staff_id, arguments.hours * 3600))
    return 0
