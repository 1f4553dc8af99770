"""The work on a request ends, and is taken up again."""

from dataclasses import replace

import pytest

from access.directory import Staff
from casebus_contracts import (
    AssignAs,
    AssignRequest,
    CheckIn,
    CloseRequest,
    ReopenRequest,
    RequestClosed,
    RequestReopened,
    RequestType,
    Signature,
)
from chassis.rules import Decided, Decision, Invalid, Refused, Unchanged, decide
from intake.assignment import assign_request
from intake.closing import close_request, reopen_request
from intake.examples import (
    ADAIR,
    BOONE_CLERK,
    CALLED,
    CENTRAL,
    CLERK,
    CRU,
    EMPTY,
    GREETER,
    LEFT,
    MANAGER,
    MERIT,
    NINE,
    OFFERED,
    ON_HOLD,
    SERVED,
    SERVING,
    SPECIALIST,
    SUPERVISOR,
    WAITING,
    WALK_IN,
)
from intake.request import Request, RequestStatus
from intake.walk_in import check_in

DONE = CloseRequest(request_id=WALK_IN.id, disposition="approved")
AGAIN = ReopenRequest(request_id=WALK_IN.id, reason="a document came late")
ASSIGNED = replace(WALK_IN, interviewer=SPECIALIST.id, status=RequestStatus.ASSIGNED)
CLOSED = replace(ASSIGNED, status=RequestStatus.CLOSED, disposition="approved")
REOPENED = replace(ASSIGNED, status=RequestStatus.REOPENED, reopen_reason="a document came late")
MERIT_CALL = replace(WALK_IN, request_type=RequestType.MERIT_CALL)


def close(request: Request = ASSIGNED, actor: Staff = CLERK) -> Decision:
    return close_request(request, OFFERED, DONE, actor, NINE)


def reopen(request: Request = CLOSED, actor: Staff = CLERK) -> Decision:
    return reopen_request(request, AGAIN, actor, NINE)


@pytest.mark.rule("I-30")
def test_a_request_is_closed_with_a_result() -> None:
    told = RequestClosed(request_id=WALK_IN.id, office_id="ADAIR", disposition="approved", by=CLERK.id, at=NINE)

    assert close() == decide(CLOSED, told)


@pytest.mark.rule("I-30")
def test_a_closed_request_is_taken_up_again_by_whom_it_was_assigned_to() -> None:
    told = RequestReopened(request_id=WALK_IN.id, office_id="ADAIR", by=CLERK.id, at=NINE)

    assert reopen() == decide(REOPENED, told)


@pytest.mark.rule("I-11")
@pytest.mark.parametrize("kind", RequestType)
@pytest.mark.parametrize("request_", [WALK_IN, ASSIGNED, REOPENED], ids=lambda each: each.status.value)
def test_requests_of_every_type_are_closed_from_every_state(request_: Request, kind: RequestType) -> None:
    assert isinstance(close(replace(request_, request_type=kind)), Decided)


@pytest.mark.parametrize("request_", [SERVED, LEFT], ids=lambda each: str(each.visit_status))
def test_a_request_is_closed_after_the_visit(request_: Request) -> None:
    assert isinstance(close(request_), Decided)


@pytest.mark.rule("INV-I1")
@pytest.mark.parametrize("request_", [WAITING, CALLED, SERVING, ON_HOLD], ids=lambda each: str(each.visit_status))
def test_a_request_whose_visitor_is_here_stays_open(request_: Request) -> None:
    assert close(request_) == Refused("INV-I1", "")


@pytest.mark.rule("I-09")
def test_an_unsigned_application_stays_open_until_it_is_signed_or_returned() -> None:
    unsigned = replace(WALK_IN, request_type=RequestType.MAIL_IN, unsigned=True, signature=Signature.AWAITING)

    assert close(unsigned) == Refused("I-09", "")
    assert isinstance(close(replace(unsigned, signature=Signature.SIGNED)), Decided)
    assert isinstance(close(replace(unsigned, signature=Signature.RETURNED)), Decided)


def test_the_same_result_again_changes_nothing_and_another_is_not_taken() -> None:
    assert close(CLOSED) == Unchanged()
    assert close(replace(CLOSED, disposition="denied")) == Invalid("disposition", "")


@pytest.mark.parametrize("request_", [WALK_IN, ASSIGNED, REOPENED], ids=lambda each: each.status.value)
def test_only_a_closed_request_is_reopened(request_: Request) -> None:
    assert reopen(request_) == Invalid("request_id", "")


@pytest.mark.rule("I-30", "I-48", "I-54", "I-59")
@pytest.mark.parametrize("actor", [CLERK, GREETER, SUPERVISOR, MANAGER, CENTRAL])
def test_those_who_change_requests_close_and_reopen_them(actor: Staff) -> None:
    assert isinstance(close(actor=actor), Decided)
    assert isinstance(reopen(actor=actor), Decided)


@pytest.mark.rule("I-26", "I-43")
@pytest.mark.parametrize(("actor", "rule"), [(BOONE_CLERK, "I-26"), (MERIT, "I-26"), (CRU, "I-43")])
def test_others_do_not(actor: Staff, rule: str) -> None:
    assert close(actor=actor) == Refused(rule, "")
    assert reopen(actor=actor) == Refused(rule, "")


@pytest.mark.rule("I-26")
def test_a_specialist_closes_and_reopens_what_is_theirs() -> None:
    assert isinstance(close(actor=SPECIALIST), Decided)
    assert isinstance(reopen(actor=SPECIALIST), Decided)
    assert close(WALK_IN, SPECIALIST) == Refused("I-26", "")


@pytest.mark.rule("I-14", "I-45")
def test_the_merit_call_center_closes_and_reopens_merit_calls() -> None:
    assert isinstance(close(MERIT_CALL, MERIT), Decided)
    closed = replace(MERIT_CALL, status=RequestStatus.CLOSED, disposition="approved")
    assert isinstance(reopen(closed, MERIT), Decided)


def test_nothing_more_is_done_with_a_closed_request() -> None:
    give = AssignRequest(request_id=WALK_IN.id, as_=AssignAs.CASEWORKER, staff_id=SPECIALIST.id)
    here = CheckIn(request_id=WALK_IN.id, office_id="ADAIR")

    assert assign_request(CLOSED, SPECIALIST, give, CLERK, NINE) == Invalid("request_id", "")
    assert check_in(CLOSED, EMPTY, ADAIR, here, CLERK, NINE) == Invalid("request_id", "")


def test_a_reopened_request_is_given_to_somebody() -> None:
    give = AssignRequest(request_id=WALK_IN.id, as_=AssignAs.CASEWORKER, staff_id=SPECIALIST.id)

    outcome = assign_request(REOPENED, SPECIALIST, give, CLERK, NINE)

    assert isinstance(outcome, Decided)
    (given,) = outcome.states
    assert isinstance(given, Request)
    assert (given.status, given.caseworker) == (RequestStatus.ASSIGNED, SPECIALIST.id)
