"""A sample directory: two Missouri offices, one staff member of every role in each. All names are invented."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

DIRECTORY: Final = Path(__file__).with_name("directory.json")


@dataclass(frozen=True, slots=True)
class Sample:
    """Who is in the directory: office ids, and the staff id of every role in each office."""

    offices: Sequence[str]
    staff: Mapping[str, Mapping[str, str]]

    def described(self) -> dict[str, Any]:
        """As `.run/stack.json` names it: all offices, and the staff of the first one by role."""
        return {"offices": list(self.offices), "staff": dict(self.staff[self.offices[0]])}


def entries() -> list[dict[str, Any]]:
    """The commands of the sample directory, in the order in which they are to be sent."""
    loaded: list[dict[str, Any]] = json.loads(DIRECTORY.read_bytes())
    return loaded


@cache
def sample() -> Sample:
    """The offices and staff of the sample directory."""
    offices = tuple(entry["data"]["office_id"] for entry in entries() if entry["type"] == "UpsertOffice")
    staff: dict[str, dict[str, str]] = {office: {} for office in offices}
    for person in (entry["data"] for entry in entries() if entry["type"] == "UpsertStaff"):
        staff[person["office_id"]][person["role"]] = person["staff_id"]
    return Sample(offices, staff)
