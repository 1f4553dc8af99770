"""Completed forms on their way to the election authority, and the last day they may leave (V-07, V-15)."""

import dataclasses
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import ClassVar

from access.calendars import ElectionDeadline, Holiday, NoBusinessDay, business_day_after, next_deadline
from access.directory import Office, Staff
from access.matrix import Ability, may
from casebus_contracts import TransmitVoterForms, VoterFormsOverdue, VoterFormsTransmitted
from chassis.rules import Aggregate, Decision, TimerChange, cancel_timer, decide, invalid, refuse, replace, set_timer
from intake.voters.desk import VoterDesk

STATE_BUSINESS_DAYS = 5
FEDERAL_DAYS = 10
FEDERAL_DAYS_NEAR_DEADLINE = 5
NEAR_DEADLINE = timedelta(days=5)
MONTHS_OF_USE_KEPT = 4

FORMS = "forms"
"""The clock of an office's oldest form."""


@dataclass(frozen=True, slots=True)
class Pile:
    """Forms received on one day and due on one day. `told`: that they are late."""

    received_on: date
    due_on: date
    entries: tuple[str, ...]
    told: bool = False


@dataclass(frozen=True, slots=True)
class MonthOfUse:
    """How many entries the voter log of an office had in a month, `YYYY-MM`."""

    month: str
    entries: int


@dataclass(frozen=True, slots=True)
class FormsBox(Aggregate):
    """The forms that lie in an office, and how many it uses; its id is the office's.

    A guard: that a person handed in a form says what they answered, so that no fact speaks of it.
    """

    NAME: ClassVar[str] = "voter_forms_box"
    TABLE: ClassVar[str] = "voter_forms_boxes"
    GUARD: ClassVar[bool] = True
    PERSONAL: ClassVar[frozenset[str]] = frozenset({"piles"})

    piles: tuple[Pile, ...] = ()
    use: tuple[MonthOfUse, ...] = ()
    judged: str | None = None
    """The last month whose numbers were looked at, `YYYY-MM`."""

    def used(self, month: str) -> "FormsBox":
        """One form more was offered in this month."""
        counts = {each.month: each.entries for each in self.use}
        counts[month] = counts.get(month, 0) + 1
        latest = sorted(counts.items())[-MONTHS_OF_USE_KEPT:]
        return replace(self, use=tuple(MonthOfUse(*each) for each in latest))

    def put(self, entry_id: str, received_on: date, due_on: date) -> "FormsBox":
        """A form is laid on its pile."""
        others = tuple(each for each in self.piles if not _same(each, received_on, due_on))
        pile = next((each for each in self.piles if _same(each, received_on, due_on)), Pile(received_on, due_on, ()))
        grown = dataclasses.replace(pile, entries=(*pile.entries, entry_id))
        return replace(self, piles=tuple(sorted((*others, grown), key=_by_day)))

    def without(self, entry_ids: Collection[str]) -> "FormsBox":
        """These forms are taken out."""
        left = (
            dataclasses.replace(pile, entries=tuple(each for each in pile.entries if each not in entry_ids))
            for pile in self.piles
        )
        return replace(self, piles=tuple(pile for pile in left if pile.entries))

    def holding(self, entry_ids: Collection[str]) -> tuple[Pile, ...]:
        """The piles that these forms lie on."""
        return tuple(pile for pile in self.piles if not set(entry_ids).isdisjoint(pile.entries))

    def late(self, office: Office, now: datetime) -> tuple[Pile, ...]:
        """The piles whose last day is over."""
        return tuple(pile for pile in self.piles if office.end_of(pile.due_on) <= now)

    def clock(self, office: Office, now: datetime) -> TimerChange:
        """When the next form becomes late; no clock without one. One laid here too late rings at once."""
        ends = [office.end_of(pile.due_on) for pile in self.piles if not pile.told]
        return set_timer(FORMS, max(now, min(ends)), self.id) if ends else cancel_timer(FORMS, self.id)


def due_on(
    office: Office, received_on: date, holidays: Iterable[Holiday], deadlines: Iterable[ElectionDeadline]
) -> date:
    """The last day a form may leave: the state's or the federal one, whichever is earlier (V-07, V-15).

    An office that keeps no business day for a year has the federal one only.
    """
    deadline = next_deadline(office.county_fips, received_on, deadlines)
    near = deadline is not None and received_on >= deadline - NEAR_DEADLINE
    federal = received_on + timedelta(days=FEDERAL_DAYS_NEAR_DEADLINE if near else FEDERAL_DAYS)
    try:
        return min(federal, business_day_after(office.id, received_on, STATE_BUSINESS_DAYS, holidays))
    except NoBusinessDay:
        return federal


def transmit_voter_forms(
    box: FormsBox, desk: VoterDesk, office: Office, command: TransmitVoterForms, actor: Staff, now: datetime
) -> Decision:
    """Forms that lie here went out, on a day between their receipt and today (V-07)."""
    if denied := may(actor, Ability.VOTER_LOG, office=office.id):
        return refuse(denied)
    wanted = set(command.entry_ids)
    piles = box.holding(wanted)
    if not wanted.issubset(each for pile in piles for each in pile.entries):
        return invalid("entry_ids", "not all of these forms lie in the office")
    if not max(pile.received_on for pile in piles) <= command.sent_on <= office.local_day(now):
        return invalid("sent_on", "before a form came in, or in the future")
    left = box.without(wanted)
    told = VoterFormsTransmitted(
        office_id=office.id,
        sent_on=command.sent_on,
        forms=len(wanted),
        forms_overdue=_count(left.late(office, now)),
        by=actor.id,
        at=now,
    )
    # The box stands first: the clock is the box's, and so is its id the desk's.
    return decide(left, told, others=(desk,), timers=(left.clock(office, now),))


def forms_late(box: FormsBox, desk: VoterDesk, office: Office, now: datetime) -> Decision:
    """The last day of a pile is over, and it still lies here: told once (V-07)."""
    late = box.late(office, now)
    if all(pile.told for pile in late):
        return decide(box, timers=(box.clock(office, now),))
    marked = tuple(dataclasses.replace(pile, told=True) if pile in late else pile for pile in box.piles)
    kept = replace(box, piles=marked)
    told = VoterFormsOverdue(
        office_id=office.id, due_on=min(pile.due_on for pile in late), forms_overdue=_count(late), at=now
    )
    return decide(kept, told, others=(desk,), timers=(kept.clock(office, now),))


def _count(piles: Iterable[Pile]) -> int:
    return sum(len(pile.entries) for pile in piles)


def _same(pile: Pile, received_on: date, due: date) -> bool:
    return (pile.received_on, pile.due_on, pile.told) == (received_on, due, False)


def _by_day(pile: Pile) -> tuple[date, date, bool]:
    return pile.due_on, pile.received_on, pile.told
