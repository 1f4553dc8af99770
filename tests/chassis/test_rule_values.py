"""What rules give back: decisions, clocks, and ids that follow from what they are about."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from casebus_contracts import Return, VisitReturned
from chassis.rules import (
    Decided,
    Invalid,
    Later,
    Refused,
    TimerChange,
    also,
    cancel_timer,
    decide,
    derived_id,
    existing,
    invalid,
    later,
    refuse,
    set_timer,
    unknown,
)
from intake.examples import CLERK, NINE, ONE_WAITS, SERVED, WAITING, WALK_IN

MOMENT = datetime(2026, 3, 2, 15, tzinfo=UTC)
BACK = Return(request_id=WAITING.id, office_id=WAITING.office_id)
TOLD = tuple(VisitReturned(**BACK.model_dump(), ticket=ticket, at=NINE, staff_id=CLERK.id) for ticket in (1, 2, 3))


def test_an_id_that_is_derived_is_the_same_in_every_release() -> None:
    assert derived_id(MOMENT, "A-14", "request/1") == "019caf10-3180-762a-9f50-f3521de523c1"


def test_an_id_that_is_derived_is_a_uuid7_of_its_moment() -> None:
    made = UUID(derived_id(MOMENT, "A-14", "request/1"))

    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert made.int >> 80 == int(MOMENT.timestamp() * 1000)


@pytest.mark.parametrize(
    "others",
    [
        (MOMENT, "A-14", "request/2"),
        (MOMENT, "request/1", "A-14"),
        (MOMENT, "A-14request/1"),
        (MOMENT, "A-14"),
        (MOMENT + timedelta(milliseconds=1), "A-14", "request/1"),
    ],
)
def test_another_moment_or_other_parts_give_another_id(others: tuple[datetime, *tuple[str, ...]]) -> None:
    assert derived_id(*others) != derived_id(MOMENT, "A-14", "request/1")


def test_the_subject_is_saved_first_and_a_guard_last() -> None:
    made = decide(WAITING, *TOLD[:2], guard=ONE_WAITS, others=(SERVED,), timers=(cancel_timer("waiting"),))

    assert made == Decided((WAITING, SERVED, ONE_WAITS), TOLD[:2], (TimerChange("waiting", None),))
    assert decide(WAITING) == Decided((WAITING,))


def test_what_is_decided_also_comes_behind() -> None:
    first = decide(WAITING, TOLD[0], timers=(set_timer("waiting", NINE),))

    both = also(first, *TOLD[1:], others=(WALK_IN,))

    assert both == Decided((WAITING, WALK_IN), TOLD, (TimerChange("waiting", NINE),))
    assert also(first) == first


def test_a_refusal_is_made_of_a_rule_or_passed_on() -> None:
    no = refuse("INV-I1", "nobody waits")

    assert (no.rule, no.reason, no.field) == ("INV-I1", "nobody waits", None)
    assert refuse(no) is no
    assert refuse("INV-I1").reason == ""


def test_what_is_not_there_or_there_already_is_named_by_its_field() -> None:
    assert unknown("office_id") == existing("office_id") == Refused(None, "", "office_id")
    assert (unknown("office_id").reason, existing("office_id").reason) == (
        "office_id: unknown",
        "office_id: exists already",
    )


def test_a_contradiction_is_told_of_a_field_and_a_fact_too_early_of_what_it_waits_for() -> None:
    wrong, early = invalid("sent_on", "in the future"), later("request/1", "not yet made")

    assert (wrong, wrong.reason) == (Invalid("sent_on", ""), "in the future")
    assert (early, early.reason) == (Later("request/1", ""), "not yet made")


def test_a_clock_is_of_the_subject_unless_another_is_named() -> None:
    assert set_timer("forms", NINE) == TimerChange("forms", NINE, None)
    assert set_timer("forms", NINE, "ADAIR") == TimerChange("forms", NINE, "ADAIR")
    assert cancel_timer("forms", "ADAIR") == TimerChange("forms", None, "ADAIR")
