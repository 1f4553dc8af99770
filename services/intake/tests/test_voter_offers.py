"""A covered contact ends without an entry: corrective action opens, and the letter closes it."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from access.directory import Staff
from casebus_contracts import (
    Channel,
    CloseRequest,
    CorrectTimes,
    LeaveStage,
    LeaveVisit,
    NoShow,
    OverdueKind,
    RequestReopened,
    SendCorrectiveLetter,
    TimeOut,
    VisitOverdue,
    VoterCorrectiveActionSent,
    VoterOfferMissing,
)
from chassis.rules import Decided, Decision, Invalid, Refused, Unchanged, also, decide
from intake.calling import no_show
from intake.closing import close_request
from intake.examples import (
    ADAIR,
    BOONE_CLERK,
    CALLED,
    CLERK,
    CRU,
    EMPTY,
    LEFT,
    MINUTE,
    NINE,
    ON_HOLD,
    ONE_IS_SERVED,
    ONE_WAITS,
    SERVED,
    SERVING,
    SPECIALIST,
    SUPERVISOR,
    TODAY,
    WAITING,
    WALK_IN,
)
from intake.overdue import auto_close
from intake.request import KeptClient, Request, RequestStatus, VisitStatus
from intake.times import correct_times, time_out
from intake.voters.offer import Offer, contact_over, send_corrective_letter
from intake.walk_in import leave_visit

NONE_YET = Offer(SERVED.id)
LOGGED = replace(NONE_YET, entries=1)
MISSING = replace(NONE_YET, missing_at=NINE, office_id=ADAIR.id)
NAMED = replace(SERVED, anonymous=False, client=KeptClient(last_name="Whitfield", first_name="Marlene"))
CLOSED = replace(WALK_IN, status=RequestStatus.CLOSED, disposition="done")
HERE = {"request_id": WALK_IN.id, "office_id": ADAIR.id}
LATER = NINE + 40 * MINUTE
CALLED_OFTEN = replace(CALLED, calls=9)
CLOSING_TIME = VisitOverdue(**HERE, kind=OverdueKind.CLOSING, since=NINE, at=LATER)
PUT_RIGHT = CorrectTimes(**HERE, time_out=LATER, reason="the clock was wrong")
SENT = replace(MISSING, letter="Marlene", letter_day=TODAY, letter_by=CLERK.id)


def send(request: Request = NAMED, offer: Offer = MISSING, actor: Staff = CLERK) -> Decision:
    offices = (replace(ADAIR, id="BOONE", name="Boone"), ADAIR)
    return send_corrective_letter(request, offer, offices, SendCorrectiveLetter(request_id=request.id), actor, NINE)


def ended(request: Request) -> Decided:
    """Whatever was decided about the request."""
    return decide(request, RequestReopened(request_id=request.id, office_id=ADAIR.id, by=CLERK.id, at=NINE))


@pytest.mark.rule("INV-I9", "V-08")
@pytest.mark.parametrize(
    "request_",
    [
        SERVED,
        LEFT,
        replace(CALLED, visit_status=VisitStatus.NO_SHOW),
        replace(WAITING, visit_status=VisitStatus.AUTO_CLOSED),
        CLOSED,
        *(replace(CLOSED, channel=channel) for channel in (Channel.PHONE, Channel.HOME_VISIT, Channel.CHAT)),
    ],
)
def test_a_covered_contact_that_ends_without_an_entry_opens_corrective_action(request_: Request) -> None:
    told = VoterOfferMissing(request_id=request_.id, office_id=ADAIR.id, at=NINE)

    assert contact_over(ended(request_), NONE_YET, NINE) == also(ended(request_), told, others=(MISSING,))


@pytest.mark.rule("INV-I9")
@pytest.mark.parametrize("offer", [LOGGED, MISSING, SENT])
def test_an_entry_or_what_was_told_already_opens_nothing(offer: Offer) -> None:
    assert contact_over(ended(SERVED), offer, NINE) == ended(SERVED)


@pytest.mark.rule("INV-I9")
@pytest.mark.parametrize("request_", [WALK_IN, WAITING, CALLED, SERVING, ON_HOLD])
def test_a_visit_that_goes_on_opens_nothing(request_: Request) -> None:
    assert contact_over(ended(request_), NONE_YET, NINE) == ended(request_)


@pytest.mark.rule("INV-I9")
def test_a_contact_that_is_not_covered_opens_nothing() -> None:
    assert contact_over(ended(replace(SERVED, nvra_covered=False)), NONE_YET, NINE) == ended(
        replace(SERVED, nvra_covered=False)
    )


@pytest.mark.rule("V-06")
@pytest.mark.parametrize("channel", [Channel.MAIL, Channel.FAX, Channel.EMAIL, Channel.DROP_BOX, Channel.ONLINE])
def test_whoever_only_wrote_was_not_there_to_be_asked(channel: Channel) -> None:
    assert contact_over(ended(replace(CLOSED, channel=channel)), NONE_YET, NINE) == ended(
        replace(CLOSED, channel=channel)
    )


@pytest.mark.rule("V-08")
@pytest.mark.parametrize("offer", [MISSING, NONE_YET])
def test_the_letter_goes_out_and_a_copy_is_kept(offer: Offer) -> None:
    outcome = send(offer=offer)

    assert isinstance(outcome, Decided)
    _, kept = outcome.states
    assert outcome.facts == (VoterCorrectiveActionSent(request_id=NAMED.id, office_id=ADAIR.id, by=CLERK.id, at=NINE),)
    assert isinstance(kept, Offer)
    assert (kept.letter_day, kept.letter_by, kept.corrected) == (date(2026, 3, 2), CLERK.id, True)


@pytest.mark.rule("V-08")
def test_the_letter_names_client_office_authority_and_days() -> None:
    outcome = send_corrective_letter(
        NAMED,
        MISSING,
        (replace(ADAIR, election_authority="the Adair County Clerk"),),
        SendCorrectiveLetter(request_id=NAMED.id),
        CLERK,
        NINE,
    )

    assert isinstance(outcome, Decided)
    letter = getattr(outcome.states[1], "letter", "")
    wanted = ["Marlene Whitfield", "Adair County Office", "the Adair County Clerk", "March 2, 2026"]
    assert [word for word in wanted if word not in letter] == []
    assert "$" not in letter


@pytest.mark.rule("V-08")
def test_the_letter_goes_out_once() -> None:
    assert send(offer=SENT) == Unchanged()


@pytest.mark.rule("V-08")
def test_where_an_offer_is_on_record_there_is_nothing_to_correct() -> None:
    assert send(offer=replace(LOGGED, missing_at=NINE)) == Refused("V-08", "")


@pytest.mark.parametrize("request_", [SERVED, replace(NAMED, nvra_covered=False), replace(NAMED, office_id="NOWHERE")])
def test_a_letter_needs_a_covered_contact_a_name_and_an_office(request_: Request) -> None:
    actor = replace(CLERK, office_id=request_.office_id)

    assert send(request_, actor=actor) == Invalid("request_id", "")


@pytest.mark.rule("I-26", "I-43")
@pytest.mark.parametrize(("actor", "rule"), [(BOONE_CLERK, "I-26"), (SPECIALIST, "I-26"), (CRU, "I-43")])
def test_the_letter_is_sent_by_the_staff_of_the_office(actor: Staff, rule: str) -> None:
    assert send(actor=actor) == Refused(rule, "")


@pytest.mark.rule("I-26")
def test_a_specialist_sends_it_to_those_they_served() -> None:
    assert isinstance(send(replace(NAMED, caseworker=SPECIALIST.id), actor=SPECIALIST), Decided)


@pytest.mark.rule("INV-I9")
@pytest.mark.parametrize(
    "outcome",
    [
        time_out(SERVING, ONE_IS_SERVED, ADAIR, NONE_YET, TimeOut(**HERE), CLERK, LATER),
        leave_visit(WAITING, ONE_WAITS, NONE_YET, LeaveVisit(**HERE, stage=LeaveStage.WAITING), CLERK, LATER),
        no_show(CALLED_OFTEN, EMPTY, ADAIR, NONE_YET, NoShow(**HERE), CLERK, LATER),
        auto_close(WAITING, ONE_WAITS, ADAIR, NONE_YET, CLOSING_TIME, LATER),
        close_request(WALK_IN, NONE_YET, CloseRequest(request_id=WALK_IN.id, disposition="done"), CLERK, LATER),
        correct_times(SERVING, ONE_IS_SERVED, ADAIR, NONE_YET, PUT_RIGHT, SUPERVISOR, LATER),
    ],
    ids=["timed out", "left", "no show", "closing time", "closed", "corrected"],
)
def test_however_a_contact_ends_the_missing_offer_is_told_with_it(outcome: Decision) -> None:
    assert isinstance(outcome, Decided)
    assert outcome.facts[-1] == VoterOfferMissing(request_id=WALK_IN.id, office_id=ADAIR.id, at=LATER)
    assert replace(NONE_YET, missing_at=LATER, office_id=ADAIR.id) in outcome.states


@pytest.mark.rule("V-08")
def test_the_letter_has_its_own_day_and_the_day_of_the_contact() -> None:
    a_week_later = NINE + timedelta(days=7)
    outcome = send_corrective_letter(
        NAMED, MISSING, (ADAIR,), SendCorrectiveLetter(request_id=NAMED.id), CLERK, a_week_later
    )

    assert isinstance(outcome, Decided)
    letter = getattr(outcome.states[1], "letter", "")
    assert [day for day in ("March 2, 2026", "March 9, 2026") if day not in letter] == []


@pytest.mark.rule("V-08")
def test_a_letter_is_kept_with_the_office_it_came_from() -> None:
    outcome = send(offer=NONE_YET)

    assert isinstance(outcome, Decided)
    assert outcome.states[0] == NAMED
    assert getattr(outcome.states[1], "office_id", None) == ADAIR.id
