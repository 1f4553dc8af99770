"""The official SDK reads what we write, and we read what it writes."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.bindings.kafka import KafkaMessage, from_kafka, to_binary
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from casebus_contracts import FACTS, CheckIn, Fact, VisitWaiting
from casebus_contracts.examples import COMMAND, FACT, MESSAGES, RECEIPT, REQUEST, payload
from chassis.clock import Clock
from chassis.envelope import RECEIPT_TYPE, Headers, answer_headers, fact_headers
from chassis.items import Item
from chassis.proofs import Proven
from chassis.reading import Reader
from chassis.wiring import Service

NOON = datetime(2025, 11, 24, 18, 0, tzinfo=UTC)
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

some_fact = pytest.mark.parametrize("fact", FACTS.values(), ids=FACTS.keys())


class TakesAnyProof:
    """Whoever signs is the guest. Proofs have their own tests."""

    def check_proof(self, *_: object) -> Proven:
        return Proven("guest", "adair-greeter", "guest-1")

    check_bearer = check_proof

    def may_send(self, *_: object) -> bool:
        return True


@dataclass
class Record:
    """A record as a consumer hands it over."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers
    partition: int = 0
    offset: int = 0
    timestamp: int = field(default=int(NOON.timestamp() * 1000))


def ours(fact: type[Fact]) -> KafkaMessage:
    """The record of a fact as our relay sends it."""
    example = MESSAGES[fact.TYPE]
    headers = fact_headers(
        fact.OWNER,
        fact,
        fact_id=FACT,
        key=example.key,
        at=NOON,
        sequence=7,
        correlation=COMMAND,
        causation=COMMAND,
        traceparent=TRACE,
    )
    return KafkaMessage(headers=as_mapping(headers), key=example.key.encode(), value=payload(example))


def as_mapping(headers: str) -> dict[str, bytes]:
    lines = (line.split("\t") for line in headers.splitlines())
    return {name: value.encode() for name, value in lines}


def theirs(event: BaseCloudEvent, topic: str) -> Record:
    """The record that somebody with the SDK would send."""
    message = to_binary(event, JSONFormat())
    key = message.key.encode() if isinstance(message.key, str) else message.key
    return Record(topic, key, message.value, list(message.headers.items()))


def read(record: Record, service: Service) -> object:
    return Reader(service, TakesAnyProof(), Clock()).read(record)


@some_fact
def test_the_sdk_reads_every_attribute_of_our_facts(fact: type[Fact]) -> None:
    event = from_kafka(ours(fact), JSONFormat())

    key = MESSAGES[fact.TYPE].key
    assert event.get_attributes() == {
        "specversion": "1.0",
        "id": FACT,
        "source": f"/casebus/{fact.OWNER}",
        "type": fact.TYPE,
        "subject": f"{fact.SUBJECT}/{key}",
        "time": NOON,
        "dataschema": f"urn:casebus:schema:{fact.TYPE}:1",
        "datacontenttype": "application/json",
        "partitionkey": key,
        "sequence": "7",
        "correlationid": COMMAND,
        "causationid": COMMAND,
    }


@some_fact
def test_the_sdk_reads_the_body_of_our_facts(fact: type[Fact]) -> None:
    event = from_kafka(ours(fact), JSONFormat())

    assert fact.model_validate(event.get_data()) == MESSAGES[fact.TYPE]


def test_headers_stand_in_their_agreed_order() -> None:
    assert list(ours(VisitWaiting).headers) == [
        "ce_specversion",
        "ce_id",
        "ce_source",
        "ce_type",
        "ce_subject",
        "ce_time",
        "ce_dataschema",
        "content-type",
        "ce_partitionkey",
        "ce_sequence",
        "ce_correlationid",
        "ce_causationid",
        "traceparent",
    ]


def test_the_sdk_reads_our_receipts() -> None:
    headers = answer_headers(
        "intake", RECEIPT_TYPE, message_id=FACT, key=COMMAND, at=NOON, correlation=COMMAND, causation=COMMAND
    )
    record = KafkaMessage(headers=as_mapping(headers), key=COMMAND.encode(), value=payload(RECEIPT))

    event = from_kafka(record, JSONFormat())

    assert (event.get_type(), event.get_data()) == (
        "casebus.receipt",
        RECEIPT.model_dump(mode="json", exclude_none=True),
    )


def test_we_read_a_command_the_sdk_wrote() -> None:
    intake = Service("intake", tables=())
    intake.commands["CheckIn"] = CheckIn
    command = CloudEvent(
        {
            "id": COMMAND,
            "source": "/elsewhere/kiosk",
            "type": "CheckIn",
            "time": NOON,
            "datacontenttype": "application/json",
            "partitionkey": REQUEST,
        },
        {"request_id": REQUEST, "office_id": "adair"},
    )

    item = read(theirs(command, "intake.commands"), intake)

    assert isinstance(item, Item)
    assert (item.id, item.key, item.answer, item.message) == (COMMAND, REQUEST, None, MESSAGES["CheckIn"])


@some_fact
def test_we_read_a_fact_the_sdk_passed_on(fact: type[Fact]) -> None:
    listener = Service("listener", tables=())
    listener.facts[fact.TYPE] = fact

    item = read(theirs(from_kafka(ours(fact), JSONFormat()), fact.TOPIC), listener)

    assert isinstance(item, Item)
    assert (item.id, item.sequence, item.message) == (FACT, 7, MESSAGES[fact.TYPE])
