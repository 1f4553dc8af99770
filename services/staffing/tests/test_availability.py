"""Who may say who is available, and what is told of it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from access.directory import Availability, Staff
from access.roles import Role
from casebus_contracts import SetAvailability, StaffAvailabilityChanged
from chassis.rules import Refused, Unchanged, decide
from staffing.examples import BOONE_SUPERVISOR, CENTRAL, CLERK, CRU, MANAGER, SUPERVISOR
from staffing.members import set_availability

NOW = datetime(2025, 11, 24, 14, tzinfo=UTC)
SPECIALIST = replace(CLERK, id="adair-es", role=Role.ES)
COLLEAGUE = replace(SPECIALIST, id="adair-es-2")
AWAY = SetAvailability(staff_id=SPECIALIST.id, available=False, comment="Back at two.")
GONE = Availability(SPECIALIST.id, available=False, comment="Back at two.")


@pytest.mark.rule("I-35")
def test_a_specialist_says_when_they_are_away() -> None:
    outcome = set_availability(SPECIALIST, None, AWAY, SPECIALIST, NOW)

    fact = StaffAvailabilityChanged(staff_id=SPECIALIST.id, available=False, by=SPECIALIST.id, at=NOW)
    assert outcome == decide(GONE, fact)


@pytest.mark.rule("I-39")
def test_a_specialist_does_not_speak_for_others() -> None:
    assert set_availability(SPECIALIST, None, AWAY, COLLEAGUE, NOW) == Refused("I-39", "")


@pytest.mark.rule("I-54")
@pytest.mark.rule("I-31", "I-49")
@pytest.mark.parametrize("actor", [CLERK, SUPERVISOR, MANAGER, CENTRAL], ids=lambda actor: actor.role.value)
def test_whoever_runs_the_office_speaks_for_all_in_it(actor: Staff) -> None:
    assert set_availability(SPECIALIST, None, AWAY, actor, NOW).states == (GONE,)


@pytest.mark.rule("I-49")
def test_nobody_speaks_for_another_office() -> None:
    assert set_availability(SPECIALIST, None, AWAY, BOONE_SUPERVISOR, NOW) == Refused("I-26", "")


def test_who_only_looks_says_nothing() -> None:
    assert set_availability(SPECIALIST, None, AWAY, CRU, NOW) == Refused("I-43", "")


@pytest.mark.rule("I-31")
def test_another_comment_is_kept() -> None:
    outcome = set_availability(SPECIALIST, GONE, AWAY.model_copy(update={"comment": "Back at three."}), CLERK, NOW)

    assert outcome.states[0].comment == "Back at three."


def test_a_comment_is_not_told() -> None:
    outcome = set_availability(SPECIALIST, None, AWAY, SPECIALIST, NOW)

    assert "Back at two." not in str(outcome.facts)


def test_who_is_back_has_no_comment_left() -> None:
    outcome = set_availability(
        SPECIALIST, GONE, SetAvailability(staff_id=SPECIALIST.id, available=True), SPECIALIST, NOW
    )

    assert outcome.states == (Availability(SPECIALIST.id, available=True),)


def test_saying_it_again_changes_nothing() -> None:
    assert set_availability(SPECIALIST, GONE, AWAY, SPECIALIST, NOW) == Unchanged()
