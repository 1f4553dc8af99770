"""The checker's judgement: what it calls lost, doubled, disordered, and what it lets pass."""

import base64
import hashlib
import json
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime

from casebus_testing.checker import Evidence, judge
from casebus_testing.checker.evidence import DeliveryRow, InboxRow, JournalRow, Mail, Record
from casebus_testing.checker.verdict import Verdict

COMMAND = "0197c9a0-0000-7000-8000-000000000001"
REQUEST = "0197c9a0-0000-7000-8000-00000000000a"
SUBJECT = f"request/{REQUEST}"
AT = datetime(2026, 3, 2, 15, tzinfo=UTC)
PROOF = ".".join(("e30", base64.urlsafe_b64encode(b'{"azp": "guest"}').rstrip(b"=").decode(), "x"))


def record(topic: str, headers: dict[str, str], body: object, *, offset: int = 0, partition: int = 0) -> Record:
    value = body if isinstance(body, bytes) else json.dumps(body).encode()
    raw: dict[str, bytes | None] = {name: text.encode() for name, text in headers.items()}
    return Record(topic, partition, offset, REQUEST.encode(), raw, value)


def command(command_id: str = COMMAND, offset: int = 0) -> Record:
    return record("intake.commands", {"ce_id": command_id, "ce_proof": PROOF}, {}, offset=offset)


def fact(
    number: int, topic: str = "walkin.timed", *, fact_id: str = "", body: object = None, offset: int = 0
) -> Record:
    headers = {"ce_id": fact_id or f"fact-{number}", "ce_subject": SUBJECT, "ce_sequence": str(number)}
    return record(topic, {**headers, "ce_causationid": COMMAND}, body or {"n": number}, offset=offset or number)


def named(record: Record) -> dict[str, object]:
    return {
        "id": record.header("ce_id"),
        "type": record.topic,
        "subject": SUBJECT,
        "sequence": int(record.header("ce_sequence")),
    }


def receipt(outcome: str = "accepted", *facts: Record, receipt_id: str = "receipt-1", final: bool = True) -> Record:
    body = {"command_id": COMMAND, "outcome": outcome, "final": final, "facts": [named(each) for each in facts]}
    return record("receipts.guest", {"ce_id": receipt_id}, body)


def evidence(*records: Record, **more: object) -> Evidence:
    topics: dict[str, list[Record]] = defaultdict(list)
    for each in records:
        topics[each.topic].append(each)
    return Evidence(topics, **more)  # type: ignore[arg-type]


def journal(*facts: Record) -> list[JournalRow]:
    rows, head = [], ""
    for each in facts:
        number, fact_id, body = int(each.header("ce_sequence")), each.header("ce_id"), (each.value or b"").decode()
        told = (head, str(number), fact_id, each.topic, COMMAND, "clerk", AT.isoformat(), body)
        head = hashlib.sha256("\n".join(told).encode()).hexdigest()
        rows.append(JournalRow("intake", SUBJECT, number, fact_id, each.topic, body, COMMAND, "clerk", AT, head))
    return rows


def faults(verdict: Verdict) -> tuple[int, int, int, int]:
    return len(verdict.lost), len(verdict.doubled), len(verdict.disordered), len(verdict.other)


def test_a_command_with_its_receipt_and_facts_is_in_order():
    first, second = fact(1), fact(2, "visit.serving")

    verdict = judge(
        evidence(command(), receipt("accepted", first, second), first, second, journal=journal(first, second))
    )

    assert (verdict.line, verdict.clean) == ("0 lost, 0 doubled", True)


def test_a_command_without_an_answer_is_lost():
    assert faults(judge(evidence(command()))) == (1, 0, 0, 0)


def test_an_interim_answer_is_no_answer():
    assert faults(judge(evidence(command(), receipt("parked", final=False)))) == (1, 0, 0, 0)


def test_a_command_that_is_parked_is_not_lost():
    parked = InboxRow("intake", COMMAND, "guest", "parked", {"final": False})

    assert judge(evidence(command(), inbox=[parked])).clean


def test_a_command_that_was_set_aside_needs_no_answer():
    origin = {"origin": {"topic": "intake.commands", "partition": 0, "offset": 0}}

    assert judge(evidence(command(), record("intake.dead", {"ce_id": "d"}, origin))).clean


def test_two_final_answers_are_a_double():
    answers = (receipt("accepted"), receipt("accepted", receipt_id="receipt-2"))

    assert faults(judge(evidence(command(), *answers))) == (0, 1, 0, 0)


def test_the_same_answer_twice_is_a_copy():
    verdict = judge(evidence(command(), receipt(), receipt()))

    assert (verdict.clean, verdict.counts["copies of receipts"]) == (True, 1)


def test_duplicates_and_conflicts_are_counted_apart():
    answers = (receipt(), receipt("duplicate", receipt_id="r2"), receipt("conflict", receipt_id="r3"))

    verdict = judge(evidence(command(), command(offset=1), *answers))

    assert (verdict.clean, verdict.counts["duplicate"], verdict.counts["conflict"]) == (True, 1, 1)


def test_an_answer_nobody_asked_for_is_a_fault():
    assert faults(judge(evidence(receipt()))) == (0, 0, 0, 1)


def test_a_fact_that_a_receipt_promises_must_be_there():
    assert faults(judge(evidence(command(), receipt("accepted", fact(1))))) == (1, 0, 0, 0)


def test_a_missing_fact_is_one_loss_however_often_it_is_missed():
    first, second, third = fact(1), fact(2), fact(3)
    promised = receipt("accepted", first, second, third)

    verdict = judge(evidence(command(), promised, first, third, journal=journal(first, second, third)))

    assert faults(verdict) == (1, 0, 0, 0)


def test_a_gap_in_the_count_is_a_loss_even_without_a_journal():
    assert faults(judge(evidence(fact(1), fact(3)))) == (1, 0, 0, 0)


def test_a_compacted_topic_may_have_forgotten_older_states():
    assert judge(evidence(fact(3, "staff.upserted"), compacted=frozenset({"staff.upserted"}))).clean


def test_a_state_that_its_owner_told_again_is_counted_apart():
    first = fact(1, "staff.upserted")
    again = replace(fact(1, "staff.upserted", fact_id="fact-again"), offset=9)

    verdict = judge(evidence(first, again, compacted=frozenset({"staff.upserted"}), journal=journal(first)))

    assert (verdict.clean, verdict.counts["directory facts told again"]) == (True, 1)


def test_the_same_fact_again_under_another_id_is_a_double():
    first = fact(1)
    again = fact(1, fact_id="fact-other", offset=9)

    assert faults(judge(evidence(first, again, journal=journal(first)))) == (0, 1, 0, 0)


def test_the_same_effect_under_a_further_number_is_a_double():
    first = fact(1, body={"at": "noon"})
    again = fact(2, fact_id="fact-other", body={"at": "noon"})

    assert faults(judge(evidence(first, again, journal=journal(first, again)))) == (0, 1, 0, 0)


def test_two_facts_of_one_number_are_a_double():
    first, other = fact(1), fact(1, "visit.left", fact_id="fact-other", body={"stage": "waiting"})

    assert faults(judge(evidence(first, other, journal=journal(first)))) == (0, 1, 0, 0)


def test_a_relay_that_sent_a_fact_twice_made_a_copy():
    verdict = judge(evidence(fact(1), replace(fact(1), offset=5), fact(2)))

    assert (verdict.clean, verdict.counts["copies of facts"]) == (True, 1)


def test_a_later_number_before_an_earlier_one_is_disorder():
    assert faults(judge(evidence(fact(2), fact(1)))) == (0, 0, 1, 0)


def test_a_copy_after_a_later_number_is_no_disorder():
    assert judge(evidence(fact(1), fact(2), replace(fact(1), offset=7))).clean


def test_bytes_that_differ_from_the_journal_are_a_fault():
    told = fact(1)
    kept = replace(told, value=b'{"n":1}')

    assert faults(judge(evidence(told, journal=journal(kept)))) == (0, 0, 0, 1)


def test_a_broken_hash_chain_is_a_fault():
    first, second = fact(1), fact(2)
    rows = journal(first, second)

    assert faults(judge(evidence(first, second, journal=[rows[0], replace(rows[1], hash="0")]))) == (0, 0, 0, 1)


def test_a_fact_in_no_journal_is_a_fault():
    first, stranger = fact(1), fact(2)

    assert faults(judge(evidence(first, stranger, journal=journal(first)))) == (0, 0, 0, 1)


def test_a_remembered_answer_that_was_never_told_is_lost():
    told = {"command_id": COMMAND, "outcome": "refused", "final": True, "facts": []}
    row = InboxRow("intake", COMMAND, "guest", "done", told)

    assert faults(judge(evidence(command(), inbox=[row]))) == (1, 0, 0, 0)


def test_rows_that_wait_in_an_outbox_are_a_fault_of_a_system_at_rest():
    assert faults(judge(evidence(outbox={"intake": 2}))) == (0, 0, 0, 1)


OVERDUE = fact(1, "visit.overdue", body={"request_id": REQUEST, "kind": "waiting", "since": "2026-07-02T09:00:00Z"})


def alert(alert_id: str = "a1", number: int = 1) -> Record:
    body = {
        "alert_id": alert_id,
        "rule": "A-14",
        "subject": {"type": "request", "id": REQUEST},
        "dedupe_key": f"{REQUEST}:waiting",
        "recipients": ["adair-greeter"],
    }
    headers = {"ce_id": f"fact-{alert_id}-{number}", "ce_subject": f"alert/{alert_id}", "ce_sequence": str(number)}
    return record("alert.raised", {**headers, "ce_causationid": f"cause-{number}"}, body, offset=number)


def delivery(state: str = "sent", alert_id: str = "a1") -> DeliveryRow:
    return DeliveryRow(f"d-{alert_id}", alert_id, "adair-greeter", "greeter@adair.example.org", "A-14", state)


MAIL = Mail("<d-a1@casebus>", "greeter@adair.example.org", "A-14")


def test_an_overdue_visit_is_alerted_once_and_mailed():
    assert judge(evidence(OVERDUE, alert(), deliveries=[delivery()], mails=[MAIL])).clean


def test_an_overdue_visit_without_an_alert_is_a_loss():
    assert faults(judge(evidence(OVERDUE))) == (1, 0, 0, 0)


def test_a_visit_that_is_over_needs_no_alert_any_more():
    timed = fact(2, "walkin.timed", body={"request_id": REQUEST, "at": "2026-07-02T09:31:00Z"})

    verdict = judge(evidence(OVERDUE, timed))

    assert (verdict.clean, verdict.counts["overdue visits that were over"]) == (True, 1)


def test_an_alert_raised_anew_after_it_was_resolved_is_a_second_alert():
    resolved = replace(alert(number=2), topic="alert.resolved")
    story = evidence(OVERDUE, alert(), resolved, alert(number=3), deliveries=[delivery(), delivery()])

    assert (judge(story).clean, judge(story).counts["alerts"]) == (True, 2)


def test_an_alert_raised_again_while_it_is_open_is_a_double():
    again = evidence(OVERDUE, alert(), alert(number=2), deliveries=[delivery(), delivery()])

    assert faults(judge(again)) == (0, 1, 0, 0)


def test_a_second_open_alert_for_the_same_thing_is_a_double():
    twice = evidence(OVERDUE, alert(), alert("a2"), deliveries=[delivery(), delivery(alert_id="a2")])

    assert len(judge(twice).doubled) > 0


def test_a_recipient_without_a_delivery_is_a_loss():
    assert faults(judge(evidence(OVERDUE, alert()))) == (1, 0, 0, 0)


def test_a_delivery_without_its_mail_is_a_loss():
    assert faults(judge(evidence(OVERDUE, alert(), deliveries=[delivery()], mails=[]))) == (1, 0, 0, 0)


def test_a_mail_that_came_twice_is_a_copy():
    verdict = judge(evidence(OVERDUE, alert(), deliveries=[delivery()], mails=[MAIL, MAIL]))

    assert (verdict.clean, verdict.counts["copies of mails"]) == (True, 1)
