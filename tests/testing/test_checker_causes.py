"""The checker's judgement on commands and what they led to: order, time, proof; on states and tickets."""

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta

from casebus_testing.checker.evidence import Evidence, JournalRow, Record, StateRow
from casebus_testing.checker.lanes import judge_lanes
from casebus_testing.checker.states import judge_states
from casebus_testing.checker.verdict import Findings, Verdict
from casebus_testing.checker.visits import judge_tickets

KEY = "0197c9a0-0000-7000-8000-00000000000a"
SENT = datetime(2026, 3, 2, 15, tzinfo=UTC)
MILLISECONDS = int(SENT.timestamp() * 1000)


def command(command_id: str, offset: int, *, body: bytes = b"{}", proven: bytes = b"{}") -> Record:
    digest = base64.urlsafe_b64encode(hashlib.sha256(b"CheckIn\n%b\n%b" % (KEY.encode(), proven)).digest())
    claims = {"azp": "guest", "jti": command_id, "bh": digest.rstrip(b"=").decode()}
    proof = f"e30.{base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b'=').decode()}.x"
    headers: dict[str, bytes | None] = {
        "ce_id": command_id.encode(),
        "ce_type": b"CheckIn",
        "ce_proof": proof.encode(),
    }
    return Record("intake.commands", 0, offset, KEY.encode(), headers, body, MILLISECONDS)


def row(sequence: int, cause: str, at: datetime = SENT) -> JournalRow:
    return JournalRow(
        "intake", f"request/{KEY}", sequence, f"fact-{sequence}", "visit.waiting", "{}", cause, "", at, f"h{sequence}"
    )


def fact(number: int, topic: str, request_id: str = KEY, cause: str = "clock", **body: object) -> Record:
    headers: dict[str, bytes | None] = {
        "ce_id": f"{request_id}-{number}".encode(),
        "ce_subject": f"request/{request_id}".encode(),
        "ce_sequence": str(number).encode(),
        "ce_causationid": cause.encode(),
    }
    value = json.dumps({"request_id": request_id, "office_id": "adair", **body}).encode()
    return Record(topic, 0, number, request_id.encode(), headers, value)


def lanes(commands: list[Record], journal: list[JournalRow], **more: object) -> Verdict:
    findings = Findings()
    judge_lanes(Evidence({"intake.commands": commands}, journal=journal, **more), findings)  # type: ignore[arg-type]
    return findings.verdict({})


def tickets(*facts: Record) -> Verdict:
    findings = Findings()
    judge_tickets({each.header("ce_id"): each for each in facts}, findings)
    return findings.verdict({})


def test_facts_in_the_order_of_their_commands_are_in_order() -> None:
    assert lanes([command("a", 1), command("b", 2)], [row(1, "a"), row(2, "b")]).clean


def test_a_command_that_overtook_one_before_it_is_disorder() -> None:
    assert len(lanes([command("a", 1), command("b", 2)], [row(1, "b"), row(2, "a")]).disordered) == 1


def test_a_repeat_of_a_command_moves_nothing() -> None:
    assert lanes([command("a", 1), command("b", 2), command("a", 3)], [row(1, "a"), row(2, "b")]).clean


def test_what_a_command_led_to_bears_the_time_of_its_sending() -> None:
    assert len(lanes([command("a", 1)], [row(1, "a", SENT + timedelta(seconds=1))]).other) == 1


def test_the_time_of_sending_is_that_of_the_system() -> None:
    hour = timedelta(hours=1)
    moved = [(SENT - hour, hour), (SENT + hour, 2 * hour)]

    assert lanes([command("a", 1)], [row(1, "a", SENT + hour)], offsets=moved).clean


def test_a_command_on_the_proof_of_another_is_a_fault() -> None:
    assert len(lanes([command("a", 1, body=b'{"x":1}')], []).other) == 1


def test_a_state_behind_its_last_fact_is_a_fault() -> None:
    findings = Findings()
    stands = StateRow("intake", "requests", KEY, 1, "h1")
    judge_states(Evidence({}, journal=[row(1, "a"), row(2, "b")], states=[stands]), findings)

    assert len(findings.verdict({}).other) == 1


def test_a_state_at_its_last_fact_is_in_order() -> None:
    findings = Findings()
    stands = StateRow("intake", "requests", KEY, 2, "h2")
    judge_states(Evidence({}, journal=[row(1, "a"), row(2, "b")], states=[stands]), findings)

    assert findings.verdict({}).clean


def test_one_ticket_for_two_visitors_is_a_double() -> None:
    first = fact(1, "visit.waiting", "r1", ticket=1, at=SENT.isoformat())
    second = fact(1, "visit.waiting", "r2", ticket=1, at=SENT.isoformat())
    next_day = fact(1, "visit.waiting", "r3", ticket=1, at=(SENT + timedelta(days=1)).isoformat())

    assert (len(tickets(first, second).doubled), tickets(first, next_day).clean) == (1, True)
