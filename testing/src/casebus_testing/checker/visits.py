"""Visits: no ticket of an office and day is given twice."""

from collections import defaultdict
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from casebus_testing.checker.facts import Facts
from casebus_testing.checker.verdict import Findings

OFFICES: Final = ZoneInfo("America/Chicago")
WAITING: Final = "visit.waiting"


def judge_tickets(facts: Facts, findings: Findings) -> None:
    """A ticket of an office and day is one visitor's."""
    holders: dict[tuple[str, str, int], set[str]] = defaultdict(set)
    for record in facts.values():
        body = record.body
        if record.topic == WAITING and {"office_id", "ticket", "at", "request_id"} <= body.keys():
            day = datetime.fromisoformat(body["at"]).astimezone(OFFICES).date().isoformat()
            holders[body["office_id"], day, body["ticket"]].add(body["request_id"])
    for (office, day, ticket), requests in holders.items():
        if len(requests) > 1:
            findings.doubled(f"ticket {office} {day} {ticket}", f"ticket {ticket} of {office} on {day} was given twice")
