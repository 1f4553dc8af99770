"""From a record or a request to an item: total, bounded, before any transaction.

Nothing a sender writes makes this raise: a record becomes an item, is set aside, or is passed over.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from pydantic import ValidationError

from casebus_contracts.base import Command, Fact
from chassis.clock import Clock
from chassis.envelope import HeaderError, Headers, needed, opaque, optional, safe, traceparent_in
from chassis.ids import in_window, is_uuid7
from chassis.items import Item, Kind, Origin, SetAside
from chassis.proofs import ProofError, Proven, Verifier
from chassis.rules import Invalid, Refused
from chassis.wiring import Service

MAX_BODY_BYTES = 1024 * 1024
SENDER_MAY_NOT = "I-07"


class Record(Protocol):
    """What the chassis uses of a Kafka record. `timestamp` is the broker's append time in ms."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Headers: ...


@dataclass(frozen=True, slots=True)
class Arrival:
    """A command as it reached one of the two doors, its proof checked."""

    message_id: str
    type: str
    key: str | None
    """The record's key; None over HTTP, where there is none."""
    body: bytes
    proven: Proven
    origin: Origin
    real: datetime
    """Append time or arrival, real time."""
    correlation: str = ""
    traceparent: str = ""
    flaw: Invalid | None = None
    """Something wrong with the envelope itself."""


class Reader:
    """Reads the records of one service's topics."""

    def __init__(self, service: Service, verifier: Verifier, clock: Clock, topic_prefix: str = "") -> None:
        self._service = service
        self._verifier = verifier
        self._clock = clock
        self.topic_prefix = topic_prefix
        self._commands_topic = f"{service.name}.commands"
        self.passed_over = 0

    def read(self, record: Record) -> Item | SetAside | None:
        """An item, a record to set aside, or None for a fact of a type nobody here knows."""
        topic = record.topic[len(self.topic_prefix) :]
        origin = Origin(topic, record.partition, record.offset)
        real = datetime.fromtimestamp(record.timestamp / 1000, UTC)
        headers = dict(record.headers)
        try:
            if topic == self._commands_topic:
                return self._command(record, headers, origin, real)
            return self._fact(record, headers, origin, real)
        except HeaderError:
            return self._aside(record, headers, origin, "headers")
        except ProofError:
            return self._aside(record, headers, origin, "proof")
        except _Unreadable as flaw:
            return self._aside(record, headers, origin, flaw.reason)

    def order(self, records: Iterable[Record]) -> list[Record]:
        """The records of a batch by append time; within a partition their order stays."""
        return sorted(records, key=lambda record: record.timestamp)

    def _command(
        self, record: Record, headers: dict[str, bytes | None], origin: Origin, real: datetime
    ) -> Item | SetAside | None:
        message_id = needed(headers, "ce_id")
        type_ = needed(headers, "ce_type")
        key = _key(record)
        body = record.value or b""
        version, content = needed(headers, "ce_specversion"), needed(headers, "content-type")
        source = needed(headers, "ce_source")
        proof = headers.get("ce_proof")
        proven = self._verifier.check_proof(proof, message_id, type_, key, body, real)
        arrival = Arrival(
            message_id,
            type_,
            key,
            body,
            proven,
            origin,
            real,
            correlation=optional(headers, "ce_correlationid"),
            traceparent=optional(headers, "traceparent"),
            flaw=_envelope_flaw(version, content, source, optional(headers, "ce_partitionkey"), key),
        )
        return self.arrived(arrival)

    def arrived(self, arrival: Arrival) -> Item:
        """The item of a command whose proof holds; settled already when it cannot be run."""
        message, answer = self._decode(arrival)
        type_ = safe(arrival.type)
        key = message.key if message is not None else arrival.key or ""
        remembered = is_uuid7(arrival.message_id) and in_window(arrival.message_id, arrival.real)
        if not remembered:
            answer = Invalid("id", "not a uuid7 of the last 35 days")
        if message is None:
            canonical = _canonical(arrival.body)
        else:
            canonical = message.__pydantic_serializer__.to_json(message, by_alias=True)
        return Item(
            kind=Kind.COMMAND,
            name=type_,
            id=arrival.message_id if remembered else safe(arrival.message_id),
            sender=arrival.proven.sender,
            actor=arrival.proven.subject,
            key=opaque(key) if key else "",
            lane=f"{self._commands_topic}/{opaque(key)}",
            now=self._clock.at(arrival.real),
            message=message,
            body=arrival.body,
            origin=arrival.origin,
            hash=content_hash(type_, key, arrival.proven.subject, canonical),
            correlation=_correlation(arrival.correlation, arrival.message_id) if remembered else "",
            traceparent=traceparent_in(arrival.traceparent),
            answer=answer,
            remembered=remembered,
        )

    def _decode(self, arrival: Arrival) -> tuple[Command | None, Refused | Invalid | None]:
        cls = self._service.commands.get(arrival.type)
        if cls is None:
            return None, Invalid("type", "unknown")
        if not self._verifier.may_send(arrival.proven.sender, arrival.type, arrival.proven.subject):
            return None, Refused(SENDER_MAY_NOT, "this sender may not send this type")
        if arrival.flaw is not None:
            return None, arrival.flaw
        if len(arrival.body) > MAX_BODY_BYTES:
            return None, Invalid("body", "larger than 1 MiB")
        try:
            message: Command = cls.__pydantic_validator__.validate_json(arrival.body, by_name=False)
        except ValidationError as error:
            return None, _first_flaw(error)
        if arrival.key is not None and message.key != arrival.key:
            return None, Invalid(cls.KEY, "is not the key of the record")
        return message, None

    def _fact(
        self, record: Record, headers: dict[str, bytes | None], origin: Origin, real: datetime
    ) -> Item | SetAside | None:
        type_ = needed(headers, "ce_type")
        cls = self._service.facts.get(type_)
        if cls is None or cls.TOPIC != origin.topic:
            self.passed_over += 1
            return None
        message_id, source, key = needed(headers, "ce_id"), needed(headers, "ce_source"), _key(record)
        if source != f"/casebus/{cls.OWNER}":
            raise _Unreadable("source")
        if not (is_uuid7(message_id) and in_window(message_id, real)):
            raise _Unreadable("id")
        fact = _decode_fact(cls, record.value)
        if fact.key != key:
            raise _Unreadable("key")
        return Item(
            kind=Kind.FACT,
            name=type_,
            id=message_id,
            sender=source,
            actor="",
            key=key,
            lane=f"{origin.topic}/{key}",
            now=self._clock.at(real),
            message=fact,
            body=record.value or b"",
            origin=origin,
            hash=hashlib.sha256(record.value or b"").digest(),
            sequence=_sequence(headers),
            correlation=_correlation(optional(headers, "ce_correlationid"), message_id),
            traceparent=traceparent_in(optional(headers, "traceparent")),
        )

    def _aside(self, record: Record, headers: dict[str, bytes | None], origin: Origin, reason: str) -> SetAside:
        appended = datetime.fromtimestamp(record.timestamp / 1000, UTC)
        return SetAside(
            origin,
            reason,
            record.key,
            tuple(record.headers),
            record.value,
            self._clock.at(appended),
            appended,
            message_id=_safe_header(headers, "ce_id"),
            type=_safe_header(headers, "ce_type"),
        )


class _Unreadable(Exception):
    """A record that has no reading. `reason` goes to `<service>.dead`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _canonical(body: bytes) -> bytes:
    """A command nobody could decode, the same through both doors if it is JSON at all."""
    try:
        return json.dumps(json.loads(body), sort_keys=True).encode()
    except (ValueError, RecursionError):
        return body


def content_hash(type_: str, key: str, actor: str, body: bytes) -> bytes:
    """What makes two messages of one id the same message."""
    return hashlib.sha256(b"\n".join((type_.encode(), key.encode(), actor.encode(), body))).digest()


def _key(record: Record) -> str:
    if not record.key:
        raise _Unreadable("key")
    try:
        key = record.key.decode()
    except UnicodeDecodeError:
        raise _Unreadable("key") from None
    if "\x00" in key:
        raise _Unreadable("key")
    return key


def _envelope_flaw(version: str, content: str, source: str, partition_key: str, key: str) -> Invalid | None:
    if version != "1.0":
        return Invalid("specversion", "is not 1.0")
    if content.partition(";")[0].strip().lower() != "application/json":
        return Invalid("content-type", "is not application/json")
    if len(source) > 300:
        return Invalid("source", "longer than 300 characters")
    if partition_key and partition_key != key:
        return Invalid("partitionkey", "is not the key of the record")
    return None


def _first_flaw(error: ValidationError) -> Invalid:
    """The field of the first error; never its value."""
    first: Any = error.errors(include_url=False, include_context=False, include_input=False)[0]
    if first["type"] == "json_invalid":
        return Invalid("body", "no JSON")
    path = ".".join(opaque(str(part)) for part in first["loc"])
    return Invalid(safe(path) or "body", safe(first["type"]))


def _decode_fact(cls: type[Fact], value: bytes | None) -> Fact:
    try:
        fact: Fact = cls.__pydantic_validator__.validate_json(value or b"")
    except ValidationError as error:
        raise _Unreadable("body" if _first_flaw(error).field == "body" else "fields") from None
    return fact


def _sequence(headers: dict[str, bytes | None]) -> int:
    text = needed(headers, "ce_sequence")
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise HeaderError("ce_sequence")
    return int(text)


def _correlation(told: str, message_id: str) -> str:
    return opaque(told) if told else message_id


def _safe_header(headers: dict[str, bytes | None], name: str) -> str | None:
    value = headers.get(name)
    return None if not value else opaque(value.decode("utf-8", "replace"))
