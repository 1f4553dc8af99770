"""The voter registration desk of an office: what may be told about it, and counted."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from chassis.rules import Aggregate


@dataclass(frozen=True, slots=True)
class VoterDesk(Aggregate):
    """One per office; its id is the office's."""

    NAME: ClassVar[str] = "voter_desk"
    TABLE: ClassVar[str] = "voter_desks"

    forms_in_stock: int | None = None
    forms_needed: int | None = None
    counted_at: datetime | None = None
