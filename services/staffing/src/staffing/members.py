"""The staff directory: who works where, as what, and when. Values in, facts out."""

from datetime import datetime
from typing import Any

from access.directory import SYSTEM, Availability, Office, Staff
from access.matrix import Ability, may
from access.roles import SUPERVISORS
from casebus_contracts import SetAvailability, StaffAvailabilityChanged, StaffUpserted, UpdateStaff, UpsertStaff
from chassis.rules import Decision, Refused, decide, invalid, refuse, replace, unchanged, unknown
from staffing.coordinators import Coordinators
from staffing.states import content


def upsert_staff(
    member: Staff | None,
    team: tuple[Staff, ...],
    coordinators: Coordinators,
    office: Office,
    command: UpsertStaff,
    actor: Staff,
) -> Decision:
    """Central Office hires, moves and dismisses, to an office there is (V-13). Supervisor, shift and lunch stay.

    Whoever has a `team` keeps a role that supervises (INV-S8).
    """
    if denied := may(actor, Ability.UPSERT_STAFF, office=office.id):
        return refuse(denied)
    if command.staff_id == SYSTEM.id:
        return invalid("staff_id", "reserved")
    told = command.model_dump(exclude={"staff_id"})
    wanted = replace(member, **told) if member else Staff(command.staff_id, **told)
    if wanted.role not in SUPERVISORS and any(each.active for each in team):
        return refuse("INV-S8", "supervises others: name somebody else there first")
    if denied := coordinators.bars_position(wanted):
        return refuse(denied)
    return _published(member, wanted, coordinators.keep(wanted))


def update_staff(member: Staff, supervisor: Staff | None, command: UpdateStaff, actor: Staff) -> Decision:
    """Supervisors keep supervisor, shift and lunch of the staff of their office (I-50)."""
    if denied := may(actor, Ability.UPDATE_STAFF, office=member.office_id):
        return refuse(denied)
    if command.supervisor_id is not None and supervisor is None:
        return unknown("supervisor_id")
    wanted = replace(member, **command.model_dump(exclude={"staff_id"}, exclude_none=True))
    if denied := _supervised(member, supervisor) or _in_order(wanted):
        return refuse(denied)
    return _published(member, wanted)


def set_availability(
    member: Staff, availability: Availability | None, command: SetAvailability, actor: Staff, now: datetime
) -> Decision:
    """Everybody their own; those who run the office that of all in it (I-31, I-35, I-39, I-49)."""
    if denied := may(actor, Ability.AVAILABILITY, office=member.office_id, owners=(member.id,)):
        return refuse(denied)
    wanted = replace(availability or Availability(member.id, available=True), **_told(command))
    if wanted == availability:
        return unchanged(availability)
    told = StaffAvailabilityChanged(staff_id=member.id, available=wanted.available, by=actor.id, at=now)
    return decide(wanted, told)


def _told(command: SetAvailability) -> dict[str, Any]:
    return command.model_dump(include={"available", "comment"})


def _supervised(member: Staff, supervisor: Staff | None) -> Refused | None:
    if supervisor is None:
        return None
    if supervisor.id == member.id:
        return Refused("INV-S8", "nobody is their own supervisor")
    if supervisor.role not in SUPERVISORS:
        return Refused("INV-S8", f"{supervisor.role.value} does not supervise")
    return None


def _in_order(member: Staff) -> Refused | None:
    """Lunch lies in the shift, and neither ends before it begins. What is not known is not judged."""
    shift, lunch = (member.shift_start, member.shift_end), (member.lunch_begin, member.lunch_end)
    known = [time for time in (shift[0], *lunch, shift[1]) if time is not None]
    if known != sorted(known):
        return Refused("INV-S4", "shift and lunch are not in order")
    if any(begin is not None and begin == end for begin, end in (shift, lunch)):
        return Refused("INV-S4", "a shift or lunch takes no time")
    return None


def _published(member: Staff | None, wanted: Staff, coordinators: Coordinators | None = None) -> Decision:
    if wanted == member:
        return unchanged(member)
    return decide(wanted, StaffUpserted(staff_id=wanted.id, **content(wanted)), guard=coordinators)
