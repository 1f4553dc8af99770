"""The month of an office is judged once, after its first business day; vectors around holidays, zones and outages."""

from datetime import UTC, date, datetime

import pytest

from access.calendars import Holiday
from casebus_contracts import VoterCountsDeviating
from chassis.rules import Counts, Decided, Decision, TimerChange, Unchanged, decide, replace, set_timer
from intake.examples import ADAIR, NINE
from intake.voters.desk import VoterDesk
from intake.voters.forms import FormsBox
from intake.voters.month import month_before, month_over, watch_month

BOX, DESK = FormsBox(ADAIR.id), VoterDesk(ADAIR.id)
JANUARY_DONE = replace(BOX, judged="2026-01")
NEW_YEAR = Holiday("2026-01-01", name="New Year", closed=True)
RUNG = datetime(2026, 3, 3, 6, 0, tzinfo=UTC)
"""Monday 2 March is over in the office."""
FAR: Counts = {
    ("requests", "walk_in.covered"): 30,
    ("requests", "call_in.covered"): 10,
    ("requests", "mail_in"): 50,
    ("voter_entries", "apply.in_person"): 28,
    ("voter_entries", "apply.mail"): 12,
    ("voter_letters", ""): 2,
}
NEAR: Counts = {**FAR, ("voter_entries", "review.phone"): 8}


def clocks(outcome: Decision) -> tuple[TimerChange, ...]:
    assert isinstance(outcome, Decided), outcome
    return outcome.timers


def judged(counts: Counts, box: FormsBox = JANUARY_DONE, now: datetime = RUNG) -> Decision:
    return month_over(box, DESK, ADAIR, (), counts, now)


@pytest.mark.rule("V-09", "D-01", "D-02")
@pytest.mark.parametrize(
    ("now", "rings"),
    [
        (datetime(2026, 2, 10, tzinfo=UTC), datetime(2026, 3, 3, 6, tzinfo=UTC)),  # 1 March is a Sunday
        (datetime(2026, 3, 10, tzinfo=UTC), datetime(2026, 4, 2, 5, tzinfo=UTC)),  # summer time by then
        (datetime(2026, 10, 10, tzinfo=UTC), datetime(2026, 11, 3, 6, tzinfo=UTC)),  # winter time by then
        (datetime(2025, 12, 10, tzinfo=UTC), datetime(2026, 1, 3, 6, tzinfo=UTC)),  # 1 January is closed
        (datetime(2026, 3, 1, 5, 59, tzinfo=UTC), datetime(2026, 3, 3, 6, tzinfo=UTC)),  # still February in the office
        (datetime(2026, 3, 1, 6, 0, tzinfo=UTC), datetime(2026, 4, 2, 5, tzinfo=UTC)),
    ],
)
def test_the_clock_of_a_new_office_rings_at_the_end_of_the_first_business_day_of_the_next_month(
    now: datetime, rings: datetime
) -> None:
    assert clocks(watch_month(BOX, ADAIR, (NEW_YEAR,), now)) == (set_timer("month", rings, ADAIR.id),)


@pytest.mark.rule("V-09")
def test_an_office_told_of_again_keeps_the_month_that_is_not_judged_yet() -> None:
    late = datetime(2026, 5, 20, tzinfo=UTC)

    assert watch_month(JANUARY_DONE, ADAIR, (), late) == decide(
        JANUARY_DONE, timers=(set_timer("month", RUNG, ADAIR.id),)
    )


def test_an_office_that_is_closed_for_good_has_no_clock() -> None:
    assert watch_month(BOX, replace(ADAIR, active=False), (), NINE) == Unchanged()


def test_an_office_that_keeps_no_business_day_is_judged_on_the_first() -> None:
    closed = tuple(
        Holiday(date.fromordinal(date(2026, 2, 1).toordinal() + n).isoformat(), closed=True) for n in range(400)
    )

    assert clocks(watch_month(JANUARY_DONE, ADAIR, closed, NINE))[0].due_at == datetime(2026, 3, 2, 6, tzinfo=UTC)


@pytest.mark.rule("V-09")
def test_a_month_far_from_its_contacts_is_told_with_its_numbers() -> None:
    told = VoterCountsDeviating(
        office_id=ADAIR.id, month="2026-02", covered_contacts=40, entries=28, letters=2, at=RUNG
    )
    april = set_timer("month", datetime(2026, 4, 2, 5, tzinfo=UTC), ADAIR.id)

    assert judged(FAR) == decide(replace(BOX, judged="2026-02"), told, others=(DESK,), timers=(april,))


@pytest.mark.rule("V-09")
def test_a_month_that_adds_up_is_told_to_nobody_and_the_next_one_watched() -> None:
    outcome = judged(NEAR)

    assert isinstance(outcome, Decided)
    assert (outcome.states, outcome.facts) == ((replace(BOX, judged="2026-02"),), ())
    assert len(outcome.timers) == 1


@pytest.mark.rule("V-09")
@pytest.mark.parametrize("box", [BOX, replace(BOX, judged="2026-02"), replace(BOX, judged="2026-03")])
def test_a_month_judged_already_or_before_the_office_was_known_is_not_judged(box: FormsBox) -> None:
    outcome = judged(FAR, box=box)

    assert isinstance(outcome, Decided)
    assert outcome.facts == ()


@pytest.mark.rule("V-09")
def test_after_a_long_outage_each_month_is_judged_by_its_own_clock() -> None:
    (next_clock,) = clocks(judged(NEAR, box=replace(BOX, judged="2025-12"), now=datetime(2026, 2, 3, 6, tzinfo=UTC)))

    assert next_clock.due_at == RUNG


@pytest.mark.parametrize(
    ("now", "first", "last"),
    [
        (RUNG, date(2026, 2, 1), date(2026, 2, 28)),
        (datetime(2026, 1, 3, 6, tzinfo=UTC), date(2025, 12, 1), date(2025, 12, 31)),
        (datetime(2024, 3, 2, 6, tzinfo=UTC), date(2024, 2, 1), date(2024, 2, 29)),
    ],
)
def test_the_counts_are_of_the_month_before(now: datetime, first: date, last: date) -> None:
    assert month_before(now) == (first, last)
