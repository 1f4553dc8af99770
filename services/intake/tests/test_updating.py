"""What is known of a request changes."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from access.directory import SYSTEM, Staff
from casebus_contracts import (
    Channel,
    Client,
    Representative,
    RepresentativeKind,
    RequestType,
    RequestUpdated,
    Signature,
    UpdateRequest,
)
from chassis.rules import Decided, Decision, Invalid, Refused, Unchanged, decide, unknown
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
    WAITING,
    WALK_IN,
)
from intake.reasons import Reason
from intake.request import KeptClient, KeptRepresentative, Request, RequestStatus
from intake.updating import update_request

JANE = Client(last_name="Roe", first_name="Jane")
NAMED = replace(WALK_IN, anonymous=False, client=KeptClient(**JANE.model_dump()))
UNSIGNED = replace(
    WALK_IN, request_type=RequestType.MAIL_IN, channel=Channel.MAIL, unsigned=True, signature=Signature.AWAITING
)
MERIT_CALL = replace(WALK_IN, request_type=RequestType.MERIT_CALL)


def update(request: Request = WALK_IN, actor: Staff = CLERK, **changes: object) -> Decision:
    return update_request(request, REASONS, None, UpdateRequest(request_id=WALK_IN.id, **changes), actor, NINE)


def after(outcome: Decision) -> Request:
    assert isinstance(outcome, Decided)
    (request,) = outcome.states
    assert isinstance(request, Request)
    return request


def changed(outcome: Decision) -> tuple[str, ...]:
    assert isinstance(outcome, Decided)
    (told,) = outcome.facts
    assert isinstance(told, RequestUpdated)
    return told.changed


@pytest.mark.rule("I-30")
def test_a_clerk_changes_a_request_and_says_why() -> None:
    assert update(county_fips="29019", channel="drop_box", reason="asked again") == decide(
        replace(WALK_IN, county_fips="29019", channel=Channel.DROP_BOX, change_reason="asked again"),
        RequestUpdated(
            request_id=WALK_IN.id,
            office_id=ADAIR.id,
            changed=("county_fips", "channel"),
            county_fips="29019",
            channel=Channel.DROP_BOX,
            reasons=("apply",),
            anonymous=True,
            priority=2,
            nvra_covered=True,
            by=CLERK.id,
            at=NINE,
        ),
    )


def test_what_is_absent_stays_as_it_is() -> None:
    full = replace(WALK_IN, comments="in a hurry", programs=("snap",), change_reason="first")

    assert after(update(full, county_fips="29019")) == replace(full, county_fips="29019")


@pytest.mark.rule("I-14", "I-15", "I-16")
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("interpreter_language", "Somali"),
        ("companions", ("Jim Roe",)),
        ("comments", "comes back at ten"),
        ("programs", ("snap", "medicaid")),
        ("document_type", "pay_stub"),
        ("case_ref", "M-17"),
        ("vendor", "Landlord LLC"),
        ("subject", "rent of March"),
        ("priority", 1),
    ],
)
def test_each_field_can_be_changed(field: str, value: object) -> None:
    outcome = update(**{field: value})

    assert (getattr(after(outcome), field), changed(outcome)) == (value, (field,))


@pytest.mark.rule("I-16")
def test_a_representative_is_named_later() -> None:
    lawyer = Representative(name="Lou Ames", kind=RepresentativeKind.AUTHREP, dcns=("12345678",))

    assert after(update(representative=lawyer)).representative == KeptRepresentative(**lawyer.model_dump())


@pytest.mark.rule("I-08")
def test_one_who_gave_no_name_is_named_later() -> None:
    outcome = update(client=JANE)

    assert (after(outcome).client, after(outcome).anonymous) == (NAMED.client, False)
    assert changed(outcome) == ("client", "anonymous")


@pytest.mark.rule("I-08")
def test_a_name_that_was_not_meant_is_taken_back() -> None:
    assert (after(update(NAMED, anonymous=True)).client, after(update(NAMED, anonymous=True)).anonymous) == (None, True)


@pytest.mark.rule("I-08")
def test_nobody_is_named_and_anonymous() -> None:
    assert update(anonymous=True, client=JANE) == Invalid("client", "")


@pytest.mark.rule("I-08")
def test_a_visitor_is_named_or_anonymous() -> None:
    assert update(anonymous=False) == Invalid("client", "")
    assert after(update(MERIT_CALL, SUPERVISOR, anonymous=False)).anonymous is False


def test_the_same_again_changes_nothing() -> None:
    assert update(reasons=("apply",), priority=2, anonymous=True, reason="to be sure") == Unchanged()
    assert update(NAMED, client=JANE) == Unchanged()


@pytest.mark.rule("V-01")
@pytest.mark.parametrize(("reasons", "covered"), [(("other",), False), (("other", "review"), True)])
def test_other_reasons_decide_anew_whether_the_contact_is_covered(reasons: tuple[str, ...], covered: bool) -> None:
    assert after(update(reasons=reasons)).nvra_covered is covered


def test_an_unknown_reason_is_not_taken() -> None:
    assert update(reasons=("apply", "lunch")) == unknown("reasons")


@pytest.mark.rule("I-60")
def test_a_reason_that_was_retired_since_may_stay_but_not_come_new() -> None:
    retired = tuple(replace(each, active=False) if each.id == "apply" else each for each in REASONS)
    command = UpdateRequest(request_id=WALK_IN.id, reasons=("apply", "other"))

    def with_reasons(request: Request, known: tuple[Reason, ...]) -> Decision:
        return update_request(request, known, None, command, CLERK, NINE)

    assert after(with_reasons(WALK_IN, retired)).reasons == ("apply", "other")
    assert with_reasons(replace(WALK_IN, reasons=("other",)), retired) == unknown("reasons")


@pytest.mark.rule("I-30", "I-26", "I-43")
@pytest.mark.parametrize(
    ("actor", "rule"), [(CLERK, "I-30"), (ALL_ROUNDER, "I-30"), (GREETER, "I-30"), (SPECIALIST, "I-26")]
)
@pytest.mark.parametrize(
    "dates", [{"received_at": NINE}, {"postmark": date(2026, 2, 27)}], ids=["received", "postmark"]
)
def test_dates_are_not_theirs_to_change(actor: Staff, rule: str, dates: dict[str, object]) -> None:
    own = replace(WALK_IN, interviewer=SPECIALIST.id)

    assert update(own, actor, comments="changed", **dates) == Refused(rule, "")


@pytest.mark.rule("I-30")
def test_a_clerk_may_repeat_the_date_there_is() -> None:
    assert changed(update(received_at=EIGHT, comments="changed")) == ("comments",)


@pytest.mark.rule("I-30", "I-48", "I-54", "I-59")
@pytest.mark.parametrize("actor", [SUPERVISOR, MANAGER, CENTRAL, SYSTEM])
def test_those_above_change_dates_too(actor: Staff) -> None:
    earlier = EIGHT - timedelta(days=3)

    assert after(update(WALK_IN, actor, received_at=earlier)).received_at == earlier


@pytest.mark.rule("I-11", "I-48", "I-54", "I-59")
@pytest.mark.parametrize("kind", RequestType)
@pytest.mark.parametrize("actor", [CLERK, ALL_ROUNDER, GREETER, SUPERVISOR, MANAGER, CENTRAL])
def test_requests_of_every_type_are_changed_at_any_time_of_their_life(actor: Staff, kind: RequestType) -> None:
    for status in RequestStatus:
        request = replace(WALK_IN, request_type=kind, status=status)
        assert isinstance(update(request, actor, comments="changed"), Decided)


@pytest.mark.rule("I-26", "I-43")
@pytest.mark.parametrize(
    ("actor", "rule"), [(SPECIALIST, "I-26"), (BOONE_CLERK, "I-26"), (MERIT, "I-26"), (CRU, "I-43")]
)
def test_others_change_nothing(actor: Staff, rule: str) -> None:
    assert update(WALK_IN, actor, comments="changed") == Refused(rule, "")


@pytest.mark.rule("I-26")
def test_a_specialist_changes_a_request_of_their_own() -> None:
    assert isinstance(update(replace(WALK_IN, caseworker=SPECIALIST.id), SPECIALIST, comments="changed"), Decided)


@pytest.mark.rule("I-14", "I-45")
def test_the_merit_call_center_changes_merit_calls_of_its_office() -> None:
    assert isinstance(update(MERIT_CALL, MERIT, case_ref="M-17"), Decided)
    assert update(replace(MERIT_CALL, office_id="BOONE"), MERIT, case_ref="M-17") == Refused("I-26", "")


@pytest.mark.rule("I-09")
@pytest.mark.parametrize("signature", [Signature.SIGNED, Signature.RETURNED])
def test_an_unsigned_application_is_signed_or_returned(signature: Signature) -> None:
    outcome = update(UNSIGNED, signature=signature)

    assert (after(outcome).signature, changed(outcome)) == (signature, ("signature",))
    assert isinstance(outcome, Decided)
    assert [fact.signature for fact in outcome.facts if isinstance(fact, RequestUpdated)] == [signature]


@pytest.mark.rule("I-09")
def test_an_application_is_signed_once() -> None:
    signed = replace(UNSIGNED, signature=Signature.SIGNED)

    assert update(signed, signature=Signature.SIGNED) == Unchanged()
    assert update(signed, signature=Signature.RETURNED) == Invalid("signature", "")
    assert update(signed, signature=Signature.AWAITING) == Invalid("signature", "")


@pytest.mark.rule("I-09")
def test_an_application_that_was_signed_from_the_start_awaits_nothing() -> None:
    assert update(WALK_IN, signature=Signature.SIGNED) == Invalid("signature", "")


def test_a_changed_priority_of_one_who_waits_is_told() -> None:
    outcome = update(WAITING, priority=0)

    assert isinstance(outcome, Decided)
    assert [fact.priority for fact in outcome.facts if isinstance(fact, RequestUpdated)] == [0]


@pytest.mark.rule("I-08")
def test_whoever_is_named_can_be_told_more_about_at_once() -> None:
    kept = after(update(client=JANE, comments="in a hurry"))

    assert (kept.client, kept.comments) == (NAMED.client, "in a hurry")


@pytest.mark.rule("I-08")
def test_a_name_is_taken_back_along_with_other_changes() -> None:
    kept = after(update(NAMED, anonymous=True, comments="asked for it"))

    assert (kept.client, kept.comments) == (None, "asked for it")
