"""Visits: no ticket twice, no clock that fired falsely, none that never fired."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from casebus_testing.checker.evidence import COMMANDS, Evidence, Record
from casebus_testing.checker.facts import Facts
from casebus_testing.checker.verdict import Findings

OFFICES: Final = ZoneInfo("America/Chicago")
WAITING, OVERDUE = "visit.waiting", "visit.overdue"
CLOCK: Final = "waiting"
MOVED_ON: Final = frozenset({"walkin.timed", "request.closed"})


def judge_visits(evidence: Evidence, facts: Facts, findings: Findings) -> None:
    """All promises about tickets and the clocks of those who wait."""
    stories: dict[str, list[Record]] = defaultdict(list)
    for record in facts.values():
        if record.header("ce_subject").startswith("request/"):
            stories[record.header("ce_subject")].append(record)
    _judge_tickets(facts, findings)
    sent = {record.header("ce_id") for record in evidence.of_kind(suffix=COMMANDS)}
    for story in stories.values():
        story.sort(key=lambda record: int(record.header("ce_sequence") or 0))
        _judge_false(story, sent, findings)
        if evidence.clocks is not None:
            _judge_missing(story, evidence.clocks, findings)


def _judge_tickets(facts: Facts, findings: Findings) -> None:
    """A ticket of an office and day is one visitor's."""
    holders: dict[tuple[str, str, int], set[str]] = defaultdict(set)
    for record in facts.values():
        body = record.body
        if record.topic == WAITING and {"office_id", "ticket", "at", "request_id"} <= body.keys():
            day = _moment(body["at"]).astimezone(OFFICES).date().isoformat()
            holders[body["office_id"], day, body["ticket"]].add(body["request_id"])
    for (office, day, ticket), requests in holders.items():
        if len(requests) > 1:
            findings.doubled(f"ticket {office} {day} {ticket}", f"ticket {ticket} of {office} on {day} was given twice")


def _judge_false(story: list[Record], sent: set[str], findings: Findings) -> None:
    """Whoever was served before the limit, by a command that lay on the topic, was not overdue."""
    served = [
        _moment(record.body["at"])
        for record in story
        if record.topic == "visit.serving" and "at" in record.body and record.header("ce_causationid") in sent
    ]
    for record in story:
        if record.topic == OVERDUE and _kind(record.body) == CLOCK:
            since, until = _moment(record.body["since"]), _moment(record.body["at"])
            if any(since <= moment < until for moment in served):
                findings.other(
                    f"false {record.header('ce_id')}",
                    f"{record.header('ce_subject')} was called overdue, and had been served before",
                )


def _judge_missing(story: list[Record], clocks: frozenset[tuple[str, str]], findings: Findings) -> None:
    """Who still waits has a clock that runs, or has been called overdue."""
    visit = [record for record in story if record.topic.startswith("visit.") or record.topic in MOVED_ON]
    if not visit or visit[-1].topic != WAITING or "request_id" not in visit[-1].body:
        return
    request_id = visit[-1].body["request_id"]
    if (request_id, CLOCK) not in clocks:
        findings.lost(f"clock {request_id}", f"request {request_id} waits, and its clock neither runs nor has fired")


def _kind(body: Mapping[str, object]) -> object:
    return body.get("kind") if {"since", "at"} <= body.keys() else None


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
