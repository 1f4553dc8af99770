"""`casebus parked`: messages whose handling failed, and those that wait behind them.

A lane is a topic and a key. Lanes are tried again by themselves; after the last try they are in quarantine, where
only an operator moves them.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from casebus_cli.operators import Operator, add_options, operator_of
from casebus_cli.options import shared
from casebus_cli.show import counted, moment, table
from casebus_contracts.topics import READERS

PATH: Final = "parked"
GROUPS: Final = ("service", "state", "lanes", "messages", "since", "attempts", "type", "fingerprint", "example")
LANES: Final = ("service", "state", "messages", "since", "attempts", "next_try_at", "type", "fingerprint", "lane")


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the commands and their arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, summary in {
        "ls": "what is parked, grouped by fingerprint (class and place of the failure)",
        "show": "lanes, one by one",
        "redrive": "have lanes tried again, in their order; without --yes only what would happen",
        "discard": "give up the first message of a lane: it is answered `refused`, what is behind it goes on",
    }.items():
        action = actions.add_parser(name, parents=[shared(below=True)], help=summary, description=summary)
        add_options(action)
        if name in ("show", "redrive"):
            _add_filters(action)
        if name == "redrive":
            action.add_argument("--rate", type=float, default=10.0, help="lanes a second (default 10)")
            action.add_argument("--yes", action="store_true", help="do it")
        if name == "discard":
            action.add_argument("lane", help="topic/key, as `parked show` prints it")
            action.add_argument("--reason", required=True, help="why; the sender reads it on the receipt")


def _add_filters(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--fingerprint", help="lanes that failed so")
    parser.add_argument("--type", help="lanes whose failed message is of this type")
    parser.add_argument("--lane", help="this lane")
    parser.add_argument("--limit", type=int, default=1000, help="at most so many lanes a service (default 1000)")


def run(arguments: argparse.Namespace) -> int:
    """Exit status 0; 1 when there is nothing to act on; 2 when a service could not be asked."""
    operator = operator_of(arguments)
    return {"ls": _ls, "show": _show, "redrive": _redrive, "discard": _discard}[arguments.action](operator, arguments)


def _ls(operator: Operator, arguments: argparse.Namespace) -> int:
    answers, status = operator.everywhere(lambda service: operator.get(service, PATH))
    _print(_with_service(answers), GROUPS, as_json=arguments.json, all_asked=not status)
    return status


def _show(operator: Operator, arguments: argparse.Namespace) -> int:
    answers, status = operator.everywhere(lambda service: _lanes(operator, service, _choice(arguments)))
    _print(_with_service(answers), LANES, as_json=arguments.json, all_asked=not status)
    return status


def _redrive(operator: Operator, arguments: argparse.Namespace) -> int:
    wanted = {**_choice(arguments), "dry_run": not arguments.yes, "per_second": arguments.rate}
    answers, status = operator.everywhere(lambda service: operator.post(service, f"{PATH}/redrive", wanted))
    touched = {service: answer for service, answer in answers.items() if answer["lanes"]}
    for answer in touched.values():
        print(json.dumps(answer) if arguments.json else _told(answer), flush=True)
    if touched and not arguments.yes and not arguments.json:
        print("Nothing was changed; --yes does it.")
    if not touched and not status:
        print("No such lane is parked.", file=sys.stderr)
    return status or (0 if touched else 1)


def _discard(operator: Operator, arguments: argparse.Namespace) -> int:
    lane = arguments.lane
    service = operator.only_holder(lambda each: bool(_lanes(operator, each, {"lane": lane})), f"parked lane {lane}")
    answer = operator.post(service, f"{PATH}/discard", {"lane": lane, "reason": arguments.reason})
    print(json.dumps(answer) if arguments.json else f"{service}: the first message of {lane} is discarded.")
    return 0


def _lanes(operator: Operator, service: str, choice: Mapping[str, Any]) -> list[dict[str, Any]]:
    lanes: list[dict[str, Any]] = operator.post(service, f"{PATH}/show", choice)
    return lanes


def _choice(arguments: argparse.Namespace) -> dict[str, Any]:
    named = {name: getattr(arguments, name) for name in ("lane", "fingerprint", "type")}
    return {**{name: value for name, value in named.items() if value is not None}, "limit": arguments.limit}


def _with_service(answers: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    return [{"service": service, **row} for service, rows in answers.items() for row in rows]


def _print(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, as_json: bool, all_asked: bool) -> None:
    if as_json:
        lines = [json.dumps(row) for row in rows]
    else:
        shown = [[_cell(name, row.get(name)) for name in columns] for row in rows]
        lines = table(columns, shown) if rows else ["Nothing is parked."] if all_asked else []
    for line in lines:
        print(line, flush=True)


def _cell(name: str, value: object) -> str:
    if value is None:
        return ""
    return moment(str(value)) if name in ("since", "next_try_at") else str(value)


def _told(answer: Mapping[str, Any]) -> str:
    """What a redrive of one service does, or would do."""
    service, lanes = answer["service"], counted(answer["lanes"], "lane")
    if not answer.get("dry_run"):
        return f"{service}: {lanes} will be tried again within {answer['seconds']:.0f} s."
    rehearsed = answer["rehearsed_lanes"]
    only = "" if rehearsed == answer["lanes"] else f", {rehearsed} of them rehearsed"
    lines = {
        "would be done": counted(answer["messages_done"], "message"),
        "publishes": _summed(answer["facts"]),
        "is read by": ", ".join(readers_of(answer["facts"])) or "nobody here",
        "delivers": _summed(answer["deliveries"]),
        "repeats": f"{counted(answer['repeats'], 'message')} done already",
        "fails again": _summed(answer["fails_again"]),
    }
    return "\n".join([f"{service}: {lanes}{only}", *(f"  {name:<14} {text}" for name, text in lines.items())])


def readers_of(facts: Mapping[str, int]) -> list[str]:
    """The services that will take these facts in."""
    return sorted({reader for topic in facts for reader in READERS.get(topic, ())})


def _summed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {number}" for name, number in sorted(Counter(counts).items())) or "nothing"
