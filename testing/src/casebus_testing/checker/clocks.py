"""Clocks: each fires once or is cancelled once, none falsely after an outage, none that should run is missing."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from casebus_testing.checker.evidence import COMMANDS, Evidence, Record, StateRow
from casebus_testing.checker.facts import Facts
from casebus_testing.checker.folds import folded
from casebus_testing.checker.lanes import SLACK, system_time
from casebus_testing.checker.stories import stories_of
from casebus_testing.checker.verdict import Findings

OVERDUE: Final = "visit.overdue"
OPEN: Final = ("waiting", "called", "serving", "on_hold")
WAITING, SERVING, CLOSING, FORMS = "waiting", "serving", "closing", "forms"
NEEDED: Final = {"request_id", "office_id", "kind", "since", "at"}
_Offices = Mapping[str, Mapping[str, Any]]


def judge_clocks(evidence: Evidence, facts: Facts, findings: Findings) -> None:
    """All promises about the clocks of visits and of voter registration forms."""
    sent = {record.header("ce_id"): record for record in reversed(evidence.of_kind(suffix=COMMANDS))}
    stories = stories_of(facts)
    offices = {state.id: state.fields for state in evidence.states if state.table == "offices" and state.fields}
    for subject, story in stories.items():
        name, _, id_ = subject.partition("/")
        alarms = [each for each in story if each.topic == OVERDUE and each.body.keys() >= NEEDED]
        _judge_once(subject, alarms, findings)
        for alarm in alarms:
            _judge_truth(alarm, story, sent, evidence.offsets, findings)
        if name == "request" and evidence.clocks is not None:
            visit = folded("requests", id_, stories)
            running = {clock for owner, clock in evidence.clocks if owner == id_}
            _judge_running(id_, visit, running, alarms, offices, findings)
    if evidence.clocks is not None:
        _judge_forms(evidence.states, evidence.clocks, findings)


def _judge_once(subject: str, alarms: Iterable[Record], findings: Findings) -> None:
    seen: set[tuple[str, str]] = set()
    for alarm in alarms:
        what = (alarm.body["kind"], alarm.body["since"])
        if what in seen:
            findings.doubled(f"fact {alarm.header('ce_id')}", f"{subject} was called overdue ({what[0]}) twice")
        seen.add(what)


def _judge_truth(
    alarm: Record,
    story: Sequence[Record],
    sent: Mapping[str, Record],
    offsets: Sequence[tuple[datetime, timedelta]],
    findings: Findings,
) -> None:
    """Nobody was served, or gone, by a command that lay on the topic before the limit and before the alarm."""
    since, until = _moment(alarm.body["since"]), _moment(alarm.body["at"])
    for record in story:
        command = sent.get(record.header("ce_causationid"))
        if command is None or not _ends(record, alarm.body["kind"]):
            continue
        moment = system_time(command.appended_ms, offsets)
        if since <= moment < until - SLACK and command.appended_ms < alarm.appended_ms:
            told = f"{alarm.header('ce_subject')} was called overdue, and had been served or gone before"
            findings.other(f"false {alarm.header('ce_id')}", told)


def _ends(record: Record, kind: str) -> bool:
    """Whether this ends what an alarm of the kind is about."""
    if record.topic in ("visit.left", "visit.no_show"):
        return True
    if record.topic == "walkin.timed" and record.body.get("action") == "time_out":
        return True
    return kind == WAITING and record.topic == "visit.serving"


def _judge_running(
    id_: str,
    visit: Mapping[str, Any],
    running: set[str],
    alarms: Sequence[Record],
    offices: _Offices,
    findings: Findings,
) -> None:
    """Whoever is here has their clocks, or was called overdue; whoever is not has none."""
    status, rung = visit.get("visit_status"), {alarm.body["kind"] for alarm in alarms}
    needed: set[str] = set()
    if status in OPEN and visit.get("arrived_at"):
        office = offices.get(str(visit.get("office_id")), {})
        needed = {WAITING if status in (WAITING, "called") else SERVING}
        needed |= {CLOSING} if _closes_later(office, _moment(visit["arrived_at"])) else set()
        if CLOSING in rung and office and office.get("settings", {}).get("auto_close") is not False:
            findings.lost(f"closing {id_}", f"request {id_} is open after closing time, and nothing closed it")
    for clock in sorted(needed - running - rung):
        findings.lost(f"clock {id_} {clock}", f"request {id_} is {status}, and its clock {clock} neither runs nor rang")
    for clock in sorted(running & {WAITING, SERVING, CLOSING} - needed):
        findings.other(f"clock {id_} {clock}", f"request {id_} is {status}, and its clock {clock} runs on")


def _closes_later(office: Mapping[str, Any], arrived: datetime) -> bool:
    """Whether the office's closing time of that day was still to come."""
    if not {"zone", "closes"} <= office.keys():
        return False
    zone = ZoneInfo(office["zone"])
    day = arrived.astimezone(zone).date()
    return datetime.combine(day, time.fromisoformat(office["closes"]), zone) > arrived


def _judge_forms(states: Iterable[StateRow], clocks: frozenset[tuple[str, str]], findings: Findings) -> None:
    """An office where forms lie that nobody was told of has a clock for them; one where none lie has none."""
    for state in states:
        if state.table == "voter_forms_boxes":
            lie = any(not pile.get("told") for pile in state.fields.get("piles", ()))
            if lie and (state.id, FORMS) not in clocks:
                findings.lost(f"clock {state.id} {FORMS}", f"forms lie in {state.id}, and no clock watches them")
            elif not lie and (state.id, FORMS) in clocks:
                findings.other(f"clock {state.id} {FORMS}", f"no forms lie in {state.id}, and a clock watches them")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
