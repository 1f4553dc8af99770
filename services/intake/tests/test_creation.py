"""Requests are written down."""

from datetime import date

import pytest

from access.directory import SYSTEM, Staff
from casebus_contracts import (
    Channel,
    Client,
    CreateRequest,
    Representative,
    RequestCreated,
    RequestSource,
    RequestType,
)
from chassis.rules import Decided, Decision, Invalid, Refused, decide
from intake.creation import create_request
from intake.examples import (
    ADAIR,
    BOONE_CLERK,
    CENTRAL,
    CLERK,
    CRU,
    EIGHT,
    MANAGER,
    MERIT,
    NINE,
    SPECIALIST,
    SUPERVISOR,
    WALK_IN,
)
from intake.request import KeptClient, KeptRepresentative

NEW = CreateRequest(
    request_id=WALK_IN.id,
    request_type=RequestType.WALK_IN,
    office_id="ADAIR",
    reasons=("apply",),
    anonymous=True,
    channel=Channel.IN_PERSON,
)
JANE = Client(last_name="Roe", first_name="Jane", birth_date=date(1980, 5, 4), dcn="12345678")
LAWYER = Representative(name="Lou Ames", dcns=("12345678",))


def create(actor: Staff = CLERK, **changes: object) -> Decision:
    return create_request(None, ADAIR, NEW.model_copy(update=changes), actor, EIGHT)


def created(outcome: Decision) -> RequestCreated:
    assert isinstance(outcome, Decided)
    (fact,) = outcome.facts
    assert isinstance(fact, RequestCreated)
    return fact


@pytest.mark.rule("I-01", "I-08", "I-27")
def test_a_clerk_writes_down_a_visitor_who_gives_no_name() -> None:
    assert create() == decide(
        WALK_IN,
        RequestCreated(
            request_id=WALK_IN.id,
            request_type=RequestType.WALK_IN,
            office_id="ADAIR",
            received_at=EIGHT,
            channel=Channel.IN_PERSON,
            reasons=("apply",),
            anonymous=True,
            priority=2,
            created_by="adair-clerical",
            nvra_covered=True,
            source=RequestSource.MANUAL,
        ),
    )


@pytest.mark.rule("I-01")
def test_all_that_was_told_is_kept() -> None:
    outcome = create(
        client=JANE,
        anonymous=False,
        county_fips="29001",
        priority=1,
        unsigned=True,
        interpreter_language="Bosnian",
        companions=("a daughter",),
        representative=LAWYER,
        received_at=NINE,
        comments="in a hurry",
    )

    assert isinstance(outcome, Decided)
    (kept,) = outcome.states
    assert kept == type(WALK_IN)(
        WALK_IN.id,
        request_type=RequestType.WALK_IN,
        office_id="ADAIR",
        channel=Channel.IN_PERSON,
        reasons=("apply",),
        anonymous=False,
        priority=1,
        nvra_covered=True,
        received_at=NINE,
        created_by="adair-clerical",
        client=KeptClient(**JANE.model_dump()),
        county_fips="29001",
        unsigned=True,
        interpreter_language="Bosnian",
        companions=("a daughter",),
        representative=KeptRepresentative(**LAWYER.model_dump()),
        comments="in a hurry",
    )


def test_the_world_hears_of_a_client_by_id_only() -> None:
    known = JANE.model_copy(update={"client_id": "01956c3a-0000-7000-8000-00000000c11e"})

    fact = created(create(client=known, anonymous=False))

    assert fact.client_id == "01956c3a-0000-7000-8000-00000000c11e"
    assert "Roe" not in fact.model_dump_json()


@pytest.mark.rule("I-08")
def test_nobody_is_both_anonymous_and_named() -> None:
    assert create(client=JANE) == Invalid("client", "")


@pytest.mark.rule("I-08")
def test_a_visitor_who_is_not_anonymous_has_a_name() -> None:
    assert create(anonymous=False) == Invalid("client", "")


def test_a_vendor_is_neither_a_client_nor_anonymous() -> None:
    assert isinstance(create(anonymous=False, request_type=RequestType.VENDOR_CONTACT), Decided)


@pytest.mark.rule("I-08")
def test_a_reason_is_required_of_the_anonymous_too() -> None:
    with pytest.raises(ValueError, match="reasons"):
        CreateRequest.model_validate({**NEW.model_dump(), "reasons": []})


def test_a_reason_nobody_knows_is_unknown() -> None:
    assert create(reasons=("apply", "complain")) == Refused(None, "", "reasons")


@pytest.mark.parametrize("reason", ["apply", "review", "change_of_address", "register_to_vote_only"])
def test_four_reasons_are_covered_by_voter_registration_law(reason: str) -> None:
    assert created(create(reasons=("other", reason))).nvra_covered


@pytest.mark.parametrize("reason", ["drop_documents", "ebt_card", "interview", "other"])
def test_the_other_reasons_are_not_covered(reason: str) -> None:
    assert not created(create(reasons=(reason,))).nvra_covered


def test_a_request_is_written_down_once() -> None:
    assert create_request(WALK_IN, ADAIR, NEW, CLERK, EIGHT) == Refused(None, "", "request_id")


@pytest.mark.rule("I-27", "I-48", "I-26")
@pytest.mark.parametrize("kind", RequestType)
@pytest.mark.parametrize("actor", [CLERK, SUPERVISOR, MANAGER, CENTRAL, SYSTEM])
def test_clerks_supervisors_and_those_above_add_requests_of_any_type(actor: Staff, kind: RequestType) -> None:
    assert created(create(actor, request_type=kind)).created_by == actor.id


@pytest.mark.rule("I-38")
@pytest.mark.parametrize("kind", RequestType)
def test_an_eligibility_specialist_adds_no_request(kind: RequestType) -> None:
    assert create(SPECIALIST, request_type=kind) == Refused("I-38", "")


@pytest.mark.rule("I-43")
def test_the_review_unit_only_reads() -> None:
    assert create(CRU) == Refused("I-43", "")


@pytest.mark.rule("I-26")
def test_the_merit_call_center_adds_merit_calls() -> None:
    assert isinstance(create(MERIT, request_type=RequestType.MERIT_CALL), Decided)


@pytest.mark.rule("I-26")
def test_the_merit_call_center_adds_nothing_else() -> None:
    assert create(MERIT) == Refused("I-26", "")


@pytest.mark.rule("I-26")
def test_a_clerk_adds_no_request_to_another_office() -> None:
    assert create(BOONE_CLERK) == Refused("I-26", "")
