"""Who coordinates voter registration: one person per office, and one for the state (V-13).

A guard: whether a place is free is decided over all staff at once. A coordinator holds the position
in the staff directory, or is named with the voter registration data of the office, or both.
"""

from dataclasses import dataclass
from typing import ClassVar

from access.directory import Staff
from access.roles import SUPERVISORS
from casebus_contracts import Position
from chassis.rules import Aggregate, Refused, replace

STATE = "missouri"
"""The id of the only one."""

RULE = "V-13"


@dataclass(frozen=True, slots=True)
class Coordinator:
    """A staff member for an office."""

    office_id: str
    staff_id: str


@dataclass(frozen=True, slots=True)
class Coordinators(Aggregate):
    """`state` and `by_place` hold the position, `named` are named with an office."""

    NAME: ClassVar[str] = "coordinators"
    TABLE: ClassVar[str] = "coordinators"
    GUARD: ClassVar[bool] = True

    state: str | None = None
    by_place: tuple[Coordinator, ...] = ()
    named: tuple[Coordinator, ...] = ()

    def of(self, office_id: str) -> frozenset[str]:
        """Who coordinates an office: one at most."""
        return frozenset(each.staff_id for each in (*self.by_place, *self.named) if each.office_id == office_id)

    def keep(self, member: Staff) -> "Coordinators":
        """As it is once the directory tells of `member`. Whoever has left coordinates nothing."""
        local, state = Position.LOCAL_NVRA_COORDINATOR, Position.STATE_NVRA_COORDINATOR
        held = member.positions if member.active else ()
        other_state = None if self.state == member.id else self.state
        own = (Coordinator(member.office_id, member.id),) if local in held else ()
        return replace(
            self,
            state=member.id if state in held else other_state,
            by_place=_sorted(*_without(self.by_place, member.id), *own),
            named=self.named if member.active else _without(self.named, member.id),
        )

    def name(self, office_id: str, staff_id: str | None) -> "Coordinators":
        """As it is once the office names this person, or nobody."""
        others = tuple(each for each in self.named if each.office_id != office_id)
        own = () if staff_id is None else (Coordinator(office_id, staff_id),)
        return replace(self, named=_sorted(*others, *own))

    def bars_position(self, member: Staff) -> Refused | None:
        """Why `member` may not become what the directory is to say."""
        if not member.active:
            return None
        held = member.positions
        if any(each.staff_id == member.id and not coordinates(member, each.office_id) for each in self.named):
            return Refused(RULE, "coordinates an office: name somebody else there first")
        if Position.STATE_NVRA_COORDINATOR in held and self.state not in (None, member.id):
            return Refused(RULE, "the state has a coordinator")
        if Position.LOCAL_NVRA_COORDINATOR not in held:
            return None
        if member.role not in SUPERVISORS:
            return Refused(RULE, f"{member.role.value} is below supervisor level")
        return self._bars(member.office_id, self.of(member.office_id) - {member.id})

    def bars_name(self, office_id: str, member: Staff) -> Refused | None:
        """Why the office may not name `member`. Another name may be replaced, another position may not."""
        if not coordinates(member, office_id):
            return Refused(RULE, "a coordinator is a supervisor of the office, or above")
        holders = {each.staff_id for each in self.by_place if each.office_id == office_id}
        return self._bars(office_id, holders - {member.id})

    def _bars(self, office_id: str, others: "set[str] | frozenset[str]") -> Refused | None:
        return Refused(RULE, f"{office_id} has a coordinator") if others else None


def coordinates(member: Staff, office_id: str) -> bool:
    """Whether this person may: of supervisor level or above, and working there."""
    return member.active and member.role in SUPERVISORS and member.office_id == office_id


def _without(coordinators: tuple[Coordinator, ...], staff_id: str) -> tuple[Coordinator, ...]:
    return tuple(each for each in coordinators if each.staff_id != staff_id)


def _sorted(*coordinators: Coordinator) -> tuple[Coordinator, ...]:
    return tuple(sorted(coordinators, key=lambda each: (each.office_id, each.staff_id)))
