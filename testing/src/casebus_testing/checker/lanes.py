"""Commands against what they led to: in the order in which they were sent, at the time of their sending, and proven."""

import base64
import hashlib
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from casebus_testing.checker.evidence import COMMANDS, DEAD, Evidence, JournalRow, Record
from casebus_testing.checker.facts import origin_of
from casebus_testing.checker.verdict import Findings

SLACK: Final = timedelta(milliseconds=2)
"""Append times are whole milliseconds."""


def judge_lanes(evidence: Evidence, findings: Findings) -> None:
    """All promises about the way from a command's record to its facts."""
    dead = {origin_of(record) for record in evidence.of_kind(suffix=DEAD)}
    commands: dict[str, list[Record]] = defaultdict(list)
    for record in evidence.of_kind(suffix=COMMANDS):
        if record.place not in dead:
            commands[record.header("ce_id")].append(record)
            _judge_proof(record, findings)
    last: dict[tuple[str, str, int], int] = {}
    for row in sorted(evidence.journal, key=lambda each: (each.service, each.subject, each.sequence)):
        if row.cause in commands:
            _judge_place(row, commands[row.cause], last, findings)
            _judge_time(row, commands[row.cause], evidence.offsets, findings)


def _judge_proof(record: Record, findings: Findings) -> None:
    """A command that was taken in has a proof about itself. (Signatures are not judged here.)"""
    claims = record.claims
    if "bh" not in claims:
        return
    told = b"%b\n%b\n%b" % (record.header("ce_type").encode(), record.key or b"", record.value or b"")
    digest = base64.urlsafe_b64encode(hashlib.sha256(told).digest()).rstrip(b"=").decode()
    if (claims.get("jti"), claims["bh"]) != (record.header("ce_id"), digest):
        findings.other(f"proof {record.place}", f"command {record.header('ce_id')} was taken in on a proof of another")


def _judge_place(
    row: JournalRow, commands: Sequence[Record], last: dict[tuple[str, str, int], int], findings: Findings
) -> None:
    """Facts of an aggregate follow the order of the commands of its key."""
    first = min(commands, key=lambda record: record.offset)
    if (first.key or b"").decode("utf-8", "replace") != row.subject.partition("/")[2]:
        return
    lane = (row.service, row.subject, first.partition)
    if first.offset < last.get(lane, -1):
        findings.disordered(f"cause {row.fact_id}", f"{row.subject} #{row.sequence} overtook a command sent before")
    last[lane] = max(first.offset, last.get(lane, -1))


def _judge_time(
    row: JournalRow,
    commands: Sequence[Record],
    offsets: Sequence[tuple[datetime, timedelta]],
    findings: Findings,
) -> None:
    """What a command led to happened when the broker appended it."""
    times = [system_time(record.appended_ms, offsets) for record in commands if record.appended_ms > 0]
    if times and all(abs(row.at - time) > SLACK for time in times):
        late = min(times, key=lambda time: abs(row.at - time))
        findings.other(
            f"time {row.fact_id}", f"{row.subject} #{row.sequence} is told at {row.at}, its command was sent at {late}"
        )


def system_time(appended_ms: int, offsets: Sequence[tuple[datetime, timedelta]]) -> datetime:
    """The system's time at the moment at which the broker appended a record."""
    moment = datetime.fromtimestamp(appended_ms / 1000, UTC)
    place = bisect_right([since for since, _ in offsets], moment)
    return moment + offsets[place - 1][1] if place else moment
