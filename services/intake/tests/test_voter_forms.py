"""Completed forms: when they are due, that they are sent, and what is told when they are not."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from access.calendars import ElectionDeadline, Holiday
from access.directory import Staff
from casebus_contracts import (
    CountyDeadline,
    OfficeHoliday,
    TransmitVoterForms,
    VoterFormsOverdue,
    VoterFormsTransmitted,
)
from chassis.decisions import body_of
from chassis.rules import Decided, Decision, Invalid, Refused, cancel_timer, set_timer
from intake.examples import ADAIR, BOONE_CLERK, CLERK, CRU, SPECIALIST, request_id
from intake.voters.desk import VoterDesk
from intake.voters.forms import FORMS, FormsBox, Pile, due_on, forms_late, transmit_voter_forms

COLUMBUS = Holiday("2025-10-13", name="Columbus Day", closed=True)
ELECTION = ElectionDeadline("2026-11-03", registration_deadline=date(2026, 10, 7))
MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)
DUE = date(2026, 3, 9)
LATE = ADAIR.end_of(DUE)
"""When Monday's forms become late: the local day after their last one begins."""
FIRST, SECOND, THIRD = (request_id(number) for number in (61, 62, 63))
DESK = VoterDesk(ADAIR.id)
BOX = FormsBox(ADAIR.id).put(FIRST, MONDAY, DUE).put(SECOND, MONDAY, DUE).put(THIRD, TUESDAY, date(2026, 3, 10))
SEND = TransmitVoterForms(office_id=ADAIR.id, entry_ids=(FIRST, SECOND), sent_on=date(2026, 3, 5))


def send(box: FormsBox = BOX, actor: Staff = CLERK, now: datetime = LATE, **changes: object) -> Decision:
    return transmit_voter_forms(box, DESK, ADAIR, SEND.model_copy(update=changes), actor, now)


def decided(outcome: Decision) -> Decided:
    assert isinstance(outcome, Decided), outcome
    return outcome


@pytest.mark.rule("V-07")
def test_five_business_days_skip_the_weekend_and_columbus_day() -> None:
    assert due_on(ADAIR, date(2025, 10, 9), [COLUMBUS], []) == date(2025, 10, 17)


@pytest.mark.rule("V-07")
def test_forms_of_one_day_that_are_due_on_two_lie_on_two_piles() -> None:
    box = FormsBox(ADAIR.id).put(FIRST, MONDAY, DUE).put(SECOND, MONDAY, MONDAY).put(THIRD, MONDAY, DUE)

    assert box.piles == (Pile(MONDAY, MONDAY, (SECOND,)), Pile(MONDAY, DUE, (FIRST, THIRD)))


@pytest.mark.rule("V-07")
def test_without_a_holiday_a_form_is_due_a_week_later() -> None:
    assert due_on(ADAIR, date(2025, 10, 9), [], []) == date(2025, 10, 16)


@pytest.mark.rule("V-15")
def test_five_days_before_the_deadline_the_federal_clock_is_the_faster_one() -> None:
    assert due_on(ADAIR, date(2026, 10, 2), [], [ELECTION]) == date(2026, 10, 7)


@pytest.mark.rule("V-15")
@pytest.mark.parametrize(
    ("received", "due"),
    [
        (date(2026, 10, 1), date(2026, 10, 8)),  # six days before: the state's is earlier than ten days
        (date(2026, 10, 3), date(2026, 10, 8)),
        (date(2026, 10, 7), date(2026, 10, 12)),  # on the last day itself
        (date(2026, 10, 8), date(2026, 10, 15)),  # over
    ],
)
def test_the_federal_clock_is_fast_in_the_last_five_days_only(received: date, due: date) -> None:
    assert due_on(ADAIR, received, [], [ELECTION]) == due


@pytest.mark.rule("V-15")
def test_ten_days_are_the_limit_when_the_office_is_closed_for_long() -> None:
    closed = [Holiday(f"2026-03-{day:02}", closed=True) for day in range(3, 14)]

    assert due_on(ADAIR, MONDAY, closed, []) == date(2026, 3, 12)


@pytest.mark.rule("V-15")
def test_an_office_without_any_business_day_keeps_the_federal_clock() -> None:
    first = date(2026, 1, 1)
    closed = [Holiday((first + timedelta(days=day)).isoformat(), closed=True) for day in range(800)]

    assert due_on(ADAIR, MONDAY, closed, []) == date(2026, 3, 12)


@pytest.mark.rule("V-07")
def test_the_clock_runs_out_at_the_end_of_the_local_day() -> None:
    assert BOX.clock(ADAIR, LATE - timedelta(days=5)) == set_timer(FORMS, LATE, ADAIR.id)
    assert LATE.isoformat() == "2026-03-10T00:00:00-05:00"


@pytest.mark.rule("V-07")
def test_a_form_that_is_logged_too_late_rings_at_once() -> None:
    now = LATE + timedelta(days=3)

    assert BOX.clock(ADAIR, now) == set_timer(FORMS, now, ADAIR.id)


@pytest.mark.rule("V-07")
def test_late_forms_are_told_as_a_number() -> None:
    outcome = decided(forms_late(BOX, DESK, ADAIR, LATE))

    assert outcome.facts == (VoterFormsOverdue(office_id=ADAIR.id, due_on=DUE, forms_overdue=2, at=LATE),)
    assert outcome.timers == (set_timer(FORMS, ADAIR.end_of(date(2026, 3, 10)), ADAIR.id),)


@pytest.mark.rule("V-07")
def test_a_second_before_the_end_of_the_day_nothing_is_late() -> None:
    outcome = decided(forms_late(BOX, DESK, ADAIR, LATE - timedelta(seconds=1)))

    assert (outcome.facts, outcome.timers) == ((), (set_timer(FORMS, LATE, ADAIR.id),))


@pytest.mark.rule("V-07")
def test_late_forms_are_told_once() -> None:
    told = decided(forms_late(BOX, DESK, ADAIR, LATE)).states[0]

    assert isinstance(told, FormsBox)
    assert decided(forms_late(told, DESK, ADAIR, LATE)).facts == ()


@pytest.mark.rule("V-07")
def test_a_form_laid_on_a_pile_that_was_told_is_told_too() -> None:
    told = replace(FormsBox(ADAIR.id), piles=(Pile(MONDAY, DUE, (FIRST,), told=True),))

    outcome = decided(forms_late(told.put(SECOND, MONDAY, DUE), DESK, ADAIR, LATE))
    assert outcome.facts == (VoterFormsOverdue(office_id=ADAIR.id, due_on=DUE, forms_overdue=2, at=LATE),)


@pytest.mark.rule("V-07")
def test_forms_that_were_sent_lie_here_no_more() -> None:
    outcome = decided(send(now=LATE - timedelta(days=4)))

    assert outcome.states == (FormsBox(ADAIR.id).put(THIRD, TUESDAY, date(2026, 3, 10)), DESK)
    assert outcome.facts == (
        VoterFormsTransmitted(
            office_id=ADAIR.id,
            sent_on=SEND.sent_on,
            forms=2,
            forms_overdue=0,
            by=CLERK.id,
            at=LATE - timedelta(days=4),
        ),
    )


@pytest.mark.rule("V-07")
def test_what_is_late_and_was_left_behind_is_counted() -> None:
    (fact,) = decided(send(entry_ids=(SECOND, THIRD))).facts

    assert isinstance(fact, VoterFormsTransmitted)
    assert (fact.forms, fact.forms_overdue) == (2, 1)


@pytest.mark.rule("V-07")
def test_with_the_last_form_the_clock_stops() -> None:
    assert decided(send(entry_ids=(FIRST, SECOND, THIRD))).timers == (cancel_timer(FORMS, ADAIR.id),)


@pytest.mark.rule("V-07")
@pytest.mark.parametrize("entries", [(request_id(99),), (FIRST, request_id(99))])
def test_only_forms_that_lie_here_are_sent(entries: tuple[str, ...]) -> None:
    assert send(entry_ids=entries) == Invalid("entry_ids", "")


@pytest.mark.rule("V-07")
@pytest.mark.parametrize("sent_on", [date(2026, 3, 1), date(2026, 3, 11)])
def test_forms_are_sent_between_their_receipt_and_today(sent_on: date) -> None:
    assert send(sent_on=sent_on) == Invalid("sent_on", "")


@pytest.mark.rule("V-07")
@pytest.mark.parametrize("sent_on", [MONDAY, date(2026, 3, 10)])
def test_the_day_of_receipt_and_today_are_both_good(sent_on: date) -> None:
    assert decided(send(sent_on=sent_on))


@pytest.mark.rule("I-26", "I-43")
@pytest.mark.parametrize(("actor", "rule"), [(BOONE_CLERK, "I-26"), (SPECIALIST, "I-26"), (CRU, "I-43")])
def test_forms_are_sent_by_the_staff_of_the_office(actor: Staff, rule: str) -> None:
    assert send(actor=actor) == Refused(rule, "")


@pytest.mark.rule("INV-I10", "V-14")
def test_what_is_told_of_forms_names_no_entry() -> None:
    facts = (*decided(send()).facts, *decided(forms_late(BOX, DESK, ADAIR, LATE)).facts)

    assert not any(entry in body_of(fact) for fact in facts for entry in (FIRST, SECOND, THIRD))


def test_forms_lie_by_the_day_they_came_and_the_day_they_are_due() -> None:
    box = FormsBox(ADAIR.id).put(FIRST, MONDAY, DUE).put(SECOND, TUESDAY, DUE).put(THIRD, MONDAY, date(2026, 3, 10))

    assert [(pile.received_on, pile.due_on, pile.entries) for pile in box.piles] == [
        (MONDAY, DUE, (FIRST,)),
        (TUESDAY, DUE, (SECOND,)),
        (MONDAY, date(2026, 3, 10), (THIRD,)),
    ]


@pytest.mark.rule("V-07")
def test_a_day_on_which_this_office_alone_is_closed_is_no_business_day() -> None:
    ours = Holiday("2025-10-13", offices=(OfficeHoliday(office_id=ADAIR.id, name="Inventory", closed=True),))

    assert due_on(ADAIR, date(2025, 10, 9), [ours], []) == date(2025, 10, 17)


@pytest.mark.rule("V-15")
def test_the_deadline_of_the_county_counts() -> None:
    here = CountyDeadline(county_fips=ADAIR.county_fips, registration_deadline=date(2026, 10, 2))
    election = replace(ELECTION, registration_deadline=None, counties=(here,))

    assert due_on(ADAIR, date(2026, 10, 1), [], [election]) == date(2026, 10, 6)


def test_uses_of_one_month_add_up() -> None:
    used = FormsBox(ADAIR.id).used("2026-03").used("2026-03").used("2026-04")

    assert [(each.month, each.entries) for each in used.use] == [("2026-03", 2), ("2026-04", 1)]


@pytest.mark.rule("V-07")
def test_what_is_late_is_told_of_the_desk_by_the_clock_of_the_box() -> None:
    outcome = decided(forms_late(BOX, DESK, ADAIR, LATE))
    early = decided(forms_late(BOX, DESK, ADAIR, LATE - timedelta(seconds=1)))

    assert outcome.states[1:] == (DESK,)
    assert early.states == (BOX,)
