"""One coordinator of voter registration per office, of supervisor level or above, and one of the state."""

from dataclasses import replace

import pytest

from access.directory import Staff
from access.roles import Role
from casebus_contracts import OfficeUpserted, Position, UpsertStaff, UpsertVoterOffice
from chassis.rules import Refused, Unchanged, decide
from staffing.coordinators import STATE, Coordinator, Coordinators
from staffing.examples import ADAIR, BOONE, BOONE_SUPERVISOR, CENTRAL, CLERK, CRU, MANAGER, SUPERVISOR
from staffing.members import upsert_staff
from staffing.places import upsert_voter_office
from staffing.states import content

LOCAL, OF_STATE = Position.LOCAL_NVRA_COORDINATOR, Position.STATE_NVRA_COORDINATOR
NOBODY = Coordinators(STATE)
HELD = replace(NOBODY, by_place=(Coordinator(ADAIR.id, SUPERVISOR.id),))
NAMED = replace(NOBODY, named=(Coordinator(ADAIR.id, SUPERVISOR.id),))
COORDINATOR = replace(SUPERVISOR, positions=(LOCAL,))
NAME_SUPERVISOR = UpsertVoterOffice(
    office_id=ADAIR.id, election_authority="Adair County Clerk", local_coordinator=SUPERVISOR.id
)
NAME_NOBODY = UpsertVoterOffice(office_id=ADAIR.id, election_authority="Adair County Clerk")
COORDINATED = replace(ADAIR, election_authority="Adair County Clerk", local_coordinator=SUPERVISOR.id)


def told(member: Staff, **changes: object) -> UpsertStaff:
    fields = {"staff_id": member.id, **content(member), **changes}
    return UpsertStaff.model_validate({name: fields[name] for name in UpsertStaff.model_fields})


def coordinators_after(before: Coordinators, member: Staff, **changes: object) -> Coordinators:
    outcome = upsert_staff(member, (), before, ADAIR, told(member, **changes), CENTRAL)
    return outcome.states[1]


@pytest.mark.rule("V-13")
@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.MANAGER, Role.CENTRAL])
def test_whoever_supervises_may_coordinate_an_office(role: Role) -> None:
    after = coordinators_after(NOBODY, replace(SUPERVISOR, role=role), positions=(LOCAL,))

    assert after.by_place == (Coordinator(ADAIR.id, SUPERVISOR.id),)


@pytest.mark.rule("V-13")
@pytest.mark.parametrize("role", sorted(set(Role) - {Role.SUPERVISOR, Role.MANAGER, Role.CENTRAL}))
def test_nobody_below_supervisor_level_coordinates_an_office(role: Role) -> None:
    outcome = upsert_staff(None, (), NOBODY, ADAIR, told(CLERK, role=role, positions=(LOCAL,)), CENTRAL)

    assert outcome == Refused("V-13", "")


@pytest.mark.rule("V-13")
def test_an_office_has_one_coordinator() -> None:
    assert upsert_staff(MANAGER, (), HELD, ADAIR, told(MANAGER, positions=(LOCAL,)), CENTRAL) == Refused("V-13", "")


def test_another_office_has_its_own_coordinator() -> None:
    outcome = upsert_staff(BOONE_SUPERVISOR, (), HELD, BOONE, told(BOONE_SUPERVISOR, positions=(LOCAL,)), CENTRAL)

    assert outcome.states[1].by_place == (*HELD.by_place, Coordinator(BOONE.id, BOONE_SUPERVISOR.id))


def test_a_coordinator_may_be_told_again_with_another_name() -> None:
    assert coordinators_after(HELD, COORDINATOR, name="Sam O. Ortiz") == HELD


def test_a_coordinator_who_moves_coordinates_the_new_office() -> None:
    assert coordinators_after(HELD, COORDINATOR, office_id=BOONE.id).by_place == (Coordinator(BOONE.id, SUPERVISOR.id),)


@pytest.mark.parametrize("change", [{"positions": ()}, {"active": False}])
def test_the_place_of_a_coordinator_who_is_none_any_more_is_free(change: dict[str, object]) -> None:
    assert coordinators_after(HELD, COORDINATOR, **change) == NOBODY


@pytest.mark.rule("V-13")
def test_the_state_has_one_coordinator() -> None:
    taken = replace(NOBODY, state="central-2")

    assert upsert_staff(CENTRAL, (), taken, ADAIR, told(CENTRAL, positions=(OF_STATE,)), CENTRAL) == Refused("V-13", "")


@pytest.mark.rule("V-13")
def test_whoever_coordinates_the_state_is_known() -> None:
    assert coordinators_after(NOBODY, CENTRAL, positions=(OF_STATE,)).state == CENTRAL.id


@pytest.mark.parametrize("change", [{"positions": ()}, {"active": False}])
def test_the_state_may_get_another_coordinator(change: dict[str, object]) -> None:
    held = replace(CENTRAL, positions=(OF_STATE,))

    assert coordinators_after(replace(NOBODY, state=CENTRAL.id), held, **change) == NOBODY


@pytest.mark.rule("I-56", "V-13")
def test_a_manager_names_the_coordinator_of_the_office() -> None:
    outcome = upsert_voter_office(ADAIR, NOBODY, SUPERVISOR, NAME_SUPERVISOR, MANAGER)

    fact = OfficeUpserted(office_id=ADAIR.id, **content(COORDINATED))
    assert outcome == decide(COORDINATED, fact, guard=NAMED)


@pytest.mark.rule("I-60")
def test_central_office_keeps_the_voter_registration_data_of_any_office() -> None:
    assert upsert_voter_office(ADAIR, NOBODY, SUPERVISOR, NAME_SUPERVISOR, CENTRAL).states[0] == COORDINATED


@pytest.mark.rule("I-52")
@pytest.mark.parametrize(("actor", "rule"), [(CLERK, "I-26"), (CRU, "I-43"), (SUPERVISOR, "I-52")])
def test_nobody_below_a_manager_keeps_voter_registration_data(actor: Staff, rule: str) -> None:
    assert upsert_voter_office(ADAIR, NOBODY, SUPERVISOR, NAME_SUPERVISOR, actor) == Refused(rule, "")


@pytest.mark.rule("I-56")
def test_a_manager_keeps_those_of_no_other_office() -> None:
    elsewhere = replace(MANAGER, office_id=BOONE.id)

    assert upsert_voter_office(ADAIR, NOBODY, None, NAME_NOBODY, elsewhere) == Refused("I-26", "")


def test_an_office_without_a_coordinator_has_an_authority_all_the_same() -> None:
    outcome = upsert_voter_office(COORDINATED, NAMED, None, NAME_NOBODY, CENTRAL)

    assert outcome.states == (replace(COORDINATED, local_coordinator=None), NOBODY)


def test_a_coordinator_nobody_knows_is_refused() -> None:
    outcome = upsert_voter_office(ADAIR, NOBODY, None, NAME_SUPERVISOR, CENTRAL)

    assert outcome == Refused(None, "", "local_coordinator")


@pytest.mark.rule("V-13")
@pytest.mark.parametrize(
    "member", [CLERK, BOONE_SUPERVISOR, replace(SUPERVISOR, active=False)], ids=["clerk", "of Boone", "gone"]
)
def test_only_a_supervisor_of_the_office_is_named(member: Staff) -> None:
    command = NAME_SUPERVISOR.model_copy(update={"local_coordinator": member.id})

    assert upsert_voter_office(ADAIR, NOBODY, member, command, CENTRAL) == Refused("V-13", "")


def test_another_name_replaces_the_first() -> None:
    command = NAME_SUPERVISOR.model_copy(update={"local_coordinator": MANAGER.id})

    outcome = upsert_voter_office(COORDINATED, NAMED, MANAGER, command, CENTRAL)

    assert outcome.states[1].named == (Coordinator(ADAIR.id, MANAGER.id),)


@pytest.mark.rule("V-13")
def test_nobody_is_named_beside_who_holds_the_position() -> None:
    command = NAME_SUPERVISOR.model_copy(update={"local_coordinator": MANAGER.id})

    assert upsert_voter_office(ADAIR, HELD, MANAGER, command, CENTRAL) == Refused("V-13", "")


def test_who_holds_the_position_may_be_named() -> None:
    assert upsert_voter_office(ADAIR, HELD, SUPERVISOR, NAME_SUPERVISOR, CENTRAL).states[0] == COORDINATED


@pytest.mark.rule("V-13")
def test_nobody_gets_the_position_beside_who_is_named() -> None:
    assert upsert_staff(MANAGER, (), NAMED, ADAIR, told(MANAGER, positions=(LOCAL,)), CENTRAL) == Refused("V-13", "")


@pytest.mark.rule("V-13")
@pytest.mark.parametrize("change", [{"role": "clerical"}, {"office_id": BOONE.id}])
def test_a_named_coordinator_is_replaced_before_moving_on(change: dict[str, object]) -> None:
    assert upsert_staff(SUPERVISOR, (), NAMED, ADAIR, told(SUPERVISOR, **change), CENTRAL) == Refused("V-13", "")


def test_a_named_coordinator_may_leave_the_staff() -> None:
    assert coordinators_after(NAMED, SUPERVISOR, active=False) == NOBODY


def test_the_same_voter_registration_data_again_change_nothing() -> None:
    assert upsert_voter_office(COORDINATED, NAMED, SUPERVISOR, NAME_SUPERVISOR, CENTRAL) == Unchanged()


@pytest.mark.rule("V-13")
def test_either_way_an_office_knows_its_coordinator() -> None:
    assert (HELD.of(ADAIR.id), NAMED.of(ADAIR.id), NAMED.of(BOONE.id)) == ({SUPERVISOR.id}, {SUPERVISOR.id}, set())


def test_what_is_told_of_others_leaves_the_coordinator_of_the_state() -> None:
    assert coordinators_after(replace(NOBODY, state="somebody"), MANAGER, name="Mo Hale").state == "somebody"


def test_whom_an_office_names_stays_named_while_they_are_here() -> None:
    assert coordinators_after(NAMED, SUPERVISOR, name="Sam O. Ortiz").named == NAMED.named


def test_an_office_that_names_somebody_leaves_what_others_have_named() -> None:
    there = Coordinator(BOONE.id, BOONE_SUPERVISOR.id)

    assert NAMED.name(BOONE.id, BOONE_SUPERVISOR.id).named == (*NAMED.named, there)


def test_somebody_else_s_place_bars_nobody() -> None:
    assert NAMED.bars_position(BOONE_SUPERVISOR) is None
    assert NAMED.bars_position(SUPERVISOR) is None
