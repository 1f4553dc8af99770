"""Facts: each is on its topic, once in effect, in order, equal to the journal."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from casebus_testing.checker.evidence import DEAD, Evidence, JournalRow, Record
from casebus_testing.checker.verdict import Findings

Facts = Mapping[str, Record]
"""The first appearance of every fact, by event id."""


def judge_facts(evidence: Evidence, findings: Findings, counts: Counter[str]) -> Facts:
    """All promises about facts; returns the facts there are."""
    dead = {origin_of(record) for record in evidence.of_kind(suffix=DEAD)}
    records = [record for found in evidence.fact_topics.values() for record in found if record.place not in dead]
    journal = {row.fact_id: row for row in evidence.journal}
    again = _told_again(records, evidence, journal)
    counts["directory facts told again"] += len(again)
    records = [record for record in records if record.place not in again]
    facts = _first_appearances(records, findings, counts)
    _judge_repeats(facts, journal, findings)
    _judge_journal(evidence, facts, findings)
    _judge_strangers(evidence, facts, journal, findings)
    _judge_order(records, journal, findings)
    _judge_numbers(evidence, facts, journal, findings)
    return facts


def _told_again(
    records: Iterable[Record], evidence: Evidence, journal: Mapping[str, JournalRow]
) -> set[tuple[str, int, int]]:
    """States of compacted topics that their owner repeated under another id: number and bytes are those of the fact."""
    known = {(row.type, row.subject, str(row.sequence), row.body.encode()) for row in journal.values()}
    return {
        record.place
        for record in records
        if record.topic in evidence.compacted
        and record.header("ce_id") not in journal
        and (record.topic, record.header("ce_subject"), record.header("ce_sequence"), record.value) in known
    }


def _first_appearances(records: Iterable[Record], findings: Findings, counts: Counter[str]) -> Facts:
    facts: dict[str, Record] = {}
    for record in records:
        fact_id = record.header("ce_id")
        first = facts.setdefault(fact_id, record)
        if not fact_id:
            findings.other(f"record {record.place}", f"{_place(record)} has no id and lies on no topic of dead records")
        elif first is not record and (first.topic, first.value) == (record.topic, record.value):
            counts["copies of facts"] += 1
        elif first is not record:
            findings.doubled(f"id {fact_id}", f"id {fact_id} stands for two different facts of {record.topic}")
    facts.pop("", None)
    return facts


def _judge_repeats(facts: Facts, journal: Mapping[str, JournalRow], findings: Findings) -> None:
    """One number of an aggregate for two facts, or one effect of one cause under two ids."""
    by_number: dict[str, list[str]] = defaultdict(list)
    by_effect: dict[str, list[str]] = defaultdict(list)
    for fact_id, record in facts.items():
        subject = record.header("ce_subject")
        by_number[f"{subject} #{record.header('ce_sequence')}"].append(fact_id)
        digest = hashlib.sha256(record.value or b"").hexdigest()
        cause = record.header("ce_causationid")
        by_effect[f"{record.topic} of {subject} by {cause} (sha256 {digest[:16]})"].append(fact_id)
    for what, ids in [*by_number.items(), *by_effect.items()]:
        vouched = [fact_id for fact_id in ids if fact_id in journal]
        for fact_id in _all_but_one(ids, vouched) if len(ids) > 1 else ():
            findings.doubled(f"fact {fact_id}", f"{what} is told again as {fact_id}")


def _all_but_one(ids: Sequence[str], vouched: Sequence[str]) -> list[str]:
    kept = (vouched or ids)[0]
    return [fact_id for fact_id in ids if fact_id != kept]


def _judge_journal(evidence: Evidence, facts: Facts, findings: Findings) -> None:
    """Every journal row is on its topic, byte for byte, and follows the one before by hash."""
    incomplete = evidence.compacted | evidence.truncated
    heads: dict[tuple[str, str], tuple[int, str]] = {}
    for row in sorted(evidence.journal, key=lambda each: (each.service, each.subject, each.sequence)):
        record = facts.get(row.fact_id)
        if record is not None:
            _compare(row, record, findings)
        elif row.type not in incomplete:
            findings.lost(f"fact {row.fact_id}", f"{row.type} of {row.subject} #{row.sequence} is not on its topic")
        sequence, head = heads.get((row.service, row.subject), (0, ""))
        if sequence == row.sequence - 1 and row.hash != _chained(head, row):
            findings.other(f"hash {row.fact_id}", f"the journal's hash of {row.subject} #{row.sequence} does not hold")
        heads[row.service, row.subject] = (row.sequence, row.hash)


def _chained(head: str, row: JournalRow) -> str:
    told = (head, str(row.sequence), row.fact_id, row.type, row.cause, row.actor, row.at.isoformat(), row.body)
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def _compare(row: JournalRow, record: Record, findings: Findings) -> None:
    told = (record.topic, record.header("ce_subject"), record.header("ce_sequence"), record.value)
    if told != (row.type, row.subject, str(row.sequence), row.body.encode()):
        findings.other(f"altered {row.fact_id}", f"{_place(record)} differs from the journal")


def _judge_strangers(evidence: Evidence, facts: Facts, journal: Mapping[str, JournalRow], findings: Findings) -> None:
    """A fact that no journal knows and that repeats none is nobody's."""
    if not evidence.journal:
        return
    for fact_id, record in facts.items():
        if fact_id not in journal and not findings.is_doubled(f"fact {fact_id}"):
            findings.other(f"stranger {fact_id}", f"{_place(record)} is in no journal")


def _judge_order(records: Iterable[Record], journal: Mapping[str, JournalRow], findings: Findings) -> None:
    """First appearances of an aggregate's facts rise within a partition."""
    seen: set[str] = set()
    last: dict[tuple[str, int, str], int] = {}
    for record in records:
        fact_id, number = record.header("ce_id"), record.header("ce_sequence")
        if fact_id in seen or not number.isdigit() or (journal and fact_id not in journal):
            continue
        seen.add(fact_id)
        lane = (record.topic, record.partition, record.header("ce_subject"))
        if int(number) < last.get(lane, 0):
            findings.disordered(f"fact {fact_id}", f"{_place(record)}: #{number} stands after #{last[lane]}")
        last[lane] = max(int(number), last.get(lane, 0))


def _judge_numbers(evidence: Evidence, facts: Facts, journal: Mapping[str, JournalRow], findings: Findings) -> None:
    """Over all topics of an aggregate every number from 1 is there."""
    numbers: dict[str, set[int]] = defaultdict(set)
    topics: dict[str, set[str]] = defaultdict(set)
    for record in facts.values():
        subject = record.header("ce_subject")
        topics[subject].add(record.topic)
        numbers[subject].add(int(record.header("ce_sequence") or 0))
    known = {(row.subject, row.sequence): row.fact_id for row in journal.values()}
    for subject, there in numbers.items():
        if topics[subject] & (evidence.compacted | evidence.truncated):
            continue
        for missing in sorted(set(range(1, max(there) + 1)) - there):
            thing = f"fact {known.get((subject, missing), f'{subject} #{missing}')}"
            findings.lost(thing, f"{subject} #{missing} is on no topic")


def origin_of(record: Record) -> tuple[str, int, int]:
    """The place of the record that a record on `<service>.dead` is about."""
    origin = record.body.get("origin", {})
    return str(origin.get("topic")), int(origin.get("partition", -1)), int(origin.get("offset", -1))


def _place(record: Record) -> str:
    return f"{record.topic}[{record.partition}]@{record.offset}"
