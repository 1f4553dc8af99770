"""The voter log: what is an entry, who writes it, and that what a person answered stays inside."""

import json
from dataclasses import replace
from datetime import date

import pytest

from access.directory import Staff
from casebus_contracts import Channel, CompletedBy, LogVoterRegistration, VoterRegistrationLogged, VoterResponse
from chassis.decisions import body_of
from chassis.rules import Decided, Decision, Invalid, Refused, Unchanged, existing, unknown
from intake.examples import (
    ADAIR,
    BOONE_CLERK,
    CENTRAL,
    CLERK,
    CRU,
    GREETER,
    MERIT,
    MINUTE,
    NINE,
    SERVED,
    SPECIALIST,
    SUPERVISOR,
    TODAY,
    request_id,
)
from intake.request import Request
from intake.voters.entry import VoterAnswer, VoterRegistrationEntry, counted_as
from intake.voters.forms import FORMS, FormsBox
from intake.voters.log import log_voter_registration
from intake.voters.offer import Offer

MARKED_NAME = "Marlene Marked-Whitfield"
LOG = LogVoterRegistration(
    entry_id=request_id(50),
    request_id=SERVED.id,
    office_id=ADAIR.id,
    name=MARKED_NAME,
    birth_date=date(1984, 3, 9),
    response=VoterResponse.YES,
    completed_by=CompletedBy.PARTICIPANT,
    occasion="apply",
    channel=Channel.IN_PERSON,
)
DECLINED = LOG.model_copy(update={"response": VoterResponse.DECLINED})
CARD = LOG.model_copy(update={"request_id": None, "occasion": "card_handed_in", "form_received_on": TODAY})
OFFER = Offer(SERVED.id)
BOX = FormsBox(ADAIR.id)


def log(
    command: LogVoterRegistration = LOG,
    actor: Staff = CLERK,
    request: Request | None = SERVED,
    offer: Offer = OFFER,
    entry: VoterRegistrationEntry | None = None,
    answer: VoterAnswer | None = None,
) -> Decision:
    known = None if command.request_id is None else request
    offered = None if command.request_id is None else offer
    return log_voter_registration(entry, answer, known, offered, BOX, ADAIR, (), (), command, actor, NINE)


def decided(outcome: Decision) -> Decided:
    assert isinstance(outcome, Decided), outcome
    return outcome


def written(outcome: Decision) -> tuple[VoterRegistrationEntry, VoterAnswer]:
    entry, answer, *_ = decided(outcome).states
    assert isinstance(entry, VoterRegistrationEntry)
    assert isinstance(answer, VoterAnswer)
    return entry, answer


@pytest.mark.rule("I-02", "V-03")
def test_an_entry_has_date_name_birth_date_and_response() -> None:
    entry, answer = written(log())

    assert (entry.logged_at, answer.name, answer.birth_date, answer.response) == (
        NINE,
        MARKED_NAME,
        date(1984, 3, 9),
        VoterResponse.YES,
    )


@pytest.mark.rule("V-03")
def test_both_ways_of_saying_no_are_kept_apart_and_counted_as_one() -> None:
    answers = [VoterResponse.NO, VoterResponse.NO_ALREADY_REGISTERED]

    kept = [written(log(LOG.model_copy(update={"response": each})))[1].response for each in answers]
    assert kept == answers
    assert {counted_as(each) for each in kept} == {VoterResponse.NO}


@pytest.mark.rule("V-03")
@pytest.mark.parametrize("response", [VoterResponse.YES, VoterResponse.NO, VoterResponse.DECLINED])
def test_every_other_answer_is_counted_as_itself(response: VoterResponse) -> None:
    assert counted_as(response) is response


@pytest.mark.rule("V-03")
def test_a_card_with_no_box_marked_is_declined() -> None:
    assert written(log(DECLINED))[1].response is VoterResponse.DECLINED


@pytest.mark.rule("V-02")
@pytest.mark.parametrize("channel", Channel)
def test_an_offer_is_logged_on_every_channel(channel: Channel) -> None:
    assert written(log(LOG.model_copy(update={"channel": channel})))[0].channel is channel


@pytest.mark.rule("V-02")
def test_a_non_applicant_who_asks_is_logged_without_a_request() -> None:
    asked = LOG.model_copy(update={"request_id": None, "occasion": "asked"})

    assert written(log(asked))[0].request_id is None


@pytest.mark.rule("V-12")
def test_nobody_is_asked_for_an_address() -> None:
    assert [field for field in LogVoterRegistration.model_fields if "address" in field or "street" in field] == []


@pytest.mark.rule("L-05")
def test_a_card_handed_over_in_the_lobby_is_entered_and_lies_in_the_office() -> None:
    states = decided(log(CARD, GREETER)).states

    box = next(state for state in states if isinstance(state, FormsBox))
    assert [(pile.entries, pile.received_on) for pile in box.piles] == [((CARD.entry_id,), CARD.form_received_on)]


@pytest.mark.rule("L-05", "V-07")
def test_a_card_handed_over_starts_the_clock_of_the_office() -> None:
    (clock,) = decided(log(CARD)).timers

    assert (clock.name, clock.of, clock.due_at) == (FORMS, ADAIR.id, ADAIR.end_of(date(2026, 3, 9)))


@pytest.mark.rule("V-06")
def test_a_card_or_declination_that_comes_by_mail_is_logged_without_a_reception_entry() -> None:
    by_mail = {"request_id": None, "channel": Channel.MAIL}

    for command in (CARD, DECLINED):
        states = decided(log(command.model_copy(update=by_mail))).states
        assert not any(isinstance(state, Request | Offer) for state in states)


@pytest.mark.rule("V-05")
@pytest.mark.parametrize("response", VoterResponse)
def test_a_representative_does_not_answer_for_the_participant(response: VoterResponse) -> None:
    by_another = LOG.model_copy(update={"completed_by": CompletedBy.AUTH_REP, "response": response})

    assert log(by_another) == Refused("V-05", "")


@pytest.mark.rule("V-04")
@pytest.mark.parametrize("ticked", [VoterResponse.YES, VoterResponse.NO, VoterResponse.NO_ALREADY_REGISTERED])
def test_an_unsigned_card_with_a_ticked_answer_is_not_declined_but_that_answer(ticked: VoterResponse) -> None:
    assert log(DECLINED.model_copy(update={"ticked": ticked})) == Refused("V-04", "")
    assert written(log(LOG.model_copy(update={"response": ticked, "ticked": ticked})))[1].response is ticked


@pytest.mark.rule("V-04")
def test_nobody_declined_an_offer_that_was_missed_and_corrected() -> None:
    corrected = replace(OFFER, letter="Dear", letter_day=TODAY, letter_by=CLERK.id)

    assert log(DECLINED, offer=corrected) == Refused("V-04", "")
    assert written(log(offer=corrected))


@pytest.mark.rule("V-04")
def test_nobody_declined_on_a_card_that_was_taken_along() -> None:
    assert log(DECLINED.model_copy(update={"left_office": True})) == Refused("V-04", "")
    assert written(log(LOG.model_copy(update={"left_office": True})))


@pytest.mark.rule("V-04")
def test_declined_is_logged_when_the_card_lies_here_without_a_mark() -> None:
    assert written(log(DECLINED.model_copy(update={"ticked": VoterResponse.DECLINED})))


def test_an_answer_that_is_not_what_is_ticked_is_no_entry() -> None:
    assert log(LOG.model_copy(update={"ticked": VoterResponse.NO})) == Invalid("ticked", "")


@pytest.mark.parametrize(
    "changes",
    [
        {"response": VoterResponse.NO},
        {"response": VoterResponse.NO_ALREADY_REGISTERED},
        {"response": VoterResponse.DECLINED},
        {"left_office": True},
        {"form_received_on": date(2026, 3, 3)},
    ],
)
def test_a_completed_form_is_here_and_says_yes(changes: dict[str, object]) -> None:
    assert log(CARD.model_copy(update=changes)) == Invalid("form_received_on", "")


def test_a_request_that_is_named_exists_and_is_of_the_office() -> None:
    assert log(request=None) == unknown("request_id")
    assert log(request=replace(SERVED, office_id="BOONE"), actor=CENTRAL) == Invalid("office_id", "")


def test_an_entry_is_written_once() -> None:
    entry, answer = written(log())

    assert log(entry=entry, answer=answer) == Unchanged()
    assert log(DECLINED, entry=entry, answer=answer) == existing("entry_id")
    assert log(LOG.model_copy(update={"occasion": "review"}), entry=entry, answer=answer) == existing("entry_id")


def test_an_entry_whose_answer_is_forgotten_is_not_written_again() -> None:
    entry, _ = written(log())

    assert log(entry=entry) == existing("entry_id")


@pytest.mark.rule("I-26", "I-43")
@pytest.mark.parametrize(
    ("actor", "rule"), [(BOONE_CLERK, "I-26"), (MERIT, "I-26"), (SPECIALIST, "I-26"), (CRU, "I-43")]
)
def test_the_log_is_kept_by_the_staff_of_the_office(actor: Staff, rule: str) -> None:
    assert log(actor=actor) == Refused(rule, "")


@pytest.mark.rule("I-26")
@pytest.mark.parametrize("actor", [CLERK, GREETER, SUPERVISOR, CENTRAL])
def test_clerks_greeters_supervisors_and_central_office_keep_it(actor: Staff) -> None:
    assert written(log(actor=actor))[0].logged_by == actor.id


@pytest.mark.rule("I-26")
def test_a_specialist_logs_the_contacts_they_handle() -> None:
    assert written(log(actor=SPECIALIST, request=replace(SERVED, interviewer=SPECIALIST.id)))


@pytest.mark.rule("INV-I10", "V-14")
@pytest.mark.parametrize(
    "changes",
    [
        {"response": VoterResponse.NO},
        {"response": VoterResponse.NO_ALREADY_REGISTERED},
        {"response": VoterResponse.DECLINED},
        {"left_office": True},
        {"ticked": VoterResponse.YES},
        {"form_received_on": TODAY},
        {"name": "Somebody Else", "birth_date": date(1990, 1, 1)},
    ],
)
def test_what_is_told_is_the_same_whatever_was_answered(changes: dict[str, object]) -> None:
    assert decided(log(LOG.model_copy(update=changes))).facts == decided(log()).facts


@pytest.mark.rule("INV-I10", "V-14")
@pytest.mark.parametrize("response", VoterResponse)
def test_no_marked_value_is_in_what_leaves_the_service(response: VoterResponse) -> None:
    (fact,) = decided(log(LOG.model_copy(update={"response": response}))).facts

    told = body_of(fact)
    assert isinstance(fact, VoterRegistrationLogged)
    assert not any(mark in told for mark in (MARKED_NAME, "1984-03-09"))
    assert response.value not in json.loads(told).values()


@pytest.mark.rule("INV-I10", "V-14")
def test_the_journal_and_reports_see_no_answer() -> None:
    assert VoterAnswer.GUARD
    assert {"name", "birth_date", "response", "ticked", "left_office", "form_received_on"} <= VoterAnswer.PERSONAL
    assert FormsBox.GUARD
    assert "piles" in FormsBox.PERSONAL


@pytest.mark.rule("INV-I10")
def test_an_entry_shows_nothing_of_the_person() -> None:
    entry, _ = written(log())

    assert MARKED_NAME not in repr(entry)
    assert "1984" not in repr(entry)


def test_an_answer_is_filed_under_the_month_of_the_office() -> None:
    evening = ADAIR.end_of(date(2026, 3, 31)) - MINUTE
    outcome = log_voter_registration(None, None, SERVED, OFFER, BOX, ADAIR, (), (), LOG, CLERK, evening)

    assert written(outcome)[1].month == "2026-03"


@pytest.mark.rule("I-02", "V-03")
def test_all_that_was_said_is_kept_with_the_entry_it_belongs_to() -> None:
    said = CARD.model_copy(update={"ticked": VoterResponse.YES})
    entry, answer = written(log(said))

    assert answer == VoterAnswer(
        CARD.entry_id,
        month="2026-03",
        name=MARKED_NAME,
        birth_date=date(1984, 3, 9),
        response=VoterResponse.YES,
        completed_by=CompletedBy.PARTICIPANT,
        ticked=VoterResponse.YES,
        form_received_on=TODAY,
        office_id=ADAIR.id,
    )
    assert (entry.id, entry.logged_day, entry.logged_at) == (CARD.entry_id, TODAY, NINE)


def test_a_card_that_was_taken_along_is_remembered_so() -> None:
    assert written(log(LOG.model_copy(update={"left_office": True})))[1].left_office


@pytest.mark.rule("V-06")
def test_an_entry_names_the_request_it_was_an_offer_at() -> None:
    outcome = decided(log())
    (fact,) = outcome.facts

    assert isinstance(fact, VoterRegistrationLogged)
    assert written(outcome)[0].request_id == fact.request_id == SERVED.id


@pytest.mark.rule("V-08")
def test_an_entry_counts_as_an_offer_at_its_contact() -> None:
    once = replace(OFFER, entries=1)

    assert decided(log(offer=once)).states[-1] == replace(OFFER, entries=2, office_id=ADAIR.id)


@pytest.mark.rule("V-02")
def test_an_entry_without_a_contact_counts_as_no_offer() -> None:
    assert [type(state) for state in decided(log(CARD)).states] == [VoterRegistrationEntry, VoterAnswer, FormsBox]


@pytest.mark.rule("V-11")
def test_every_entry_uses_a_form_of_its_month() -> None:
    box = next(state for state in decided(log()).states if isinstance(state, FormsBox))

    assert box == BOX.used("2026-03")


def test_an_entry_without_a_form_sets_no_clock() -> None:
    assert decided(log()).timers == ()
