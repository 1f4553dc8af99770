"""What holds for every message, whatever it says."""

import json
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError, create_model

from casebus_contracts import COMMANDS, FACTS, AssignRequest, Command, DataClass, Fact, Message, Receipt, Unreadable
from casebus_contracts.base import Internal, Name, Personal, Restricted, Uuid7
from casebus_contracts.examples import EXAMPLES, MESSAGES, REQUEST, payload
from casebus_contracts.fields import data_class, data_classes

ALL = [*COMMANDS.values(), *FACTS.values()]
CLOSED = {DataClass.PERSONAL, DataClass.RESTRICTED}

AGREED_COMMANDS = """
Acknowledge AssignRequest CheckIn CloseRequest CorrectTimes CountVoterForms CreateRequest Hold Invite LeaveVisit
LogMeritCall LogVoterRegistration MergeClients NoShow Recall ReopenRequest Resume Return SendCorrectiveLetter
SetAvailability SetElectionDeadline SetHoliday TimeIn TimeOut TransmitVoterForms UpdateRequest UpdateStaff
UpsertCounty UpsertMemo UpsertOffice UpsertReason UpsertRegion UpsertStaff UpsertVoterOffice
"""
AGREED_FACTS = """
alert.acknowledged alert.delivered alert.raised alert.resolved client.merged client.recorded county.upserted
election_deadline.upserted holiday.upserted memo.upserted merit.call.logged office.upserted reason.upserted
region.upserted request.assigned request.closed request.created request.reopened request.updated
staff.availability.changed staff.upserted visit.auto_closed visit.called visit.held visit.left visit.no_show
visit.overdue visit.recalled visit.resumed visit.returned visit.serving visit.waiting voter.corrective_action.sent
voter.counts.deviating voter.forms.overdue voter.forms.transmitted voter.offer.missing voter.registration.logged
voter.stock.counted voter.stock.low walkin.timed
"""

some_message = pytest.mark.parametrize("message", ALL, ids=lambda message: message.TYPE)
some_command = pytest.mark.parametrize("command", COMMANDS.values(), ids=lambda command: command.TYPE)
some_fact = pytest.mark.parametrize("fact", FACTS.values(), ids=lambda fact: fact.TYPE)
some_example = pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES.keys())


def read(model: type[BaseModel], body: Any) -> Any:
    return model.__pydantic_validator__.validate_json(body if isinstance(body, bytes) else json.dumps(body))


def body_of(message: type[Message]) -> dict[str, Any]:
    written: dict[str, Any] = json.loads(payload(MESSAGES[message.TYPE]))
    return written


def test_every_command_and_fact_that_was_agreed_on_is_there() -> None:
    assert sorted(COMMANDS) == AGREED_COMMANDS.split()
    assert sorted(FACTS) == AGREED_FACTS.split()


@some_message
def test_every_message_has_an_example(message: type[Message]) -> None:
    assert type(MESSAGES[message.TYPE]) is message


@some_message
def test_every_field_has_one_data_class(message: type[Message]) -> None:
    assert data_classes(message)


@pytest.mark.parametrize("record", [Receipt, Unreadable])
def test_every_field_of_an_answer_may_be_seen_by_staff(record: type[BaseModel]) -> None:
    assert not CLOSED & set(data_classes(record).values())


@some_fact
def test_no_fact_carries_a_personal_or_restricted_field(fact: type[Fact]) -> None:
    assert not {path for path, kind in data_classes(fact).items() if kind in CLOSED}


@some_message
def test_a_key_may_be_seen_by_everybody(message: type[Message]) -> None:
    assert data_class(message, message.KEY) not in CLOSED


@pytest.mark.parametrize("closed", [Personal[Uuid7], Restricted[Uuid7]])
def test_a_message_keyed_by_a_person_cannot_be_declared(closed: Any) -> None:
    with pytest.raises(TypeError, match="key field dcn is about a person"):
        create_model(
            "ByPerson", __base__=Command, __cls_kwargs__={"service": "intake", "key": "dcn"}, dcn=(closed, ...)
        )

    assert "ByPerson" not in COMMANDS


def test_a_field_without_a_data_class_is_noticed() -> None:
    class Forgetful(BaseModel):
        noted: Internal[Name]
        forgotten: Name

    with pytest.raises(ValueError, match=r"Forgetful\.forgotten"):
        data_classes(Forgetful)


def test_a_personal_field_deep_inside_is_noticed() -> None:
    paths = {path for path, kind in data_classes(COMMANDS["CreateRequest"]).items() if kind is DataClass.PERSONAL}

    assert {"client", "client.last_name", "client.dcn", "representative.dcns", "comments"} <= paths


@some_command
def test_a_command_with_an_unknown_field_is_refused(command: type[Command]) -> None:
    with pytest.raises(ValidationError, match="extra_forbidden"):
        read(command, {**body_of(command), "surprise": 1})


@pytest.mark.parametrize(("command", "inside"), [("CreateRequest", "client"), ("UpsertOffice", "settings")])
def test_an_object_inside_a_command_is_as_strict(command: str, inside: str) -> None:
    body = body_of(COMMANDS[command])
    body[inside]["surprise"] = 1

    with pytest.raises(ValidationError, match="extra_forbidden"):
        read(COMMANDS[command], body)


@some_fact
def test_a_fact_with_an_unknown_field_is_read_without_it(fact: type[Fact]) -> None:
    assert read(fact, {**body_of(fact), "surprise": 1}) == MESSAGES[fact.TYPE]


@pytest.mark.parametrize(("fact", "inside"), [("alert.raised", "subject"), ("office.upserted", "settings")])
def test_an_object_inside_a_fact_is_as_tolerant(fact: str, inside: str) -> None:
    body = body_of(FACTS[fact])
    body[inside]["surprise"] = 1

    assert read(FACTS[fact], body) == MESSAGES[fact]


@some_example
def test_what_is_written_is_read_as_the_same(example: BaseModel) -> None:
    assert read(type(example), payload(example)) == example  # type: ignore[arg-type]


@some_example
def test_absent_fields_are_absent_on_the_wire(example: BaseModel) -> None:
    assert b"null" not in payload(example)  # type: ignore[arg-type]


@some_message
def test_every_needed_field_is_missed_when_it_is_absent(message: type[Message]) -> None:
    for name, info in message.model_fields.items():
        if info.is_required():
            body = body_of(message)
            del body[info.alias or name]
            with pytest.raises(ValidationError, match="missing"):
                read(message, body)


@some_message
def test_nobody_changes_a_message(message: type[Message]) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        setattr(MESSAGES[message.TYPE], message.KEY, "other")


@some_message
def test_the_key_is_the_value_of_the_named_field(message: type[Message]) -> None:
    assert MESSAGES[message.TYPE].key == body_of(message)[message.KEY]


@some_message
def test_an_error_does_not_repeat_what_was_sent(message: type[Message]) -> None:
    with pytest.raises(ValidationError) as caught:
        read(message, {**body_of(message), message.KEY: "*secret*"})

    assert "*secret*" not in str(caught.value)


def test_as_is_written_without_the_underscore_python_needs() -> None:
    assert b'"as":"interviewer"' in payload(MESSAGES["AssignRequest"])


def test_as_is_given_with_the_underscore_in_python() -> None:
    written = AssignRequest.model_validate({"request_id": REQUEST, "as": "caseworker", "staff_id": "adair-es"})

    assert written.as_.value == "caseworker"


def test_a_key_field_that_does_not_exist_stops_the_program() -> None:
    with pytest.raises(TypeError, match="key field lost does not exist"):

        class Lost(Command, service="nowhere", key="lost"):
            found: Internal[Uuid7]


def test_a_class_that_failed_is_not_listed() -> None:
    assert "Lost" not in COMMANDS


@some_message
def test_the_schema_is_named_by_type_and_version(message: type[Message]) -> None:
    assert message.data_schema() == f"urn:casebus:schema:{message.TYPE}:1"


def test_one_field_has_one_data_class_only() -> None:
    assert data_class(COMMANDS["CheckIn"], "office_id") is DataClass.PUBLIC
