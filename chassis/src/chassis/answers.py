"""Receipts: the one final answer to a command, and the interim ones before it."""

import json
from collections.abc import Sequence
from typing import Any, TypeAlias

from pydantic_core import to_json

from chassis.items import Item
from chassis.rules import Invalid, Refused

Receipt: TypeAlias = dict[str, Any]
FactReference: TypeAlias = dict[str, Any]


def accepted(item: Item, facts: Sequence[FactReference]) -> Receipt:
    """Done; these facts say what."""
    return _receipt(item, "accepted", facts=list(facts))


def refused(item: Item, outcome: Refused) -> Receipt:
    """A rule says no, or the thing named is unknown or exists already."""
    return _receipt(item, "refused", rule=outcome.rule, field=outcome.field, reason=outcome.reason)


def invalid(item: Item, outcome: Invalid) -> Receipt:
    """The command cannot be read."""
    return _receipt(item, "invalid", field=outcome.field, reason=outcome.reason)


def conflict(item: Item) -> Receipt:
    """The id was used before, for something else."""
    return _receipt(item, "conflict", reason="this id was used with other content")


def interim(item: Item, outcome: str) -> Receipt:
    """`parked` (its own handling failed) or `waiting` (behind a parked one). A final answer follows."""
    return _receipt(item, outcome, final=False)


def repeated(item: Item, first_text: str) -> Receipt:
    """The first answer again. Final if that was."""
    first: Receipt = json.loads(first_text)
    rest = {name: first[name] for name in ("outcome", "final", "rule", "field", "reason", "facts") if name in first}
    return _receipt(item, "duplicate", final=first["final"], first=rest)


def as_text(receipt: Receipt) -> str:
    """The receipt as it is stored and published."""
    return to_json(receipt).decode()


def _receipt(item: Item, outcome: str, *, final: bool = True, facts: Any = (), **rest: Any) -> Receipt:
    receipt: Receipt = {"command_id": item.id, "command_type": item.name, "outcome": outcome, "final": final}
    receipt |= {name: value for name, value in rest.items() if value is not None and value != ""}
    receipt["facts"] = list(facts)
    return receipt
