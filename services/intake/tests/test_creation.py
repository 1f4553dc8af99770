"""Requests are written down."""

from dataclasses import replace
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
    Signature,
)
from chassis.rules import Decided, Decision, Invalid, Refused, decide, unknown
from intake.creation import create_request
from intake.examples import (
    ADAIR,
    ALL_ROUNDER,
    BOONE_CLERK,
    CENTRAL,
    CLERK,
    CRU,
    EIGHT,
    GREETER,
    MANAGER,
    MERIT,
    NINE,
    REASONS,
    SPECIALIST,
    SUPERVISOR,
    WALK_IN,
)
from intake.reasons import Reason
from intake.request import KeptClient, KeptRepresentative, Request

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
    return create_request(None, ADAIR, REASONS, None, NEW.model_copy(update=changes), actor, EIGHT)


def created(outcome: Decision) -> RequestCreated:
    assert isinstance(outcome, Decided)
    fact = outcome.facts[0]
    assert isinstance(fact, RequestCreated)
    return fact


def created_request(outcome: Decision) -> Request:
    assert isinstance(outcome, Decided)
    request = outcome.states[0]
    assert isinstance(request, Request)
    return request


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


@pytest.mark.rule("I-09", "I-01")
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
        zone="America/Chicago",
        signature=Signature.AWAITING,
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
    assert create_request(WALK_IN, ADAIR, REASONS, None, NEW, CLERK, EIGHT) == Refused(None, "", "request_id")


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


@pytest.mark.rule("I-03", "I-11")
@pytest.mark.parametrize("channel", [Channel.MAIL, Channel.FAX, Channel.EMAIL, Channel.DROP_BOX])
def test_mail_is_registered_with_its_dates_and_its_channel(channel: Channel) -> None:
    outcome = create(
        request_type=RequestType.MAIL_IN,
        channel=channel,
        received_at=EIGHT,
        postmark=date(2026, 2, 27),
        document_type="application",
    )

    letter = created_request(outcome)
    assert (letter.channel, letter.postmark, letter.document_type) == (channel, date(2026, 2, 27), "application")
    assert (created(outcome).channel, created(outcome).received_at) == (channel, EIGHT)


@pytest.mark.rule("I-04", "I-11", "I-27")
@pytest.mark.parametrize("actor", [CLERK, ALL_ROUNDER, GREETER, SUPERVISOR, MANAGER, CENTRAL])
def test_a_call_is_registered_by_whoever_takes_it(actor: Staff) -> None:
    outcome = create(actor, request_type=RequestType.CALL_IN, channel=Channel.PHONE, subject="where is my card")

    assert (created(outcome).request_type, created(outcome).created_by) == (RequestType.CALL_IN, actor.id)
    assert created_request(outcome).subject == "where is my card"


@pytest.mark.rule("I-14", "I-45")
@pytest.mark.parametrize("actor", [MERIT, CLERK, SUPERVISOR])
def test_a_merit_call_names_its_case(actor: Staff) -> None:
    outcome = create(actor, request_type=RequestType.MERIT_CALL, channel=Channel.PHONE, case_ref="M-17")

    assert (created_request(outcome).case_ref, created_request(outcome).merit_calls) == ("M-17", 0)


@pytest.mark.rule("I-45")
@pytest.mark.parametrize("kind", [kind for kind in RequestType if kind is not RequestType.MERIT_CALL])
def test_the_merit_call_center_registers_nothing_else(kind: RequestType) -> None:
    assert create(MERIT, request_type=kind) == Refused("I-26", "")


@pytest.mark.rule("I-45")
def test_the_merit_call_center_registers_merit_calls_of_its_own_office_only() -> None:
    elsewhere = replace(MERIT, office_id="BOONE")

    assert create(elsewhere, request_type=RequestType.MERIT_CALL) == Refused("I-26", "")


@pytest.mark.rule("I-15")
def test_a_contact_with_a_vendor_names_vendor_and_subject() -> None:
    outcome = create(
        request_type=RequestType.VENDOR_CONTACT, anonymous=False, vendor="Landlord LLC", subject="rent of March"
    )

    assert (created_request(outcome).vendor, created_request(outcome).subject) == ("Landlord LLC", "rent of March")


@pytest.mark.rule("I-16")
@pytest.mark.parametrize("kind", RequestType)
def test_a_representative_is_named_on_a_request_of_any_type(kind: RequestType) -> None:
    outcome = create(request_type=kind, anonymous=False, client=JANE, representative=LAWYER)

    assert created_request(outcome).representative == KeptRepresentative(**LAWYER.model_dump())


@pytest.mark.rule("I-09")
@pytest.mark.parametrize("kind", [RequestType.MAIL_IN, RequestType.WALK_IN])
@pytest.mark.parametrize(("unsigned", "signature"), [(True, Signature.AWAITING), (False, None)])
def test_an_application_without_signature_awaits_it(
    kind: RequestType, unsigned: bool, signature: Signature | None
) -> None:
    assert created_request(create(request_type=kind, unsigned=unsigned)).signature is signature


@pytest.mark.rule("I-60")
def test_a_reason_of_central_office_is_given() -> None:
    moving = Reason("moving", label="Moving house", nvra_covered=True, active=True)
    command = NEW.model_copy(update={"reasons": ("moving",)})

    outcome = create_request(None, ADAIR, (*REASONS, moving), None, command, CLERK, EIGHT)

    assert created(outcome).nvra_covered
    assert create_request(None, ADAIR, REASONS, None, command, CLERK, EIGHT) == unknown("reasons")


@pytest.mark.rule("I-09")
def test_the_county_a_visitor_comes_from_is_told() -> None:
    assert created(create(county_fips="29001")).county_fips == "29001"
