"""Commands and their answers: one final outcome each, and what it names exists."""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from casebus_testing.checker.evidence import COMMANDS, DEAD, RECEIPTS, Evidence, Record
from casebus_testing.checker.facts import Facts, origin_of
from casebus_testing.checker.verdict import Findings

Command = tuple[str, str]
"""Sender and command id."""


def judge_answers(evidence: Evidence, facts: Facts, findings: Findings, counts: Counter[str]) -> None:
    """All promises about commands and receipts."""
    receipts = _receipts(evidence, counts)
    asked = _asked(evidence)
    remembered = {(row.sender, row.id): row for row in evidence.inbox}
    for command in asked:
        if not receipts.get(command) and not _under_way(remembered.get(command)):
            findings.lost(f"receipt {command}", f"command {command[1]} of {command[0]} has no final answer")
    for command, answers in receipts.items():
        _judge_one(command, answers, findings)
        _judge_facts_of(answers[0], facts, evidence, findings)
        if command not in asked and command not in remembered and not _truncated(evidence):
            findings.other(f"answer {command}", f"an answer to {command[1]} of {command[0]}, who never sent it")
    _judge_inbox(evidence, receipts, findings)


def _under_way(row: object) -> bool:
    """Parked commands have their final answer still to come."""
    return getattr(row, "state", "done") != "done"


def _truncated(evidence: Evidence) -> bool:
    return any(name.endswith(COMMANDS) for name in evidence.truncated)


def _asked(evidence: Evidence) -> set[Command]:
    """The commands on Kafka that were not set aside."""
    dead = {origin_of(record) for record in evidence.of_kind(suffix=DEAD)}
    sent = [record for record in evidence.of_kind(suffix=COMMANDS) if record.place not in dead]
    return {(record.claimed_sender, record.header("ce_id")) for record in sent}


def _receipts(evidence: Evidence, counts: Counter[str]) -> dict[Command, list[Record]]:
    """The distinct final answers of each command; repeats and conflicts are counted apart."""
    answers: dict[Command, list[Record]] = defaultdict(list)
    seen: set[str] = set()
    for record in evidence.of_kind(prefix=RECEIPTS):
        if record.header("ce_id") in seen:
            counts["copies of receipts"] += 1
            continue
        seen.add(record.header("ce_id"))
        outcome = str(record.body.get("outcome"))
        counts[outcome] += 1
        if record.body.get("final") and outcome not in ("duplicate", "conflict"):
            answers[record.topic.removeprefix(RECEIPTS), str(record.body.get("command_id"))].append(record)
    return answers


def _judge_one(command: Command, answers: Sequence[Record], findings: Findings) -> None:
    # What is invalid by its id alone is remembered nowhere, so each such record is answered.
    different = {json.dumps(record.body, sort_keys=True) for record in answers}
    if len(answers) > 1 and (len(different) > 1 or answers[0].body["outcome"] != "invalid"):
        findings.doubled(f"command {command}", f"command {command[1]} of {command[0]} has {len(answers)} final answers")


def _judge_facts_of(answer: Record, facts: Facts, evidence: Evidence, findings: Findings) -> None:
    incomplete = evidence.compacted | evidence.truncated
    for named in answer.body.get("facts", ()):
        record = facts.get(named["id"])
        if record is not None and not _is(named, record):
            findings.other(f"named {named['id']}", f"the receipt of {answer.body['command_id']} misnames {named['id']}")
        elif record is None and named["type"] not in incomplete:
            what = f"{named['type']} of {named['subject']} #{named['sequence']}"
            findings.lost(f"fact {named['id']}", f"{what} is promised by a receipt and on no topic")


def _is(named: Mapping[str, object], record: Record) -> bool:
    told = (record.topic, record.header("ce_subject"), record.header("ce_sequence"))
    return told == (named["type"], named["subject"], str(named["sequence"]))


def _judge_inbox(evidence: Evidence, receipts: Mapping[Command, Sequence[Record]], findings: Findings) -> None:
    """What a service remembers as answered was answered, in the same words."""
    if any(name.startswith(RECEIPTS) for name in evidence.truncated):
        return
    for row in evidence.inbox:
        if row.receipt is None or not row.receipt.get("final"):
            continue
        told = [dict(record.body) for record in receipts.get((row.sender, row.id), ())]
        if not told:
            findings.lost(f"receipt {(row.sender, row.id)}", f"the answer to {row.id} of {row.sender} is on no topic")
        elif row.receipt not in told:
            findings.other(f"told {(row.sender, row.id)}", f"the answer to {row.id} differs from what is remembered")
