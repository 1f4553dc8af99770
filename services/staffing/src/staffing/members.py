"""The staff directory: who works where, as what, and when. Values in, facts out."""

from dataclasses import replace

from access.directory import SYSTEM, Office, Staff
from access.matrix import Ability, may
from access.roles import SUPERVISORS
from casebus_contracts import StaffUpserted, UpdateStaff, UpsertStaff
from chassis.rules import Decision, Refused, decide, invalid, refuse, unchanged, unknown
from staffing.states import content


def upsert_staff(member: Staff | None, office: Office, command: UpsertStaff, actor: Staff) -> Decision:
    """Central Office hires, moves and dismisses, to an office there is. Supervisor, shift and lunch stay."""
    if denied := may(actor, Ability.UPSERT_STAFF, office=office.id):
        return refuse(denied)
    if command.staff_id == SYSTEM.id:
        return invalid("staff_id", "reserved")
    told = command.model_dump(exclude={"staff_id"})
    return _published(member, replace(member, **told) if member else Staff(command.staff_id, **told))


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


def _published(member: Staff | None, wanted: Staff) -> Decision:
    if wanted == member:
        return unchanged(member)
    return decide(wanted, StaffUpserted(staff_id=wanted.id, **content(wanted)))
