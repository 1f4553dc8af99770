"""The state: its regions, an office in every county, and the people who work there."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from casebus_cli.counties import FILE
from casebus_contracts import Role

ZONE: Final = "America/Chicago"
OPENS, CLOSES = 8, 17
REGIONS: Final = ("northwest", "northeast", "kansas-city", "central", "st-louis", "southwest", "southeast")
"""Of the counties in the order of their codes, a seventh each."""

LARGE: Final = {
    "29189": 60, "29095": 45, "29510": 30, "29183": 22, "29077": 22, "29047": 15, "29019": 12, "29099": 12,
    "29097": 9, "29037": 7, "29165": 7, "29031": 6, "29071": 6, "29043": 5, "29021": 5, "29051": 4,
}  # fmt: skip
"""How much more the large counties have to do than a small one."""

ROLES: Final = (Role.CLERICAL, Role.ES, Role.RC_GREETER, Role.SUPERVISOR, Role.MANAGER)


@dataclass(frozen=True, slots=True)
class Place:
    """An office. Its staff ids are its own id and their role."""

    office_id: str
    name: str
    county_fips: str
    region_id: str
    weight: int

    def member(self, role: Role) -> str:
        """The staff id of the one with this role."""
        return f"{self.office_id}-{role.value}"


@cache
def state() -> Sequence[Place]:
    """An office in each of the 115 counties."""
    with FILE.open(encoding="utf-8", newline="") as lines:
        rows = sorted(csv.DictReader(lines), key=lambda row: row["county_fips"])
    return tuple(
        Place(
            office_id=f"C{row['county_fips']}",
            name=f"{row['name']} Office",
            county_fips=row["county_fips"],
            region_id=REGIONS[number * len(REGIONS) // len(rows)],
            weight=LARGE.get(row["county_fips"], 1 + number % 3),
        )
        for number, row in enumerate(rows)
    )
