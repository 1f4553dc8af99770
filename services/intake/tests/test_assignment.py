"""Requests get an interviewer and a caseworker."""

from dataclasses import replace

import pytest

from access.directory import Staff
from casebus_contracts import AssignAs, AssignRequest, RequestAssigned, RequestType
from chassis.rules import Decided, Refused, Unchanged, decide
from intake.assignment import assign_request
from intake.examples import (
    ALL_ROUNDER,
    BOONE_SPECIALIST,
    CENTRAL,
    CLERK,
    CRU,
    GREETER,
    MANAGER,
    MERIT,
    NINE,
    OTHER_SPECIALIST,
    SPECIALIST,
    SUPERVISOR,
    WALK_IN,
)
from intake.request import Request, RequestStatus

AS_INTERVIEWER = AssignRequest(request_id=WALK_IN.id, as_=AssignAs.INTERVIEWER, staff_id=SPECIALIST.id)
AS_CASEWORKER = AssignRequest(request_id=WALK_IN.id, as_=AssignAs.CASEWORKER, staff_id=SPECIALIST.id)
INTERVIEWED = replace(WALK_IN, interviewer=SPECIALIST.id, status=RequestStatus.ASSIGNED)
MAIL_IN = replace(WALK_IN, request_type=RequestType.MAIL_IN)
CALL_IN = replace(WALK_IN, request_type=RequestType.CALL_IN)
MERIT_CALL = replace(WALK_IN, request_type=RequestType.MERIT_CALL)


@pytest.mark.rule("I-28", "I-34")
def test_a_clerk_assigns_an_interviewer() -> None:
    assert assign_request(WALK_IN, SPECIALIST, AS_INTERVIEWER, CLERK, NINE) == decide(
        INTERVIEWED,
        RequestAssigned(
            request_id=WALK_IN.id,
            office_id="ADAIR",
            as_=AssignAs.INTERVIEWER,
            staff_id="adair-es",
            by="adair-clerical",
            at=NINE,
        ),
    )


@pytest.mark.rule("I-34")
def test_a_caseworker_has_a_place_beside_the_interviewer() -> None:
    outcome = assign_request(INTERVIEWED, SPECIALIST, AS_CASEWORKER, CLERK, NINE)

    assert isinstance(outcome, Decided)
    assert outcome.states == (replace(INTERVIEWED, caseworker=SPECIALIST.id),)


@pytest.mark.rule("I-34")
def test_another_interviewer_takes_the_place_of_the_first() -> None:
    outcome = assign_request(INTERVIEWED, OTHER_SPECIALIST, AS_INTERVIEWER, CLERK, NINE)

    assert isinstance(outcome, Decided)
    assert outcome.states == (replace(INTERVIEWED, interviewer=OTHER_SPECIALIST.id),)


def test_the_same_interviewer_again_changes_nothing() -> None:
    assert assign_request(INTERVIEWED, SPECIALIST, AS_INTERVIEWER, CLERK, NINE) == Unchanged()


@pytest.mark.rule("I-28")
@pytest.mark.parametrize("actor", [ALL_ROUNDER, GREETER, SUPERVISOR, MANAGER, CENTRAL])
def test_those_with_clerical_duties_and_those_above_assign(actor: Staff) -> None:
    assert isinstance(assign_request(WALK_IN, SPECIALIST, AS_INTERVIEWER, actor, NINE), Decided)


@pytest.mark.rule("I-26")
@pytest.mark.parametrize(("actor", "rule"), [(SPECIALIST, "I-26"), (MERIT, "I-26"), (CRU, "I-43")])
def test_others_do_not_assign(actor: Staff, rule: str) -> None:
    assert assign_request(WALK_IN, SPECIALIST, AS_INTERVIEWER, actor, NINE) == Refused(rule, "")


@pytest.mark.rule("I-34", "INV-I4")
@pytest.mark.parametrize("request_", [WALK_IN, MAIL_IN], ids=["walk-in", "mail-in"])
@pytest.mark.parametrize("assignee", [SPECIALIST, ALL_ROUNDER, GREETER])
def test_specialists_may_have_walk_ins_and_mail_ins(assignee: Staff, request_: Request) -> None:
    assert isinstance(assign_request(request_, assignee, AS_INTERVIEWER, CLERK, NINE), Decided)


@pytest.mark.rule("I-32", "INV-I4")
@pytest.mark.parametrize("request_", [WALK_IN, MAIL_IN], ids=["walk-in", "mail-in"])
def test_a_clerk_has_neither_walk_in_nor_mail_in(request_: Request) -> None:
    assert assign_request(request_, CLERK, AS_CASEWORKER, SUPERVISOR, NINE) == Refused("I-32", "")


@pytest.mark.rule("I-32")
def test_a_clerk_may_have_a_call_in() -> None:
    assert isinstance(assign_request(CALL_IN, CLERK, AS_CASEWORKER, SUPERVISOR, NINE), Decided)


@pytest.mark.rule("INV-I4")
@pytest.mark.parametrize("assignee", [MERIT, SUPERVISOR, MANAGER])
def test_nobody_else_has_a_walk_in(assignee: Staff) -> None:
    assert assign_request(WALK_IN, assignee, AS_INTERVIEWER, CLERK, NINE) == Refused("INV-I4", "")


@pytest.mark.rule("INV-I4", "I-43")
@pytest.mark.parametrize("request_", [WALK_IN, CALL_IN], ids=["walk-in", "call-in"])
def test_the_review_unit_has_no_request_at_all(request_: Request) -> None:
    assert assign_request(request_, CRU, AS_CASEWORKER, CLERK, NINE) == Refused("I-43", "")


@pytest.mark.rule("INV-I4")
def test_the_merit_call_center_has_merit_calls() -> None:
    assert isinstance(assign_request(MERIT_CALL, MERIT, AS_CASEWORKER, CLERK, NINE), Decided)


@pytest.mark.rule("INV-I4")
def test_the_merit_call_center_has_no_call_in() -> None:
    assert assign_request(CALL_IN, MERIT, AS_CASEWORKER, CLERK, NINE) == Refused("INV-I4", "")


@pytest.mark.rule("INV-I4")
@pytest.mark.parametrize("request_", [WALK_IN, CALL_IN], ids=["walk-in", "call-in"])
def test_nobody_of_another_office_has_a_request_of_this_one(request_: Request) -> None:
    assert assign_request(request_, BOONE_SPECIALIST, AS_INTERVIEWER, CLERK, NINE) == Refused("INV-I4", "")


@pytest.mark.rule("INV-I4")
def test_nobody_who_has_left_has_a_request() -> None:
    gone = replace(SPECIALIST, active=False)

    assert assign_request(WALK_IN, gone, AS_INTERVIEWER, CLERK, NINE) == Refused("INV-I4", "")


@pytest.mark.rule("I-26")
def test_nobody_assigns_what_another_office_has_to_do() -> None:
    of_boone = replace(SUPERVISOR, office_id="BOONE")

    assert assign_request(WALK_IN, SPECIALIST, AS_INTERVIEWER, of_boone, NINE) == Refused("I-26", "")


@pytest.mark.rule("INV-I4")
def test_a_specialist_may_have_a_call_in() -> None:
    assert isinstance(assign_request(CALL_IN, SPECIALIST, AS_CASEWORKER, CLERK, NINE), Decided)
