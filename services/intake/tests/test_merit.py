"""Calls to the merit office, one entry a call."""

from dataclasses import replace

import pytest

from access.directory import SYSTEM, Staff
from casebus_contracts import LogMeritCall, MeritCallLogged, RequestType
from chassis.rules import Decided, Decision, Invalid, Refused, Unchanged, decide, existing
from intake.examples import (
    BOONE_CLERK,
    CENTRAL,
    CLERK,
    CRU,
    GREETER,
    MERIT,
    NINE,
    SECOND,
    SPECIALIST,
    SUPERVISOR,
    TODAY,
    WALK_IN,
    request_id,
)
from intake.merit import MeritCall, log_merit_call
from intake.request import Request

CASE = replace(WALK_IN, request_type=RequestType.MERIT_CALL, case_ref="M-17")
LOG = LogMeritCall(request_id=CASE.id, call_id=request_id(77), at=NINE, note="asks for a form")
CALL = MeritCall(
    LOG.call_id, request_id=CASE.id, office_id="ADAIR", at=NINE, logged_by=MERIT.id, note="asks for a form", day=TODAY
)


def log(actor: Staff = MERIT, request: Request = CASE, call: MeritCall | None = None, **changes: object) -> Decision:
    return log_merit_call(request, call, LOG.model_copy(update=changes), actor, NINE)


@pytest.mark.rule("I-14", "I-46")
def test_a_call_is_logged_with_its_time_and_note() -> None:
    told = MeritCallLogged(request_id=CASE.id, office_id="ADAIR", call_id=LOG.call_id, calls=1, by=MERIT.id, at=NINE)

    assert log() == decide(replace(CASE, merit_calls=1), told, guard=CALL)


@pytest.mark.rule("I-46")
def test_every_further_call_is_an_entry_of_its_own() -> None:
    outcome = log(request=replace(CASE, merit_calls=3), call_id=request_id(78))

    assert isinstance(outcome, Decided)
    request, call = outcome.states
    assert (getattr(request, "merit_calls", None), call.id) == (4, request_id(78))


@pytest.mark.rule("I-46")
def test_a_call_is_logged_once() -> None:
    assert log(call=CALL) == Unchanged()
    assert log(call=replace(CALL, note="something else")) == existing("call_id")
    assert log(call=replace(CALL, request_id=request_id(5))) == existing("call_id")


@pytest.mark.rule("I-46", "I-26", "I-43")
@pytest.mark.parametrize(
    ("actor", "rule"),
    [
        (CLERK, "I-26"),
        (GREETER, "I-26"),
        (SPECIALIST, "I-26"),
        (SUPERVISOR, "I-26"),
        (CENTRAL, "I-26"),
        (BOONE_CLERK, "I-26"),
        (replace(MERIT, office_id="BOONE"), "I-26"),
        (CRU, "I-43"),
    ],
)
def test_calls_are_logged_by_the_merit_call_center_of_the_office(actor: Staff, rule: str) -> None:
    assert log(actor) == Refused(rule, "")


def test_a_sender_acting_for_itself_logs_calls_where_it_is_allowed_to() -> None:
    assert isinstance(log(SYSTEM), Decided)


@pytest.mark.rule("I-46")
@pytest.mark.parametrize("kind", [kind for kind in RequestType if kind is not RequestType.MERIT_CALL])
def test_only_merit_calls_have_a_log_of_calls(kind: RequestType) -> None:
    assert log(request=replace(CASE, request_type=kind)) == Invalid("request_id", "")


def test_a_call_has_taken_place() -> None:
    assert isinstance(log(at=NINE + 5 * SECOND), Decided)
    assert log(at=NINE + 6 * SECOND) == Invalid("at", "")
