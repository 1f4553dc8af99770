"""Options that every command has."""

import argparse


def shared(*, below: bool = False) -> argparse.ArgumentParser:
    """A parent parser. `below` is for commands of commands: what was given before them stays as it is."""
    parser = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS if below else None)
    parser.add_argument("--stack", help="the stack's file (default: $CASEBUS_STACK, else the nearest .run/stack.json)")
    sender = "in whose name to send (default guest)"
    if below:
        parser.add_argument("--sender", help=sender)
    else:
        parser.add_argument("--sender", default="guest", help=sender)
    return parser
