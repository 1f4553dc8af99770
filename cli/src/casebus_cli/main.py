"""The `casebus` command."""

import argparse
import logging
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Final

from casebus_cli import (
    bootstrap,
    counties,
    dead,
    flows,
    holiday_table,
    parked,
    rollups,
    send,
    sign,
    tail,
    token,
    verify_journal,
    where,
)
from casebus_cli.errors import CliError
from casebus_cli.options import shared

COMMANDS: Final[dict[str, tuple[ModuleType, str]]] = {
    "token": (token, "a bearer token for the HTTP doors"),
    "sign": (sign, "the proof of a command"),
    "send": (send, "publish commands with proofs and print their receipts"),
    "tail": (tail, "what flows through topics, live"),
    "bootstrap": (bootstrap, "load the first directory, once"),
    "counties": (counties, "load the counties of Missouri, once"),
    "holidays": (holiday_table, "load the state holidays of a year"),
    "parked": (parked, "messages whose handling failed: look, try again, give up"),
    "rebuild-rollups": (rollups, "the figures of reports, counted again from all states"),
    "verify-journal": (verify_journal, "whether any journal was tampered with, and where"),
    "where": (where, "everything about one id, in causal order"),
    "flows": (flows, "topics, what waits and why, and how each service stands; live"),
    "dead": (dead, "records nobody could read: look, repair, send again"),
}


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; 0 done, 1 something was not accepted, 2 it could not be done."""
    arguments = _parser().parse_args(words)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # what it notes is told in one sentence of ours
    try:
        return int(COMMANDS[arguments.command][0].run(arguments))
    except CliError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="casebus", description="Talk to a running casebus.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (module, summary) in COMMANDS.items():
        module.add(commands.add_parser(name, parents=[shared()], help=summary, description=module.__doc__))
    return parser


if __name__ == "__main__":
    sys.exit(main())
