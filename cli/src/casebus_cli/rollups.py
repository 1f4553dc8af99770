"""`casebus rebuild-rollups`: all figures of reports counted again from the states they stand for.

Services keep running meanwhile. Afterwards every roll-up is what a count of all states says; usually it was before.
"""

import argparse
import json
from collections.abc import Mapping
from typing import Any, Final

from casebus_cli.operators import add_options, operator_of
from casebus_cli.show import counted

PATH: Final = "rebuild-rollups"
SECONDS_MAX: Final = 3600.0


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_options(parser)
    parser.add_argument("--check", action="store_true", help="only count and compare; change nothing")


def run(arguments: argparse.Namespace) -> int:
    """Exit status 0; 1 when a check found wrong cells; 2 when a service could not be asked."""
    operator = operator_of(arguments)
    wanted = {"dry_run": arguments.check}
    answers, status = operator.everywhere(lambda service: operator.post(service, PATH, wanted, SECONDS_MAX))
    for answer in answers.values():
        print(json.dumps(answer) if arguments.json else told(answer), flush=True)
    wrong = arguments.check and any(answer["wrong_cells"] for answer in answers.values())
    return status or int(wrong)


def told(answer: Mapping[str, Any]) -> str:
    """What was found, and done, in one service."""
    cells = counted(answer["wrong_cells"], "cell")
    found = "all roll-ups are right" if not answer["wrong_cells"] else f"{cells} differed"
    done = " and were put right" if answer["wrong_cells"] and not answer["dry_run"] else ""
    return f"{answer['service']}: {counted(answer['states'], 'state')} counted, {found}{done}."
