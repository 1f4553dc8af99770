"""`casebus dead`: records nobody could read. A place is TOPIC/PARTITION/OFFSET, as the key on `<service>.dead`.

Their bytes stay in a closed table of the service for seven days; a repaired record takes the way of any other.
"""

import argparse
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from casebus_cli.errors import CliError
from casebus_cli.operators import Missing, Operator, add_options, operator_of
from casebus_cli.options import shared
from casebus_cli.show import moment, table

PATH: Final = "unreadable"
COLUMNS: Final = ("service", "place", "reason", "bytes", "at", "resent_at")
_PLACE: Final = re.compile(r"(?P<topic>[A-Za-z0-9._-]+)(?:/(?P<p1>\d+)/(?P<o1>\d+)|\[(?P<p2>\d+)\]@(?P<o2>\d+))")

Place = dict[str, Any]
"""topic, partition, offset"""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the commands and their arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, summary in {
        "ls": "places, reasons and sizes, the latest first",
        "show": "one record: what of its envelope is there; never its content",
        "resend": "handle a record again, with some of its headers, its key or its body put right",
    }.items():
        action = actions.add_parser(name, parents=[shared(below=True)], help=summary, description=summary)
        add_options(action)
        if name != "ls":
            action.add_argument("place", help="TOPIC/PARTITION/OFFSET")
        if name == "resend":
            action.add_argument("--header", action="append", default=[], metavar="NAME=VALUE", help="may be repeated")
            action.add_argument("--key", help="the record's key")
            action.add_argument("--body", type=Path, metavar="FILE", help="the record's body")


def run(arguments: argparse.Namespace) -> int:
    """Exit status 0; 1 when what was sent again is not accepted; 2 when it could not be done."""
    operator = operator_of(arguments)
    return {"ls": _ls, "show": _show, "resend": _resend}[arguments.action](operator, arguments)


def _ls(operator: Operator, arguments: argparse.Namespace) -> int:
    answers, status = operator.everywhere(lambda service: operator.get(service, PATH))
    rows = [{"service": service, **row} for service, found in answers.items() for row in found]
    if arguments.json:
        lines = [json.dumps(row) for row in rows]
    else:
        shown = [[_cell(row, name) for name in COLUMNS] for row in rows]
        lines = table(COLUMNS, shown) if rows else ["No record is unreadable."] if not status else []
    for line in lines:
        print(line, flush=True)
    return status


def _show(operator: Operator, arguments: argparse.Namespace) -> int:
    place = place_of(arguments.place)
    service = _holder(operator, place)
    record = {"service": service, **operator.post(service, f"{PATH}/show", place)}
    print(json.dumps(record) if arguments.json else "\n".join(_described(record)), flush=True)
    return 0


def _resend(operator: Operator, arguments: argparse.Namespace) -> int:
    place, repairs = place_of(arguments.place), _repairs(arguments)
    service = _holder(operator, place)
    answer = operator.post(service, f"{PATH}/resend", {**place, **repairs})
    print(json.dumps(answer) if arguments.json else f"{service}: {_outcome(answer['outcome'])}", flush=True)
    return 0 if answer["outcome"] in ("accepted", "done", "duplicate") else 1


def _holder(operator: Operator, place: Place) -> str:
    def holds(service: str) -> bool:
        try:
            operator.post(service, f"{PATH}/show", place)
        except Missing:
            return False
        return True

    return operator.only_holder(holds, f"unreadable record {_named(place)}")


def place_of(text: str) -> Place:
    """`intake.commands/1/42`, or as `casebus tail` prints it, `intake.commands[1]@42`. Raises `CliError`."""
    match = _PLACE.fullmatch(text)
    if match is None:
        raise CliError(f"{text} is no place; write TOPIC/PARTITION/OFFSET.")
    partition, offset = match["p1"] or match["p2"], match["o1"] or match["o2"]
    return {"topic": match["topic"], "partition": int(partition), "offset": int(offset)}


def _repairs(arguments: argparse.Namespace) -> dict[str, Any]:
    repairs: dict[str, Any] = {"headers": dict(_header(text) for text in arguments.header)}
    if arguments.key is not None:
        repairs["key"] = arguments.key
    if arguments.body is not None:
        repairs["body"] = _text_of(arguments.body)
    return repairs


def _header(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise CliError(f"--header {text}: write NAME=VALUE.")
    return name, value


def _text_of(file: Path) -> str:
    try:
        return file.read_bytes().decode()
    except OSError as error:
        raise CliError(f"{file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise CliError(f"{file} is no UTF-8.") from None


def _described(record: Mapping[str, Any]) -> list[str]:
    lines = [f"{name:<10} {_cell(record, name)}" for name in (*COLUMNS, "sha256", "key")]
    return [*lines, "headers", *(f"  {name:<16} {state}" for name, state in record["headers"].items())]


def _cell(row: Mapping[str, Any], name: str) -> str:
    if name == "place":
        return _named(row)
    value = row.get(name)
    return "" if value is None else moment(str(value)) if name in ("at", "resent_at") else str(value)


def _named(place: Mapping[str, Any]) -> str:
    return f"{place['topic']}/{place['partition']}/{place['offset']}"


def _outcome(outcome: str) -> str:
    return "done; if it was done before, nothing has changed" if outcome == "done" else outcome
