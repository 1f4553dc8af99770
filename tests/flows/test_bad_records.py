"""Whatever a sender writes gets its documented answer or place, and what is behind it in the partition flows on."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from aiokafka.errors import MessageSizeTooLargeError
from flow import Flow, Raw, WalkIn, id_in, place_of

from access.keys import make_key
from access.proofs import sign_bearer, sign_proof
from casebus_cli.orders import Order, Signature, new_id, structured
from casebus_testing.system import System

MEBIBYTE = 1_048_576
MINUTE = 60


@dataclass(frozen=True)
class Desk:
    """What a spoiler may use: the walk-in, its well-formed command, and the flow with its keys."""

    flow: Flow
    walk_in: WalkIn
    order: Order

    @property
    def record(self) -> Raw:
        return self.flow.record(self.order)

    def proven(self, signature: Signature | None = None, issued_at: float | None = None, **other: str) -> Raw:
        """The record with a proof made otherwise than it must be."""
        made = signature or self.flow.signature
        stated = {"sender": made.sender, "subject": self.order.actor, "message_id": self.order.id, **other}
        proof = sign_proof(
            made.key_pem,
            made.kid,
            stated["sender"],
            stated["subject"],
            stated["message_id"],
            self.order.type,
            self.order.record_key,
            self.order.body,
            issued_at,
        )
        return self.record.with_headers(ce_proof=proof.encode())

    def key_of(self, sender: str) -> Signature:
        key_pem, kid = place_of(self.flow.system).signing_key(sender)
        return Signature(sender, kid, key_pem)

    def with_body(self, body: bytes) -> Raw:
        """The record with another body, rightly proven."""
        order = self.order
        proof = sign_proof(
            self.flow.signature.key_pem, "guest-1", "guest", order.actor, order.id, order.type, order.record_key, body
        )
        return replace(self.record.with_headers(ce_proof=proof.encode()), value=body)


Spoil = Callable[[Desk], Raw]

DEAD: dict[str, tuple[str, Spoil]] = {
    "an id that is null": ("headers", lambda desk: desk.record.with_headers(ce_id=None)),
    "no id": ("headers", lambda desk: desk.record.without("ce_id")),
    "a type that is null": ("headers", lambda desk: desk.record.with_headers(ce_type=None)),
    "no spec version": ("headers", lambda desk: desk.record.without("ce_specversion")),
    "no content type": ("headers", lambda desk: desk.record.without("content-type")),
    "no source": ("headers", lambda desk: desk.record.without("ce_source")),
    "no headers at all": ("headers", lambda desk: replace(desk.record, headers={})),
    "an id that is no UTF-8": ("headers", lambda desk: desk.record.with_headers(ce_id=b"\xff\xfe\xfa")),
    "a type that is no UTF-8": ("headers", lambda desk: desk.record.with_headers(ce_type=b"Create\xe9")),
    "NUL in the source": ("headers", lambda desk: desk.record.with_headers(ce_source=b"/a\x00b")),
    "no key": ("key", lambda desk: replace(desk.record, key=None)),
    "a key that is no UTF-8": ("key", lambda desk: replace(desk.record, key=b"\xc3\x28")),
    "no proof": ("proof", lambda desk: desk.record.without("ce_proof")),
    "a proof that is null": ("proof", lambda desk: desk.record.with_headers(ce_proof=None)),
    "a proof that is no UTF-8": ("proof", lambda desk: desk.record.with_headers(ce_proof=b"\xff\xfe.\xff.\xff")),
    "a proof signed with the key of another sender": (
        "proof",
        lambda desk: desk.proven(desk.key_of("clinic"), sender="guest"),
    ),
    "a proof signed with a key nobody knows": (
        "proof",
        lambda desk: desk.proven(Signature("guest", "guest-1", make_key())),
    ),
    "a proof under a key id nobody knows": (
        "proof",
        lambda desk: desk.proven(Signature("guest", "guest-99", make_key())),
    ),
    "a proof made for another id": ("proof", lambda desk: desk.proven(message_id=new_id())),
    "a proof of ten minutes ago": ("proof", lambda desk: desk.proven(issued_at=time.time() - 10 * MINUTE)),
    "a proof of ten minutes ahead": ("proof", lambda desk: desk.proven(issued_at=time.time() + 10 * MINUTE)),
    "a body changed after it was proven": ("proof", lambda desk: replace(desk.record, value=desk.order.body + b" ")),
    "a type changed after it was proven": ("proof", lambda desk: desk.record.with_headers(ce_type=b"CheckIn")),
    "a key changed after it was proven": ("proof", lambda desk: replace(desk.record, key=new_id().encode())),
    "10,000 levels of brackets for a proof": ("proof", lambda desk: desk.record.with_headers(ce_proof=b"[" * 10_000)),
}


@pytest.mark.parametrize(("reason", "spoil"), DEAD.values(), ids=DEAD)
async def test_what_nobody_can_be_answered_for_goes_to_dead_and_its_id_stays_free(
    flow: Flow, reason: str, spoil: Spoil
) -> None:
    walk_in = WalkIn()
    order = walk_in.create()

    partition, offset = await flow.put(spoil(Desk(flow, walk_in, order)))
    await flow.put(flow.record(order))  # the same id, in the same partition

    dead = await flow.witness.saw("intake.dead", f"intake.commands/{partition}/{offset}")
    assert (dead["reason"], (await flow.sender.receipt(order.id)).outcome) == (reason, "accepted")


def order_of(type_: str, walk_in: WalkIn, **data: object) -> Order:
    return Order(type_, data, "adair-greeter", key=walk_in.request_id, service="intake")


ANSWERED: dict[str, tuple[str, Spoil]] = {
    "another spec version": ("specversion", lambda desk: desk.record.with_headers(ce_specversion=b"0.3")),
    "another content type": ("content-type", lambda desk: desk.record.with_headers(content_type=b"text/xml")),
    "a partition key that is not the key": (
        "partitionkey",
        lambda desk: desk.record.with_headers(ce_partitionkey=b"other"),
    ),
    "no body": ("body", lambda desk: desk.with_body(b"")),
    "a body that is no JSON": ("body", lambda desk: desk.with_body(b"request_id=1")),
    "a body that is no UTF-8": ("body", lambda desk: desk.with_body(b'{"office_id":"\xff"}')),
    "a body of brackets": ("body", lambda desk: desk.with_body(b"[" * 200_000)),
    "a body that is a list": ("body", lambda desk: desk.with_body(b"[]")),
    "a type this service does not have": (
        "type",
        lambda desk: desk.flow.record(order_of("UpsertRegion", desk.walk_in, region_id="x", name="X")),
    ),
    "a type nobody has": ("type", lambda desk: desk.flow.record(order_of("DropEverything", desk.walk_in))),
    "an unknown field": ("surprise", lambda desk: desk.flow.record(desk.walk_in.create(surprise=1))),
    "a missing field": ("channel", lambda desk: desk.flow.record(desk.walk_in.create(channel=None))),
    "a value that does not fit": ("priority", lambda desk: desk.flow.record(desk.walk_in.create(priority="high"))),
    "NUL inside a text": ("comments", lambda desk: desk.flow.record(desk.walk_in.create(comments="a\x00b"))),
    "a text that is too long": ("comments", lambda desk: desk.flow.record(desk.walk_in.create(comments="x" * 900_000))),
    "the key of another request": (
        "request_id",
        lambda desk: desk.flow.record(replace(desk.order, id=new_id(), key=new_id())),
    ),
    "an id that is no uuid7": ("id", lambda desk: desk.flow.record(replace(desk.order, id="order-17"))),
    "an id of years ago": (
        "id",
        lambda desk: desk.flow.record(replace(desk.order, id="018f0000-0000-7000-8000-000000000000")),
    ),
    "an id of next week": ("id", lambda desk: desk.flow.record(replace(desk.order, id=id_in(timedelta(days=7))))),
}


@pytest.mark.parametrize(("field", "spoil"), ANSWERED.values(), ids=ANSWERED)
async def test_what_cannot_be_read_is_answered_with_the_field_and_the_next_flows_on(
    flow: Flow, field: str, spoil: Spoil
) -> None:
    walk_in = WalkIn()
    bad = spoil(Desk(flow, walk_in, walk_in.create()))
    good = walk_in.create()

    await flow.put(bad)
    await flow.put(flow.record(good))

    named = bad.headers["ce_id"] or b""
    told = await flow.witness.saw("receipts.guest", named.decode())
    assert (told["outcome"], told["field"], told["final"]) == ("invalid", field, True)
    assert (await flow.sender.receipt(good.id)).outcome == "accepted"


async def test_a_sender_that_may_not_send_this_type_is_refused(flow: Flow) -> None:
    walk_in = WalkIn()
    order = walk_in.check_in()
    clinic = Desk(flow, walk_in, order).key_of("clinic")

    await flow.put(replace(flow.record(order), headers=dict(clinic.headers(order))))

    told = await flow.witness.saw("receipts.clinic", order.id)
    assert (told["outcome"], told["rule"]) == ("refused", "I-07")


async def test_a_copied_record_is_only_a_duplicate(flow: Flow) -> None:
    order = WalkIn().create()
    record = flow.record(order)

    await flow.put(record)
    await flow.put(record)

    assert [(await flow.sender.receipt(order.id)).outcome for _ in range(2)] == ["accepted", "duplicate"]


async def test_headers_that_nobody_reads_may_hold_anything(flow: Flow) -> None:
    order = WalkIn().create()
    strange: dict[str, bytes | None] = {"x-null": None, "x-bytes": b"\xff\x00", "": b"nameless", "ce_time": b"\xff"}

    await flow.put(replace(flow.record(order), headers={**flow.record(order).headers, **strange}))

    assert (await flow.sender.receipt(order.id)).outcome == "accepted"


async def test_the_bytes_of_a_dead_record_lie_in_the_closed_table_alone(flow: Flow) -> None:
    walk_in = WalkIn()
    named = {"last_name": "Unreadable", "first_name": "Una"}
    record = flow.record(walk_in.create(anonymous=False, client=named)).without("ce_proof")

    partition, offset = await flow.put(record)

    dead = await flow.witness.saw("intake.dead", f"intake.commands/{partition}/{offset}")
    kept = "SELECT value, encode(sha256, 'hex') FROM unreadable WHERE partition = $1 AND position = $2"
    assert await flow.rows("intake", kept, partition, offset) == [(record.value, dead["sha256"])]
    assert "Una" not in str(dead)


@pytest.mark.parametrize("size", [MEBIBYTE, 10_000_000])
async def test_the_broker_refuses_what_is_larger_than_a_mebibyte(flow: Flow, size: int) -> None:
    order = WalkIn().create()

    with pytest.raises(MessageSizeTooLargeError):
        await flow.put(replace(flow.record(order), value=b" " * size))

    assert (await flow.ask(order)).outcome == "accepted"


async def test_just_below_a_mebibyte_is_read_and_done(flow: Flow) -> None:
    walk_in = WalkIn()
    order = walk_in.create()
    desk = Desk(flow, walk_in, order)

    await flow.put(desk.with_body(order.body + b" " * (MEBIBYTE - 2_000 - len(order.body))))

    assert (await flow.sender.receipt(order.id)).outcome == "accepted"


@pytest.mark.parametrize("size", [MEBIBYTE, 10_000_000])
async def test_over_http_more_than_a_mebibyte_is_answered_413(flow: Flow, size: int) -> None:
    walk_in = WalkIn()

    status, _ = await flow.post(walk_in.create(comments="x" * size))

    assert status == 413
    assert (await flow.post(walk_in.create()))[0] == 200


HTTP: dict[str, tuple[str, Callable[[WalkIn], Order]]] = {
    "a type nobody has": ("type", lambda walk_in: order_of("DropEverything", walk_in)),
    "an unknown field": ("surprise", lambda walk_in: walk_in.create(surprise=1)),
    "a missing field": ("channel", lambda walk_in: walk_in.create(channel=None)),
    "NUL inside a text": ("comments", lambda walk_in: walk_in.create(comments="a\x00b")),
    "an id that is no uuid7": ("id", lambda walk_in: replace(walk_in.create(), id="order-17")),
}


@pytest.mark.parametrize(("field", "make"), HTTP.values(), ids=HTTP)
async def test_over_http_what_cannot_be_read_is_answered_400_with_the_field(
    flow: Flow, field: str, make: Callable[[WalkIn], Order]
) -> None:
    status, answer = await flow.post(make(WalkIn()))

    assert (status, answer["outcome"], answer["field"]) == (400, "invalid", field)


def forged(system: System) -> str:
    return sign_bearer(make_key(), "guest-1", "guest", "adair-greeter")


def expired(system: System) -> str:
    key_pem, kid = place_of(system).signing_key("guest")
    return sign_bearer(key_pem, kid, "guest", "adair-greeter", issued_at=time.time() - 2 * 3600)


def foreign(system: System) -> str:
    key_pem, kid = place_of(system).signing_key("clinic")
    return sign_bearer(key_pem, kid, "guest", "adair-greeter")


def nonsense(system: System) -> str:
    return "not.a.token"


@pytest.mark.parametrize("token", [forged, expired, foreign, nonsense])
async def test_over_http_a_token_that_does_not_hold_is_answered_401_and_leaves_nothing(
    flow: Flow, system: System, token: Callable[[System], str]
) -> None:
    order = WalkIn().create()

    status, answer = await flow.post_event(structured(order, "guest"), order.actor, token=token(system))

    assert (status, "outcome" in answer) == (401, False)
    assert (await flow.post(order))[1]["outcome"] == "accepted"


async def test_a_topic_of_facts_takes_no_more_either(flow: Flow) -> None:
    order = WalkIn().create()

    with pytest.raises(MessageSizeTooLargeError):
        await flow.put(replace(flow.record(order), value=b" " * MEBIBYTE, topic="staff.upserted"))
