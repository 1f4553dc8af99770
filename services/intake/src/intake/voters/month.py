"""A month of voter registration is over: do the numbers of an office fit together? (V-09) Values in, facts out.

Every office has a clock for its month. It rings at the end of the first business day of the next one, so that what was
left on a desk can still be logged.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from access.calendars import Holiday, NoBusinessDay, business_day_after
from access.directory import Office
from casebus_contracts import VoterCountsDeviating
from chassis.rules import Counts, Decision, TimerChange, decide, replace, set_timer, unchanged
from intake.tallies import ENTRIES, LETTERS, REQUESTS
from intake.voters.desk import VoterDesk
from intake.voters.forms import FormsBox
from intake.voters.offer import TALKED

MONTH = "month"
"""The clock of an office's month."""

DEVIATION_COUNT = 5
DEVIATION_PARTS = 10
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Numbers:
    """Of an office in a month. `offered`: entries about contacts that had to be logged; cards sent in are not."""

    covered_contacts: int
    offered: int
    letters: int

    @classmethod
    def of(cls, counts: Counts) -> "Numbers":
        """From the tallies of the month."""
        spoken = tuple(f".{channel.value}" for channel in TALKED)
        return cls(
            sum(n for (tally, label), n in counts.items() if tally == REQUESTS and label.endswith(".covered")),
            sum(n for (tally, label), n in counts.items() if tally == ENTRIES and label.endswith(spoken)),
            sum(n for (tally, _), n in counts.items() if tally == LETTERS),
        )

    @property
    def deviate(self) -> bool:
        """Whether entries of the voter log and letters are far from the covered contacts (V-09).

        Each covered contact has one or the other. Far is more than a tenth, and five at least: a small office may err.
        """
        off = abs(self.covered_contacts - self.offered - self.letters)
        return off >= DEVIATION_COUNT and DEVIATION_PARTS * off > self.covered_contacts


def watch_month(box: FormsBox, office: Office, holidays: tuple[Holiday, ...], now: datetime) -> Decision:
    """An office is told of, for the first time or again: its clock is set, to the month that is not judged yet."""
    if not office.active:
        return unchanged(box)
    kept = box if box.judged else replace(box, judged=_month(_first_before(office.local_day(now))))
    return decide(kept, timers=(_clock(kept, office, holidays),))


def month_over(
    box: FormsBox, desk: VoterDesk, office: Office, holidays: tuple[Holiday, ...], counts: Counts, now: datetime
) -> Decision:
    """The month before the one in which the clock rings is judged, once."""
    month = _month(month_before(now)[0])
    if box.judged is None or box.judged >= month:
        return watch_month(box, office, holidays, now)
    kept, numbers = replace(box, judged=month), Numbers.of(counts)
    clocks = (_clock(kept, office, holidays),)
    if not numbers.deviate:
        return decide(kept, timers=clocks)
    told = VoterCountsDeviating(
        office_id=office.id,
        month=month,
        covered_contacts=numbers.covered_contacts,
        entries=numbers.offered,
        letters=numbers.letters,
        at=now,
    )
    return decide(kept, told, others=(desk,), timers=clocks)


def month_before(now: datetime) -> tuple[date, date]:
    """The first and the last day of the month before this one. Clocks ring days after it, in whatever zone."""
    last = now.date().replace(day=1) - _DAY
    return last.replace(day=1), last


def _clock(box: FormsBox, office: Office, holidays: Iterable[Holiday]) -> TimerChange:
    """When the first month that is not judged is to be."""
    last = _last_day(_after(box.judged or ""))
    try:
        rings = business_day_after(office.id, last, 1, holidays)
    except NoBusinessDay:
        rings = last + _DAY
    return set_timer(MONTH, office.end_of(rings), box.id)


def _first_before(day: date) -> date:
    return (day.replace(day=1) - _DAY).replace(day=1)


def _after(month: str) -> date:
    """The first day of the month after this one."""
    return _last_day(date.fromisoformat(f"{month}-01")) + _DAY


def _last_day(first: date) -> date:
    return date(first.year + first.month // 12, first.month % 12 + 1, 1) - _DAY


def _month(first: date) -> str:
    return f"{first:%Y-%m}"
