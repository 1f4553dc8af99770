"""Clients, their likely duplicates, merges."""

from dataclasses import replace
from datetime import date

import pytest

from access.directory import SYSTEM, Staff
from casebus_contracts import (
    Channel,
    Client,
    ClientMerged,
    ClientRecorded,
    CreateRequest,
    MergeClients,
    RequestCreated,
    RequestType,
    RequestUpdated,
    UpdateRequest,
)
from chassis.rules import Decided, Decision, Invalid, Refused, Unchanged, decide
from intake.clients import KnownClient, agreement, likely_same, merge_clients, name_key, named
from intake.creation import create_request
from intake.examples import (
    ADAIR,
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
    request_id,
)
from intake.request import KeptClient, Request
from intake.updating import update_request

FIRST, SECOND, THIRD = request_id(501), request_id(502), request_id(503)
JANE = Client(
    client_id=FIRST,
    last_name="Roe",
    first_name="Jane",
    birth_date=date(1980, 5, 4),
    dcn="12345678",
    phone="+1 (660) 555-0101",
)
KNOWN = KnownClient(
    FIRST,
    last_name="Roe",
    first_name="Jane",
    birth_date=date(1980, 5, 4),
    dcn="12345678",
    phone="+1 (660) 555-0101",
    name_key="jane roe",
    phone_key="6605550101",
)
TWIN = KnownClient(SECOND, last_name="Roe", first_name="Jayne", middle="K", name_key="jayne roe")
MERGE = MergeClients(survivor=FIRST, merged=SECOND, reason="the same card")
GONE = replace(TWIN, merged_into=FIRST, merge_reason="the same card")


def come(client: KnownClient | None = None, given: Client | None = JANE) -> Decision:
    command = CreateRequest(
        request_id=WALK_IN.id,
        request_type=RequestType.WALK_IN,
        office_id="ADAIR",
        reasons=("apply",),
        anonymous=given is None,
        client=given,
        channel=Channel.IN_PERSON,
    )
    return create_request(None, ADAIR, REASONS, client, command, CLERK, EIGHT)


def request_of(outcome: Decision) -> Request:
    assert isinstance(outcome, Decided)
    request = outcome.states[0]
    assert isinstance(request, Request)
    return request


def merge(
    survivor: KnownClient = KNOWN, merged: KnownClient = TWIN, actor: Staff = SUPERVISOR, command: MergeClients = MERGE
) -> Decision:
    return merge_clients(survivor, merged, command, actor, NINE)


@pytest.mark.rule("I-06")
def test_a_client_with_an_id_is_kept_as_typed_in() -> None:
    outcome = come()

    assert isinstance(outcome, Decided)
    assert outcome.states[1:] == (KNOWN,)
    assert outcome.facts[1:] == (ClientRecorded(client_id=FIRST, by=CLERK.id, at=EIGHT),)


@pytest.mark.rule("I-06", "I-08")
@pytest.mark.parametrize("given", [None, JANE.model_copy(update={"client_id": None})], ids=["nobody", "no id"])
def test_who_has_no_id_is_kept_with_the_request_alone(given: Client | None) -> None:
    outcome = come(given=given)

    assert isinstance(outcome, Decided)
    assert (len(outcome.states), len(outcome.facts)) == (1, 1)


@pytest.mark.rule("I-06")
def test_who_comes_again_unchanged_is_not_told_of_again() -> None:
    outcome = come(KNOWN)

    assert isinstance(outcome, Decided)
    assert (len(outcome.states), len(outcome.facts)) == (1, 1)


@pytest.mark.rule("I-06")
def test_what_is_typed_in_now_replaces_what_was_and_the_rest_stays() -> None:
    outcome = come(KNOWN, Client(client_id=FIRST, last_name="Doe", first_name="Jane", phone="660 555 0199"))

    assert isinstance(outcome, Decided)
    assert outcome.states[1] == replace(
        KNOWN, last_name="Doe", phone="660 555 0199", name_key="doe jane", phone_key="6605550199"
    )


@pytest.mark.rule("I-06")
def test_a_request_of_a_merged_client_is_one_of_the_survivor() -> None:
    outcome = come(GONE, Client(client_id=SECOND, last_name="Roe", first_name="Jayne"))

    assert isinstance(outcome, Decided)
    assert outcome.states == (request_of(outcome),)
    assert request_of(outcome).client == KeptClient(client_id=FIRST, last_name="Roe", first_name="Jayne")
    assert [fact.client_id for fact in outcome.facts if isinstance(fact, RequestCreated)] == [FIRST]


@pytest.mark.rule("I-06")
def test_an_update_follows_the_survivor_and_keeps_an_id_it_does_not_name() -> None:
    named_request = replace(WALK_IN, anonymous=False, client=KeptClient(**JANE.model_dump()))
    moved = UpdateRequest(request_id=WALK_IN.id, client=Client(client_id=SECOND, last_name="Roe", first_name="Jayne"))
    spelled = UpdateRequest(request_id=WALK_IN.id, client=Client(last_name="Rowe", first_name="Jane"))

    followed = update_request(WALK_IN, REASONS, GONE, moved, CLERK, NINE)
    kept = update_request(named_request, REASONS, None, spelled, CLERK, NINE)
    new = update_request(WALK_IN, REASONS, None, UpdateRequest(request_id=WALK_IN.id, client=JANE), CLERK, NINE)

    for outcome in (followed, kept, new):
        assert isinstance(outcome, Decided)
        assert [fact.client_id for fact in outcome.facts if isinstance(fact, RequestUpdated)] == [FIRST]
    assert isinstance(new, Decided)
    assert new.states[1:] == (KNOWN,)


def test_a_command_names_the_id_of_its_client_if_it_names_one() -> None:
    update = UpdateRequest(request_id=WALK_IN.id, client=JANE)

    assert named(update, CLERK.id, NINE) == FIRST
    assert named(update.model_copy(update={"client": None}), CLERK.id, NINE) is None


@pytest.mark.rule("I-06")
def test_two_ids_become_one_person_whose_gaps_are_filled() -> None:
    assert merge() == decide(
        replace(KNOWN, middle="K", absorbed=(SECOND,)),
        ClientMerged(survivor=FIRST, merged=SECOND, by=SUPERVISOR.id, at=NINE),
        ClientRecorded(client_id=SECOND, merged_into=FIRST, by=SUPERVISOR.id, at=NINE),
        others=(GONE,),
    )


@pytest.mark.rule("I-06")
def test_who_was_merged_earlier_follows_along() -> None:
    outcome = merge(replace(KNOWN, absorbed=(request_id(504),)), replace(TWIN, absorbed=(THIRD,)))

    assert isinstance(outcome, Decided)
    survivor, gone = outcome.states
    assert isinstance(survivor, KnownClient)
    assert isinstance(gone, KnownClient)
    assert (survivor.absorbed, gone.absorbed) == ((request_id(504), SECOND, THIRD), ())


@pytest.mark.rule("I-06")
def test_the_details_of_the_merged_make_the_survivor_easier_to_find() -> None:
    outcome = merge(TWIN, KNOWN)

    assert isinstance(outcome, Decided)
    survivor = outcome.states[0]
    assert isinstance(survivor, KnownClient)
    assert (survivor.dcn, survivor.phone_key, survivor.name_key) == ("12345678", "6605550101", "jayne roe")


@pytest.mark.rule("I-06")
def test_a_merge_again_changes_nothing() -> None:
    assert merge(replace(KNOWN, absorbed=(SECOND,)), GONE) == Unchanged()


@pytest.mark.rule("I-06")
@pytest.mark.parametrize(
    ("survivor", "merged", "field"),
    [
        (KNOWN, KNOWN, "merged"),
        (KNOWN, replace(TWIN, merged_into=THIRD), "merged"),
        (replace(KNOWN, merged_into=THIRD), TWIN, "survivor"),
    ],
    ids=["itself", "merged into somebody else", "into somebody who is gone"],
)
def test_a_merge_needs_two_who_are_there(survivor: KnownClient, merged: KnownClient, field: str) -> None:
    assert merge(survivor, merged) == Invalid(field, "")


@pytest.mark.rule("I-06", "I-26")
@pytest.mark.parametrize("actor", [SUPERVISOR, MANAGER, CENTRAL, SYSTEM])
def test_supervisors_and_those_above_merge(actor: Staff) -> None:
    assert isinstance(merge(actor=actor), Decided)


@pytest.mark.rule("I-06", "I-26", "I-43")
@pytest.mark.parametrize(
    ("actor", "rule"),
    [
        (CLERK, "I-26"),
        (SPECIALIST, "I-26"),
        (GREETER, "I-26"),
        (MERIT, "I-26"),
        (BOONE_CLERK, "I-26"),
        (CRU, "I-43"),
    ],
)
def test_others_do_not_merge(actor: Staff, rule: str) -> None:
    assert merge(actor=actor) == Refused(rule, "")


@pytest.mark.rule("I-06")
@pytest.mark.parametrize(
    ("last", "first", "key"),
    [
        ("Roe", "Jane", "jane roe"),
        ("JANE", "roe", "jane roe"),
        ("O'Neil", "José  María", "jose maria oneil"),
        ("Smith-Jones", "A.", "a smithjones"),
    ],
)
def test_names_meet_however_they_were_typed(last: str, first: str, key: str) -> None:
    assert name_key(last, first) == key


@pytest.mark.rule("I-06")
@pytest.mark.parametrize(
    ("other", "likely"),
    [
        (replace(TWIN, dcn="12345678"), True),
        (replace(TWIN, name_key="jane roe"), True),
        (replace(TWIN, name_key="jane roe", birth_date=KNOWN.birth_date), True),
        (replace(TWIN, name_key="jane roe", birth_date=date(1990, 1, 1)), False),
        (replace(TWIN, name_key="jane roe", birth_date=KNOWN.birth_date, dcn="87654321"), False),
        (replace(TWIN, birth_date=KNOWN.birth_date, phone_key="6605550101"), True),
        (replace(TWIN, birth_date=KNOWN.birth_date), False),
        (replace(TWIN, phone_key="6605550101"), False),
        (TWIN, False),
    ],
)
def test_a_number_decides_else_a_name_or_birth_date_and_telephone(other: KnownClient, likely: bool) -> None:
    assert likely_same(KNOWN, other) is likely
    assert likely_same(other, KNOWN) is likely


def test_agreement_names_the_details_and_counts_nothing_that_is_unknown() -> None:
    assert agreement(KNOWN, KNOWN) == ("dcn", "name", "birth_date", "phone")
    assert agreement(TWIN, replace(TWIN, id=THIRD)) == ("name",)
