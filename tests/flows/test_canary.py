"""Marked personal data goes in by every way there is; afterwards it lies where it belongs, and nowhere else."""

import base64
import email
import json
import re
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email import policy
from pathlib import Path
from typing import Any

import asyncpg
import pytest_asyncio
from canary import Marks, client, found, missing, parts_of, tables_of, walk_in_data
from flow import ADAIR, Flow, WalkIn, place_of
from terminal import casebus

from access.proofs import sign_bearer
from casebus_cli.client import bearer
from casebus_cli.kafka import records_until_end
from casebus_cli.orders import Order, structured
from casebus_contracts.topics import all_topics
from casebus_testing.sample import sample
from casebus_testing.stack import Stack
from casebus_testing.waiting import eventually
from chassis.roles import HIDDEN
from intake.request import Request

PEOPLE = sample().staff[ADAIR]
CLOSED = {"requests": Request.PERSONAL, **{name: HIDDEN[name] for name in ("unreadable", "parked")}}
BREAK = "ALTER TABLE requests ADD CONSTRAINT canary CHECK (comments IS DISTINCT FROM '{}')"
MEND = "ALTER TABLE requests DROP CONSTRAINT canary"


@dataclass
class Canary:
    """What was sent, by the way it went, and what was said to it."""

    marks: Marks
    ways: dict[str, dict[str, str]] = field(default_factory=dict)
    said: dict[str, bytes] = field(default_factory=dict)
    parked: bytes = b""
    dead: tuple[str, ...] = ()

    def sent(self, way: str, before: int) -> None:
        """All marks made since there were `before` went this way."""
        self.ways[way] = {**self.ways.get(way, {}), **dict(list(self.marks.made.items())[before:])}

    def heard(self, what: str, answer: Any) -> None:
        """An answer to search."""
        self.said[f"{len(self.said)}: {what}"] = json.dumps(answer, default=str).encode()


def visit_command(type_: str, walk_in: WalkIn, actor: str, **data: Any) -> Order:
    return Order(type_, {"request_id": walk_in.request_id, "office_id": walk_in.office, **data}, PEOPLE[actor])


async def accepted(flow: Flow, canary: Canary) -> None:
    """Two visits told over Kafka, one over HTTP; one waits too long, so that people are told."""
    flow.open_a_new_day()
    before = len(canary.marks.made)
    served, left = WalkIn(), WalkIn()
    await flow.accepted(served.create(**walk_in_data(canary.marks, "served")), served.check_in())
    await flow.accepted(left.create(**walk_in_data(canary.marks, "who left")), left.check_in())
    flow.system.clock.shift(timedelta(minutes=31))
    await flow.witness.saw_any("alert.raised", subject={"type": "request", "id": served.request_id})
    begun = (await flow.witness.saw("visit.waiting", served.request_id))["at"]
    await flow.accepted(
        served.time_in(),
        served.time_out(),
        visit_command("CorrectTimes", served, "supervisor", time_in=begun, reason=canary.marks.text("why corrected")),
        visit_command("LeaveVisit", left, "rc_greeter", stage="waiting", reason=canary.marks.text("why left")),
    )
    canary.sent("accepted", before)
    canary.sent("kafka", before)
    before = len(canary.marks.made)
    status, answer = await flow.post(WalkIn().create(**walk_in_data(canary.marks, "over HTTP")))
    assert status == 200
    canary.heard("accepted over HTTP", answer)
    canary.sent("accepted", before)


async def not_accepted(flow: Flow, canary: Canary) -> None:
    """Refused, invalid, in conflict: each by both doors."""
    marks, before = canary.marks, len(canary.marks.made)
    refused = WalkIn(actor=PEOPLE["es"])
    for send in (flow.ask, flow.post):
        answers = [
            await send(refused.create(**walk_in_data(marks, f"refused by {send.__name__}"))),
            await send(WalkIn().create(anonymous=True, client=client(marks, f"anonymous by {send.__name__}"))),
            await send(WalkIn().create(surprise=marks.text(f"unknown field by {send.__name__}"))),
            await send(WalkIn().create(priority=marks.text(f"priority by {send.__name__}"))),
            await send(WalkIn().create(**{f"{marks.text(f'unknown name by {send.__name__}')} of 1850": 1})),
        ]
        first = WalkIn().create()
        answers += [await send(first), await send(replace(first, data={**first.data, **commented(marks, send)}))]
        for answer in answers:
            canary.heard("not accepted", answer if isinstance(answer, tuple) else answer.model_dump())
    canary.sent("kafka", before)
    canary.ways["kafka"] = {what: mark for what, mark in canary.ways["kafka"].items() if "by post" not in what}


def commented(marks: Marks, send: Any) -> dict[str, str]:
    return {"comments": marks.text(f"conflict by {send.__name__}")}


async def http_errors(flow: Flow, canary: Canary) -> None:
    """Requests that are no commands, or of nobody."""
    marks, place = canary.marks, place_of(flow.system)
    order = WalkIn().create(**walk_in_data(marks, "of nobody"))
    event = structured(order, "guest")
    key_pem, kid = place.signing_key("clinic")
    for token in ("not.a.token", sign_bearer(key_pem, kid, "guest", order.actor)):
        canary.heard("401", await flow.post_event(event, order.actor, token=token))
    canary.heard("400", await flow.post_event({**event, marks.text("member"): 1, "a b": 1}, order.actor))
    canary.heard("400", await flow.post_event({"data": marks.text("no event")}, order.actor))
    headers = {"authorization": f"Bearer {bearer(place, 'guest', order.actor)}"}
    for path in ("/v1/commands", f"/v1/{marks.text('path')}"):
        answer = await flow.http.post(place.door("intake") + path, content=marks.text(f"to {path}"), headers=headers)
        canary.heard(str(answer.status_code), answer.text)
    operator = {"authorization": f"Bearer {bearer(place, 'guest', PEOPLE['operator'])}"}
    wanted = {"lane": 1, "reason": [marks.text("reason of an operator")]}
    url = f"{place.door('intake')}/v1/operations/parked/discard"
    answer = await flow.http.post(url, json=wanted, headers=operator)
    canary.heard(str(answer.status_code), answer.text)


async def unreadable(flow: Flow, canary: Canary) -> None:
    """Records nobody can read: without proof, with marks in the headers, in the key, cut off in the middle."""
    marks, before = canary.marks, len(canary.marks.made)
    record = flow.record(WalkIn().create(**walk_in_data(marks, "without proof"))).without("ce_proof")
    broken = f'{{"client":{{"last_name":"{marks.text("cut off")}'.encode()
    named = {
        "ce_correlationid": f"{marks.text('correlation')} 1850".encode(),
        "ce_type": f"Create {marks.text('type')}".encode(),
        "ce_id": f"{marks.text('id')} 1850".encode(),
    }
    spoiled = [
        record,
        replace(record, value=broken),
        replace(record, headers={**record.headers, **named}),
        replace(record, key=f"{marks.text('key')} 1850".encode()),
        replace(record, key=marks.text("key that is no UTF-8").encode() + b"\xff"),
    ]
    for each in spoiled:
        partition, offset = await flow.put(each)
        canary.dead = (f"intake.commands/{partition}/{offset}",)
        await flow.witness.saw("intake.dead", *canary.dead)
    canary.sent("unreadable", before)
    canary.sent("kafka", before)
    before = len(marks.made)
    correlated = flow.record(WalkIn().create())
    await flow.put(correlated.with_headers(ce_correlationid=f"{marks.text('good one')} 1850".encode()))
    await flow.witness.saw("request.created", (correlated.key or b"").decode())
    canary.sent("kafka", before)


async def parked(flow: Flow, canary: Canary) -> None:
    """A command the database will not take; once mended it is done, and its body is gone."""
    before = len(canary.marks.made)
    walk_in = WalkIn()
    data = walk_in_data(canary.marks, "parked")
    superuser = await asyncpg.connect(flow.system.database("intake"))
    await superuser.execute(BREAK.format(data["comments"]))
    order = walk_in.create(**data)
    await flow.sender.send(order)
    await flow.witness.saw("receipts.guest", order.id, outcome="parked")
    rows = await superuser.fetch("SELECT message FROM parked")
    canary.parked = b"\n".join(row["message"] for row in rows)
    for words in (("parked", "ls"), ("parked", "show"), ("dead", "ls"), ("dead", "show", *canary.dead)):
        told = await casebus(flow.system, *words)
        canary.heard(f"casebus {' '.join(words)}", told.out + told.err)
    await superuser.execute(MEND)
    await superuser.execute("UPDATE lanes SET next_try_at = now()")
    await superuser.close()
    assert (await flow.sender.receipt(order.id)).outcome == "accepted"
    canary.sent("parked", before)
    canary.sent("accepted", before)
    canary.sent("kafka", before)


@pytest_asyncio.fixture(scope="module")
async def canary(flow: Flow) -> AsyncIterator[Canary]:
    """Everything sent and answered, and the outboxes empty."""
    bird = Canary(Marks(secrets.token_hex(3)))
    await accepted(flow, bird)
    await not_accepted(flow, bird)
    await http_errors(flow, bird)
    await unreadable(flow, bird)
    await parked(flow, bird)
    for service in ("intake", "notifications"):

        async def told(service: str = service) -> bool:
            return await flow.rows(service, "SELECT count(*) FROM outbox") == [(0,)]

        await eventually(told, within=20, what=f"{service} has told everything")
    yield bird


async def test_marks_sent_over_kafka_are_in_the_commands_topic(flow: Flow, canary: Canary) -> None:
    assert missing(canary.ways["kafka"], await topic(flow, "intake.commands")) == []


async def test_marks_that_were_accepted_are_in_the_personal_columns(flow: Flow, canary: Canary) -> None:
    _, closed = await tables_of(flow.system, "intake", CLOSED)

    kept = b"\n".join(content for place, content in closed.items() if place.startswith("requests."))
    assert missing(canary.ways["accepted"], kept) == []


async def test_marks_nobody_could_read_are_in_the_closed_table(flow: Flow, canary: Canary) -> None:
    _, closed = await tables_of(flow.system, "intake", CLOSED)

    kept = b"\n".join(content for place, content in closed.items() if place.startswith("unreadable."))
    assert missing(canary.ways["unreadable"], unpacked(kept)) == []


async def test_marks_of_the_parked_command_were_in_its_body(canary: Canary) -> None:
    assert missing(canary.ways["parked"], unpacked(canary.parked)) == []


async def test_the_body_of_a_parked_command_is_gone_once_it_is_done(flow: Flow, canary: Canary) -> None:
    _, closed = await tables_of(flow.system, "intake", CLOSED)

    assert found(canary.ways["parked"], {"parked": unpacked(closed["parked.message"])}) == []


async def test_no_other_topic_holds_a_mark(flow: Flow, canary: Canary) -> None:
    names = [each.name for each in all_topics(place_of(flow.system).signing_keys) if each.name != "intake.commands"]
    topics = {name: await topic(flow, name) for name in names}

    assert all(topics[name] for name in ("request.created", "intake.dead", "alert.raised", "receipts.guest"))
    assert found(canary.marks.made, topics) == []


async def test_no_other_table_or_column_holds_a_mark(flow: Flow, canary: Canary) -> None:
    tables: dict[str, bytes] = {}
    for service in flow.system.processes:
        tables |= (await tables_of(flow.system, service, CLOSED if service == "intake" else {}))[0]

    assert all(tables[f"intake: table {name}"] for name in ("inbox", "journal", "audit", "requests", "unreadable"))
    assert found(canary.marks.made, tables) == []


async def test_no_log_holds_a_mark(flow: Flow, stack: Stack, canary: Canary) -> None:
    files = [*(flow.system.run_dir / "logs").iterdir(), *(stack.run_dir / "logs").iterdir()]
    logs = {file.name: file.read_bytes() for file in files}

    assert b"message parked" in logs["intake.log"]
    assert found(canary.marks.made, logs) == []


async def test_no_mail_holds_a_mark(flow: Flow, canary: Canary) -> None:
    mails = {file.name: whole_mail(file) for file in flow.system.mailbox.rglob("*") if file.is_file()}

    assert mails
    assert found(canary.marks.made, mails) == []


async def test_no_answer_holds_a_mark(canary: Canary) -> None:
    assert len(canary.said) > 20
    assert found(canary.marks.made, canary.said) == []


async def test_no_page_of_a_service_holds_a_mark(flow: Flow, canary: Canary) -> None:
    pages: dict[str, bytes] = {}
    for name, process in flow.system.processes.items():
        for path in ("/metrics", "/health/live", "/health/ready"):
            pages[f"{name}{path}"] = (await flow.http.get(process.http + path)).content

    assert b"casebus_receipts" in pages["intake/metrics"]
    assert found(canary.marks.made, pages) == []


async def topic(flow: Flow, name: str) -> bytes:
    """All bytes of all records of a topic."""
    records = await records_until_end(flow.system.stack.kafka, [flow.system.prefix + name])
    return b"\n".join(parts_of(record) for record in records)


def unpacked(content: bytes) -> bytes:
    """The same with what stands in it in hex or base64 written out as well."""
    hexed = [bytes.fromhex(run.decode()) for run in re.findall(rb"(?:[0-9a-f]{2}){8,}", content)]
    coded = [base64.b64decode(run[: len(run) // 4 * 4]) for run in re.findall(rb"[A-Za-z0-9+/]{24,}", content)]
    return b"\n".join([content, *hexed, *coded])


def whole_mail(file: Path) -> bytes:
    message = email.message_from_bytes(file.read_bytes(), policy=policy.default)
    parts = [part.get_payload(decode=True) for part in message.walk()]
    return b"\n".join([file.read_bytes(), *(part for part in parts if isinstance(part, bytes))])
