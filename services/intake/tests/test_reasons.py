"""Reasons are data that Central Office edits."""

from dataclasses import replace
from pathlib import Path

import pytest

import intake.app
from access.directory import SYSTEM, Staff
from casebus_contracts import ReasonUpserted, UpsertReason
from chassis.rules import Decided, Refused, Unchanged, decide
from intake.examples import (
    ALL_ROUNDER,
    CENTRAL,
    CLERK,
    CRU,
    GREETER,
    MANAGER,
    MERIT,
    REASONS,
    SPECIALIST,
    SUPERVISOR,
)
from intake.reasons import Reason, covered, upsert_reason, usable

MOVE = UpsertReason(reason="moving", label="Moving house", nvra_covered=True, active=True)
MOVING = Reason("moving", label="Moving house", nvra_covered=True, active=True)


@pytest.mark.rule("I-60")
@pytest.mark.parametrize("actor", [CENTRAL, SYSTEM])
def test_central_office_makes_a_reason(actor: Staff) -> None:
    assert upsert_reason(None, MOVE, actor) == decide(MOVING, ReasonUpserted(**MOVE.model_dump()))


@pytest.mark.rule("I-60")
def test_central_office_retires_a_reason() -> None:
    retire = MOVE.model_copy(update={"active": False})

    told = ReasonUpserted(reason="moving", label="Moving house", nvra_covered=True, active=False)
    assert upsert_reason(MOVING, retire, CENTRAL) == decide(replace(MOVING, active=False), told)


def test_the_same_reason_again_changes_nothing() -> None:
    assert upsert_reason(replace(MOVING, version=1), MOVE, CENTRAL) == Unchanged()


@pytest.mark.rule("I-60")
def test_a_reason_that_was_there_from_the_start_is_told_when_first_confirmed() -> None:
    assert upsert_reason(MOVING, MOVE, CENTRAL) == decide(MOVING, ReasonUpserted(**MOVE.model_dump()))


@pytest.mark.rule("I-53", "I-58", "I-26", "I-43")
@pytest.mark.parametrize(
    ("actor", "rule"),
    [
        (SUPERVISOR, "I-53"),
        (MANAGER, "I-58"),
        (CLERK, "I-26"),
        (ALL_ROUNDER, "I-26"),
        (GREETER, "I-26"),
        (SPECIALIST, "I-26"),
        (MERIT, "I-26"),
        (CRU, "I-43"),
    ],
)
def test_nobody_else_edits_reasons(actor: Staff, rule: str) -> None:
    assert upsert_reason(None, MOVE, actor) == Refused(rule, "")
    assert upsert_reason(MOVING, MOVE, actor) == Refused(rule, "")


@pytest.mark.rule("I-60")
def test_a_new_reason_can_be_given_at_once_and_a_retired_one_no_more() -> None:
    assert usable((*REASONS, MOVING), ("moving", "apply"))
    assert not usable((*REASONS, replace(MOVING, active=False)), ("moving", "apply"))
    assert not usable(REASONS, ("moving",))


@pytest.mark.rule("V-01")
@pytest.mark.parametrize(
    ("reasons", "told"),
    [
        (("apply",), True),
        (("review",), True),
        (("change_of_address",), True),
        (("register_to_vote_only",), True),
        (("drop_documents", "ebt_card", "interview", "other"), False),
        (("other", "apply"), True),
        ((), False),
    ],
)
def test_four_reasons_make_a_contact_covered(reasons: tuple[str, ...], told: bool) -> None:
    assert covered(REASONS, reasons) is told


@pytest.mark.rule("V-01")
def test_the_database_begins_with_the_same_reasons() -> None:
    migration = Path(intake.app.MIGRATIONS, "0004.requests.sql").read_text("utf-8")
    rows = [line.split("'") for line in migration.splitlines() if line.startswith("    ('")]

    assert [(row[1], "true,  true" in row[4] or "true, true" in row[4]) for row in rows] == [
        (each.id, each.nvra_covered) for each in REASONS
    ]


def test_a_changed_reason_is_a_decision_about_one_row() -> None:
    outcome = upsert_reason(MOVING, MOVE.model_copy(update={"label": "Moved"}), CENTRAL)

    assert isinstance(outcome, Decided)
    assert [state.id for state in outcome.states] == ["moving"]
