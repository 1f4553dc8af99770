"""Why people come: a list that Central Office edits. Values in, facts out."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from access.directory import Staff
from access.matrix import Ability, may
from casebus_contracts import ReasonUpserted, UpsertReason
from chassis.rules import Aggregate, Decision, decide, refuse, replace, unchanged


@dataclass(frozen=True, slots=True)
class Reason(Aggregate):
    """A reason for coming; its id is its code. `nvra_covered`: voter registration must be offered (V-01)."""

    NAME: ClassVar[str] = "reason"
    TABLE: ClassVar[str] = "reasons"

    label: str
    nvra_covered: bool
    active: bool


def upsert_reason(reason: Reason | None, command: UpsertReason, actor: Staff) -> Decision:
    """Central Office makes, changes and retires reasons; nobody else does (I-53, I-58, I-60)."""
    if denied := may(actor, Ability.REFERENCE_DATA):
        return refuse(denied)
    told = command.model_dump(exclude={"reason"})
    wanted = replace(reason, **told) if reason else Reason(command.reason, **told)
    # One that came with the database has been told of by nobody yet.
    if reason is not None and wanted == reason and reason.version > 0:
        return unchanged(reason)
    return decide(wanted, ReasonUpserted(**command.model_dump()))


def usable(known: Iterable[Reason], wanted: Iterable[str], kept: Iterable[str] = ()) -> bool:
    """Whether all wanted reasons are in use, or were given already (`kept`) and are only retired since."""
    active = {each.id for each in known if each.active}
    return active.union(kept).issuperset(wanted)


def covered(known: Iterable[Reason], given: Iterable[str]) -> bool:
    """Whether voter registration law covers a contact for these reasons (V-01)."""
    return not {each.id for each in known if each.nvra_covered}.isdisjoint(given)
