"""The staff directory: who keeps it, and which schedules make sense."""

from dataclasses import replace
from datetime import time

import pytest

from access.directory import SYSTEM, Staff
from access.roles import Role
from casebus_contracts import Position, StaffUpserted, UpdateStaff, UpsertStaff
from chassis.rules import Decided, Invalid, Refused, Unchanged, decide
from staffing.coordinators import STATE, Coordinators
from staffing.examples import ADAIR, BOONE, BOONE_SUPERVISOR, CENTRAL, CLERK, CRU, MANAGER, SUPERVISOR
from staffing.members import update_staff, upsert_staff

NOBODY = Coordinators(STATE)
HIRE = UpsertStaff(
    staff_id=CLERK.id,
    name="Carla Reyes",
    work_email="carla.reyes@example.gov",
    role=Role.CLERICAL,
    office_id="ADAIR",
    positions=(),
    active=True,
)
DAY = {"shift_start": time(8), "shift_end": time(17), "lunch_begin": time(12), "lunch_end": time(13)}
SCHEDULED = replace(CLERK, supervisor_id=SUPERVISOR.id, **DAY)


def update(**changes: object) -> UpdateStaff:
    return UpdateStaff.model_validate({"staff_id": CLERK.id, **changes})


@pytest.mark.rule("I-20")
def test_a_new_member_is_told_whole() -> None:
    outcome = upsert_staff(None, (), NOBODY, ADAIR, HIRE, CENTRAL)

    assert outcome == decide(
        CLERK,
        StaffUpserted(
            staff_id="adair-clerical",
            name="Carla Reyes",
            work_email="carla.reyes@example.gov",
            role=Role.CLERICAL,
            office_id="ADAIR",
            positions=(),
            active=True,
        ),
        guard=NOBODY,
    )


def test_a_new_role_leaves_supervisor_and_shift_as_they_are() -> None:
    promote = HIRE.model_copy(update={"role": Role.ES, "positions": (Position.HOME_VISIT_CONTACT,)})

    outcome = upsert_staff(SCHEDULED, (), NOBODY, ADAIR, promote, CENTRAL)

    assert outcome.states[0] == replace(SCHEDULED, role=Role.ES, positions=(Position.HOME_VISIT_CONTACT,))


def test_the_same_member_again_changes_nothing() -> None:
    assert upsert_staff(SCHEDULED, (), NOBODY, ADAIR, HIRE, CENTRAL) == Unchanged()


def test_a_member_who_leaves_is_told_as_inactive() -> None:
    outcome = upsert_staff(CLERK, (), NOBODY, ADAIR, HIRE.model_copy(update={"active": False}), CENTRAL)

    assert [fact.active for fact in outcome.facts] == [False]


def test_the_system_may_load_the_first_members() -> None:
    assert upsert_staff(None, (), NOBODY, ADAIR, HIRE, SYSTEM).states[0] == CLERK


def test_nobody_is_called_system() -> None:
    command = HIRE.model_copy(update={"staff_id": "system"})

    assert upsert_staff(None, (), NOBODY, ADAIR, command, CENTRAL) == Invalid("staff_id", "")


@pytest.mark.rule("I-26")
@pytest.mark.parametrize(("actor", "rule"), [(CLERK, "I-26"), (CRU, "I-43"), (SUPERVISOR, "I-26"), (MANAGER, "I-26")])
def test_nobody_below_central_office_gives_out_roles(actor: Staff, rule: str) -> None:
    assert upsert_staff(None, (), NOBODY, ADAIR, HIRE, actor) == Refused(rule, "")


@pytest.mark.rule("I-50")
@pytest.mark.parametrize("actor", [SUPERVISOR, MANAGER, CENTRAL])
def test_supervisors_and_above_keep_supervisor_shift_and_lunch(actor: Staff) -> None:
    outcome = update_staff(CLERK, SUPERVISOR, update(supervisor_id=SUPERVISOR.id, **DAY), actor)

    assert outcome.states == (SCHEDULED,)


@pytest.mark.rule("I-50")
def test_a_changed_schedule_is_told_with_everything_else() -> None:
    outcome = update_staff(SCHEDULED, None, update(lunch_begin=time(11, 30)), SUPERVISOR)

    assert outcome.facts == (
        StaffUpserted(
            staff_id="adair-clerical",
            name="Carla Reyes",
            work_email="carla.reyes@example.gov",
            role=Role.CLERICAL,
            office_id="ADAIR",
            positions=(),
            active=True,
            supervisor_id="adair-supervisor",
            shift_start=time(8),
            shift_end=time(17),
            lunch_begin=time(11, 30),
            lunch_end=time(13),
        ),
    )


@pytest.mark.rule("I-50", "I-26")
def test_a_supervisor_does_not_keep_the_staff_of_another_office() -> None:
    assert update_staff(CLERK, None, update(**DAY), BOONE_SUPERVISOR) == Refused("I-26", "")


@pytest.mark.rule("I-50", "I-26")
@pytest.mark.parametrize(("actor", "rule"), [(CLERK, "I-26"), (CRU, "I-43")])
def test_nobody_below_a_supervisor_keeps_schedules(actor: Staff, rule: str) -> None:
    assert update_staff(CLERK, None, update(**DAY), actor) == Refused(rule, "")


def test_an_update_that_says_nothing_new_changes_nothing() -> None:
    assert update_staff(SCHEDULED, SUPERVISOR, update(supervisor_id=SUPERVISOR.id, **DAY), SUPERVISOR) == Unchanged()


def test_a_supervisor_nobody_knows_is_unknown() -> None:
    outcome = update_staff(CLERK, None, update(supervisor_id="nobody"), SUPERVISOR)

    assert outcome == Refused(None, "", "supervisor_id")


@pytest.mark.rule("INV-S8")
@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.MANAGER, Role.CENTRAL])
def test_a_supervisor_is_of_supervisor_role_or_above(role: Role) -> None:
    above = replace(SUPERVISOR, role=role)

    assert update_staff(CLERK, above, update(supervisor_id=above.id), SUPERVISOR).states[0].supervisor_id == above.id


@pytest.mark.rule("INV-S8")
@pytest.mark.parametrize("role", [Role.CLERICAL, Role.ES, Role.ES_CLERICAL, Role.RC_GREETER, Role.MERIT, Role.OPERATOR])
def test_nobody_below_a_supervisor_supervises(role: Role) -> None:
    below = replace(SUPERVISOR, role=role)

    assert update_staff(CLERK, below, update(supervisor_id=below.id), SUPERVISOR) == Refused("INV-S8", "")


@pytest.mark.rule("INV-S8")
def test_nobody_is_their_own_supervisor() -> None:
    outcome = update_staff(SUPERVISOR, SUPERVISOR, update(supervisor_id=SUPERVISOR.id), MANAGER)

    assert outcome == Refused("INV-S8", "")


@pytest.mark.rule("INV-S4")
@pytest.mark.parametrize(
    "times",
    [
        {"shift_start": time(17), "shift_end": time(8)},
        {"shift_start": time(8), "shift_end": time(8)},
        {"lunch_begin": time(13), "lunch_end": time(12)},
        {"lunch_begin": time(12), "lunch_end": time(12)},
        {"shift_start": time(8), "lunch_begin": time(7, 59)},
        {"shift_end": time(12), "lunch_end": time(12, 1)},
        {"shift_end": time(12), "lunch_begin": time(12, 1)},
        {"shift_start": time(13), "lunch_end": time(12, 59)},
    ],
)
def test_shift_and_lunch_are_in_order(times: dict[str, time]) -> None:
    assert update_staff(CLERK, None, update(**times), SUPERVISOR) == Refused("INV-S4", "")


@pytest.mark.rule("INV-S4")
@pytest.mark.parametrize(
    "times",
    [
        {"shift_start": time(0), "shift_end": time(23, 59)},
        {"lunch_begin": time(12), "lunch_end": time(12, 1)},
        {"shift_start": time(8), "lunch_begin": time(8)},
        {"shift_end": time(13), "lunch_end": time(13)},
    ],
)
def test_shift_and_lunch_may_touch_and_be_half_known(times: dict[str, time]) -> None:
    assert isinstance(update_staff(CLERK, None, update(**times), SUPERVISOR), Decided)


@pytest.mark.rule("INV-S4")
def test_a_shift_is_not_cut_short_of_the_lunch_in_it() -> None:
    assert update_staff(SCHEDULED, None, update(shift_end=time(12, 30)), SUPERVISOR) == Refused("INV-S4", "")


def test_a_member_may_move_to_another_office() -> None:
    move = HIRE.model_copy(update={"office_id": BOONE.id})

    assert upsert_staff(CLERK, (), NOBODY, BOONE, move, CENTRAL).states[0] == replace(CLERK, office_id=BOONE.id)


@pytest.mark.rule("I-44")
@pytest.mark.parametrize("actor", [CENTRAL, SYSTEM], ids=lambda actor: actor.id)
def test_who_only_looks_is_somebody_whom_the_directory_says_so_of(actor: Staff) -> None:
    outcome = upsert_staff(CLERK, (), NOBODY, ADAIR, HIRE.model_copy(update={"role": Role.IM_CRU}), actor)

    assert [(fact.staff_id, fact.role) for fact in outcome.facts] == [(CLERK.id, Role.IM_CRU)]


@pytest.mark.rule("INV-S8")
def test_whoever_has_a_team_keeps_a_role_that_supervises() -> None:
    demotion = HIRE.model_copy(update={"staff_id": SUPERVISOR.id})

    assert upsert_staff(SUPERVISOR, (SCHEDULED,), NOBODY, ADAIR, demotion, CENTRAL) == Refused("INV-S8", "")


def test_a_team_of_those_who_have_left_is_none() -> None:
    demotion = HIRE.model_copy(update={"staff_id": SUPERVISOR.id})
    gone = replace(SCHEDULED, active=False)

    assert isinstance(upsert_staff(SUPERVISOR, (gone,), NOBODY, ADAIR, demotion, CENTRAL), Decided)
