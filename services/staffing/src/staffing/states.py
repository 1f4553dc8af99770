"""What a directory fact tells of a state: everything."""

from dataclasses import fields
from typing import Any

from chassis.rules import Aggregate


def content(state: Aggregate) -> dict[str, Any]:
    """The fields of a state apart from its id and its bookkeeping, by name."""
    return {field.name: getattr(state, field.name) for field in fields(state) if field.compare and field.name != "id"}
