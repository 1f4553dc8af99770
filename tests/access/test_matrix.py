"""Every cell of the specification's permission matrix, and every refusal that the sources state."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from access.directory import SYSTEM, Staff
from access.matrix import MATRIX, WHO_RULES, Ability, may
from access.roles import STAFF_ROLES, Role
from chassis.rules import Refused

ROWS = list(Ability)[: list(Ability).index(Ability.ACKNOWLEDGE) + 1]
"""The abilities in the order of the specification's rows."""

HERE, ELSEWHERE = "ADAIR", "BOONE"
SITUATIONS: dict[str, dict[str, Any]] = {
    "here": {"office": HERE},
    "elsewhere": {"office": ELSEWHERE},
    "theirs": {"office": HERE, "owners": ("S-1",)},
    "a merit call here": {"office": HERE, "merit": True},
    "a merit call elsewhere": {"office": ELSEWHERE, "merit": True},
}
EVERYWHERE = set(SITUATIONS)
IN_THE_OFFICE = {"here", "theirs", "a merit call here"}
MEANING = {
    "": set(),
    "N": set(),
    "Y": IN_THE_OFFICE,
    "all in office": IN_THE_OFFICE,
    "state": EVERYWHERE,
    "state, read only": EVERYWHERE,
    "own": {"theirs"},
    "own (inviting next makes them the interviewer)": {"theirs"},
    "own (others: N)": {"theirs"},
    "own call": {"theirs"},
    "for contacts they handle": {"theirs"},
    "its recipients, whatever their role": {"theirs"},
    "merit calls only": {"a merit call here"},
    "own office's merit calls": {"a merit call here"},
    "merit search": {"a merit call here"},
}


def member(role: Role) -> Staff:
    return Staff("S-1", name="Pat Doe", work_email="pat.doe@example.gov", role=role, office_id=HERE)


def specification() -> list[tuple[Ability, Role, str]]:
    lines = Path(__file__).with_name("matrix.md").read_text().splitlines()
    rows = [line.replace("*", "").split("|")[2:-1] for line in lines if line.startswith("|")][2:]
    assert len(rows) == len(ROWS)
    return [
        (ability, role, (row[0] if ability is Ability.ACKNOWLEDGE else cell).strip())
        for ability, row in zip(ROWS, rows, strict=True)
        for role, cell in zip(STAFF_ROLES, row, strict=True)
    ]


def allowed(role: Role, ability: Ability) -> set[str]:
    return {name for name, where in SITUATIONS.items() if may(member(role), ability, **where) is None}


def expected(role: Role, cell: str) -> set[str]:
    meaning = MEANING[cell.removesuffix(" (Q1)")]
    return EVERYWHERE if role is Role.CENTRAL and meaning == IN_THE_OFFICE else meaning


@pytest.mark.rule("I-26", "I-27", "I-28", "I-29", "I-48")
@pytest.mark.parametrize(("ability", "role", "cell"), specification())
def test_a_cell_says_what_the_specification_says(ability: Ability, role: Role, cell: str) -> None:
    assert allowed(role, ability) == expected(role, cell)


@pytest.mark.rule("I-41")
@pytest.mark.parametrize("ability", Ability)
def test_a_specialist_with_clerical_duties_may_what_a_clerk_or_a_specialist_may(ability: Ability) -> None:
    assert allowed(Role.ES_CLERICAL, ability) == allowed(Role.CLERICAL, ability) | allowed(Role.ES, ability)


@pytest.mark.rule("I-26")
@pytest.mark.parametrize("role", [Role.CAREER_COACH, Role.RENT_COORDINATOR, Role.K2P_MANAGER, Role.OPERATOR])
@pytest.mark.parametrize("ability", [row for row in ROWS if row not in (Ability.OWN_DUTY, Ability.ACKNOWLEDGE)])
def test_other_programmes_have_no_right_to_the_work_of_an_office(ability: Ability, role: Role) -> None:
    assert allowed(role, ability) == set()


@pytest.mark.parametrize(
    ("ability", "grants"),
    [
        (Ability.COACH, {Role.CAREER_COACH: {"theirs"}, Role.K2P_MANAGER: IN_THE_OFFICE}),
        (Ability.RENT, {Role.RENT_COORDINATOR: IN_THE_OFFICE, Role.K2P_MANAGER: IN_THE_OFFICE}),
        (Ability.OVERRIDE, {Role.K2P_MANAGER: IN_THE_OFFICE}),
        (Ability.OPERATE, {Role.OPERATOR: EVERYWHERE}),
    ],
)
def test_the_work_of_other_programmes_is_theirs_alone(ability: Ability, grants: dict[Role, set[str]]) -> None:
    assert {role: allowed(role, ability) for role in Role if allowed(role, ability)} == grants


@pytest.mark.parametrize("role", Role)
def test_every_role_may_keep_its_own_duty_record_only(role: Role) -> None:
    assert allowed(role, Ability.OWN_DUTY) == {"theirs"}


@pytest.mark.parametrize("role", Role)
def test_a_recipient_may_acknowledge_whatever_the_role(role: Role) -> None:
    assert allowed(role, Ability.ACKNOWLEDGE) == {"theirs"}


STATED = [
    (Role.CLERICAL, Ability.EDIT_TIMES, "I-30"),
    (Role.ES_CLERICAL, Ability.EDIT_TIMES, "I-30"),
    (Role.RC_GREETER, Ability.EDIT_TIMES, "I-30"),
    (Role.CLERICAL, Ability.BE_ASSIGNED, "I-32"),
    (Role.CLERICAL, Ability.TERMINATE_TRANSFER, "I-33"),
    (Role.ES_CLERICAL, Ability.TERMINATE_TRANSFER, "I-33"),
    (Role.RC_GREETER, Ability.TERMINATE_TRANSFER, "I-33"),
    (Role.ES, Ability.TIME, "I-36"),
    (Role.ES, Ability.ADD_REQUEST, "I-38"),
    (Role.ES, Ability.AVAILABILITY, "I-39"),
    (Role.ES, Ability.TERMINATE_TRANSFER, "I-40"),
    (Role.SUPERVISOR, Ability.VOTER_OFFICE_DATA, "I-52"),
    (Role.SUPERVISOR, Ability.OFFICE_DATA, "I-53"),
    (Role.SUPERVISOR, Ability.REFERENCE_DATA, "I-53"),
    (Role.MANAGER, Ability.REFERENCE_DATA, "I-58"),
    (Role.IM_CRU, Ability.TIME, "I-43"),
    (Role.IM_CRU, Ability.ADD_REQUEST, "I-43"),
    (Role.IM_CRU, Ability.TERMINATE_TRANSFER, "I-43"),
]


@pytest.mark.rule("I-30", "I-32", "I-36", "I-38", "I-43")
@pytest.mark.parametrize(("role", "ability", "rule"), STATED)
def test_a_refusal_names_the_rule_that_the_sources_state_for_the_role(role: Role, ability: Ability, rule: str) -> None:
    assert may(member(role), ability, office=HERE) == Refused(rule, "")


@pytest.mark.rule("I-26")
@pytest.mark.parametrize(
    ("role", "ability"),
    [
        (Role.ES, Ability.EDIT_TIMES),
        (Role.MERIT, Ability.ADD_REQUEST),
        (Role.ES, Ability.QUEUE),
        (Role.CLERICAL, Ability.OFFICE_DATA),
        (Role.SUPERVISOR, Ability.UPSERT_STAFF),
        (Role.OPERATOR, Ability.VIEW),
    ],
)
def test_a_refusal_without_a_rule_of_the_role_is_that_of_the_matrix(role: Role, ability: Ability) -> None:
    assert may(member(role), ability, office=HERE) == Refused("I-26", "")


@pytest.mark.rule("I-26")
def test_another_office_is_refused_by_the_matrix() -> None:
    assert may(member(Role.CLERICAL), Ability.ADD_REQUEST, office=ELSEWHERE) == Refused("I-26", "")


def test_what_belongs_to_no_office_needs_only_the_ability() -> None:
    assert may(member(Role.CENTRAL), Ability.REFERENCE_DATA) is None


@pytest.mark.rule("I-07")
def test_who_has_left_the_staff_may_nothing() -> None:
    gone = replace(member(Role.CENTRAL), active=False)

    assert may(gone, Ability.ADD_REQUEST, office=HERE) == Refused("I-07", "")


@pytest.mark.parametrize("ability", Ability)
def test_the_system_may_what_its_sender_was_allowed_to_send(ability: Ability) -> None:
    assert may(SYSTEM, ability, office=ELSEWHERE) is None


def test_every_role_has_a_cell_for_every_ability() -> None:
    assert {ability: set(row) for ability, row in MATRIX.items()} == {ability: set(Role) for ability in Ability}


def test_refusing_the_assignee_is_not_refusing_who_asks():
    assert "I-32" not in WHO_RULES
    assert {"I-07", "I-26", "I-30", "I-36", "I-38", "I-43"} <= WHO_RULES
