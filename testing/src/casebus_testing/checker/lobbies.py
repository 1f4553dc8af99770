"""The lobby of each office against the facts of those who came: who waits, who is served, the last ticket."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from casebus_testing.checker.evidence import Evidence, StateRow
from casebus_testing.checker.facts import Facts
from casebus_testing.checker.folds import folded
from casebus_testing.checker.stories import stories_of
from casebus_testing.checker.verdict import Findings
from casebus_testing.checker.visits import OFFICES, WAITING


def judge_lobbies(evidence: Evidence, facts: Facts, findings: Findings) -> None:
    """A lobby that lost an update has somebody too many, or too few. (A new day sends home who was left.)"""
    visits: dict[str, dict[str, Mapping[str, Any]]] = defaultdict(dict)
    stories = stories_of(facts)
    for subject in stories:
        name, _, id_ = subject.partition("/")
        visit = folded("requests", id_, stories) if name == "request" else {}
        if visit.get("arrived_at"):
            visits[str(visit.get("office_id"))][id_] = visit
    tickets = _last_tickets(facts)
    for state in evidence.states:
        if state.table == "lobbies" and {"waiting", "serving", "ticket_days"} <= state.fields.keys():
            days = {str(each["day"]): each["last"] for each in state.fields["ticket_days"]}
            _judge_people(state, max(days, default=""), visits[state.id], findings)
            _judge_ticket(state, days, tickets, findings)


def _judge_people(lobby: StateRow, newest: str, visits: Mapping[str, Mapping[str, Any]], findings: Findings) -> None:
    there = {
        "waiting": [each["request_id"] for each in lobby.fields["waiting"]],
        "serving": list(lobby.fields["serving"]),
    }
    for status, ids in there.items():
        of_today = {
            id_
            for id_, visit in visits.items()
            if visit["visit_status"] == status and _day(visit["arrived_at"]) == newest
        }
        wrong = {id_ for id_ in ids if id_ in visits and visits[id_]["visit_status"] != status}
        wrong |= of_today - set(ids) | {id_ for id_ in ids if ids.count(id_) > 1}
        for id_ in sorted(wrong):
            findings.other(f"lobby {lobby.id} {id_}", f"the lobby of {lobby.id} is wrong about {id_} ({status})")


def _judge_ticket(
    lobby: StateRow, days: Mapping[str, int], tickets: Mapping[tuple[str, str], int], findings: Findings
) -> None:
    newest = max(days, default="")
    told = tickets.get((lobby.id, newest))
    if told is not None and told != days[newest]:
        findings.other(f"lobby {lobby.id} ticket", f"the last ticket of {lobby.id} on {newest} is not {days[newest]}")


def _last_tickets(facts: Facts) -> dict[tuple[str, str], int]:
    """By office and day."""
    last: dict[tuple[str, str], int] = {}
    for record in facts.values():
        body = record.body
        if record.topic == WAITING and {"office_id", "ticket", "at"} <= body.keys():
            place = (body["office_id"], _day(body["at"]))
            last[place] = max(body["ticket"], last.get(place, 0))
    return last


def _day(moment: object) -> str:
    return datetime.fromisoformat(str(moment)).astimezone(OFFICES).date().isoformat()
