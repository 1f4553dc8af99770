"""States against an independent fold of their facts, field by field: what the facts tell is what the row holds.

Only what facts speak of is compared: names, free text and answers are in no fact.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias

from casebus_testing.checker.evidence import Evidence, Record
from casebus_testing.checker.facts import Facts
from casebus_testing.checker.stories import Stories, stories_of
from casebus_testing.checker.verdict import Findings

Fields: TypeAlias = dict[str, Any]
Step: TypeAlias = Callable[[Fields, Mapping[str, Any]], Fields]

UNKNOWN: Final = object()
"""The facts leave this open."""

CREATED: Final = (
    "request_type",
    "office_id",
    "county_fips",
    "received_at",
    "channel",
    "reasons",
    "anonymous",
    "priority",
    "created_by",
    "nvra_covered",
    "client_id",
)
UPDATED: Final = ("county_fips", "channel", "reasons", "anonymous", "priority", "nvra_covered", "client_id")

MIRRORS: Final = {
    "regions": "region.upserted",
    "counties": "county.upserted",
    "offices": "office.upserted",
    "staff": "staff.upserted",
    "availabilities": "staff.availability.changed",
    "holidays": "holiday.upserted",
    "election_deadlines": "election_deadline.upserted",
    "reasons": "reason.upserted",
    "memos": "memo.upserted",
    "voter_entries": "voter.registration.logged",
}
"""Tables that are what the last fact of each key says, with the owner and with everybody who keeps a copy."""


def judge_folds(evidence: Evidence, facts: Facts, findings: Findings) -> None:
    """No field of a state is another one than its facts make it."""
    stories = stories_of(facts)
    last = _last_of_each(facts)
    for state in evidence.states:
        if state.table in MIRRORS:
            record = last.get((MIRRORS[state.table], state.id))
            expected = {} if record is None else {**record.body, "version": int(record.header("ce_sequence") or 0)}
        else:
            expected = folded(state.table, state.id, stories)
        for name in differing(expected, state.fields):
            what = f"{state.table} {state.id} of {state.service}"
            findings.other(f"field {state.service} {state.table} {state.id} {name}", f"{what}: {name} is not as told")


def folded(table: str, id_: str, stories: Stories) -> Fields:
    """What the facts of an aggregate make of it; nothing where they are not all there or nobody can fold them."""
    name, steps = FOLDS.get(table, ("", {}))
    fields: Fields = {}
    for record in stories.get(f"{name}/{id_}", ()):
        if record.topic in steps:
            fields = fields | steps[record.topic](fields, record.body)
    return fields


def differing(expected: Mapping[str, Any], fields: Mapping[str, Any]) -> list[str]:
    """The names of fields that both have, and that differ."""
    known = [name for name, value in expected.items() if value is not UNKNOWN and name in fields]
    return [name for name in known if _plain(expected[name]) != _plain(fields[name])]


def _plain(value: Any) -> Any:
    """One moment has two spellings: in a fact, and in a table; and what is not known may be left out."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items() if each is not None}
    if not isinstance(value, str) or len(value) < len("2026-01-01T00:00Z") or value[10:11] != "T":
        return value
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return value


def _last_of_each(facts: Facts) -> dict[tuple[str, str], Record]:
    last: dict[tuple[str, str], Record] = {}
    for record in facts.values():
        place = (record.topic, record.header("ce_subject").partition("/")[2])
        if place not in last or _number(last[place]) < _number(record):
            last[place] = record
    return last


def _number(record: Record) -> int:
    return int(record.header("ce_sequence") or 0)


def _given(fields: Fields, body: Mapping[str, Any], names: Sequence[str]) -> Fields:
    return {name: body[name] for name in names if name in body}


def _created(fields: Fields, body: Mapping[str, Any]) -> Fields:
    return {"status": "open", "merit_calls": 0, "calls": 0, **_given(fields, body, CREATED)}


def _assigned(fields: Fields, body: Mapping[str, Any]) -> Fields:
    return {"status": "assigned", str(body.get("as")): body.get("staff_id")}


def _updated(fields: Fields, body: Mapping[str, Any]) -> Fields:
    untold = {name: UNKNOWN for name in body.get("changed", ()) if name == "received_at"}
    return {**_given(fields, body, (*UPDATED, "signature")), **untold}


def _closed(fields: Fields, body: Mapping[str, Any]) -> Fields:
    return {"status": "closed", "disposition": body.get("disposition")}


def _reopened(fields: Fields, body: Mapping[str, Any]) -> Fields:
    return {"status": "reopened", "disposition": None}


def _merit_call(fields: Fields, body: Mapping[str, Any]) -> Fields:
    return {"merit_calls": body.get("calls", UNKNOWN)}


def _waiting(fields: Fields, body: Mapping[str, Any]) -> Fields:
    return {
        "visit_status": "waiting",
        "ticket": body.get("ticket"),
        "arrived_at": body.get("at"),
        "people_ahead_told": body.get("people_ahead"),
        "estimate_told_minutes": body.get("estimate_minutes"),
    }


def _called(fields: Fields, body: Mapping[str, Any]) -> Fields:
    return {"visit_status": "called", "calls": fields.get("calls", 0) + 1}


def _recalled(fields: Fields, body: Mapping[str, Any]) -> Fields:
    return {"calls": body.get("calls")}


def _moved(status: str) -> Step:
    return lambda fields, body: {"visit_status": status}


def _serving(fields: Fields, body: Mapping[str, Any]) -> Fields:
    return {"visit_status": "serving", "time_in": body.get("at")}


def _timed(fields: Fields, body: Mapping[str, Any]) -> Fields:
    """Of a correction of both times only one is told; the other follows from the wait, in whole seconds."""
    ended, corrected = body.get("service_seconds") is not None, body.get("action") == "corrected"
    told: Fields = {"accurate": body.get("accurate")}
    if corrected:
        told |= {"time_in": UNKNOWN, "time_out": UNKNOWN if ended else None}
    elif ended:
        told["time_out"] = body.get("at")
    else:
        told["time_in"] = body.get("at")
    return told | ({"visit_status": "served"} if ended else {})


def _left(fields: Fields, body: Mapping[str, Any]) -> Fields:
    return {"visit_status": "left", "left_at": body.get("at"), "left_stage": body.get("stage")}


def _auto_closed(fields: Fields, body: Mapping[str, Any]) -> Fields:
    return {"visit_status": "auto_closed", "auto_closed_at": body.get("at"), "accurate": False}


def _raised(fields: Fields, body: Mapping[str, Any]) -> Fields:
    about = body.get("subject", {})
    names = ("rule", "severity", "office_id", "recipients", "raised_at", "dedupe_key", "text")
    fresh: Fields = {"status": "raised", "delivered": [], "acknowledged_by": None, "resolved_at": None, "cause": None}
    return {**fresh, "subject_type": about.get("type"), "subject_id": about.get("id"), **_given(fields, body, names)}


def _delivered(fields: Fields, body: Mapping[str, Any]) -> Fields:
    status = fields.get("status")
    taken = [*fields.get("delivered", ()), f"{body.get('channel')}:{body.get('recipient')}"]
    return {"status": "delivered" if status == "raised" else status, "delivered": taken}


def _acknowledged(fields: Fields, body: Mapping[str, Any]) -> Fields:
    return {"status": "acknowledged", "acknowledged_by": body.get("by"), "acknowledged_at": body.get("at")}


def _resolved(fields: Fields, body: Mapping[str, Any]) -> Fields:
    return {"status": "resolved", "resolved_at": body.get("at"), "cause": body.get("cause")}


REQUEST: Final[Mapping[str, Step]] = {
    "request.created": _created,
    "request.assigned": _assigned,
    "request.updated": _updated,
    "request.closed": _closed,
    "request.reopened": _reopened,
    "merit.call.logged": _merit_call,
    "visit.waiting": _waiting,
    "visit.called": _called,
    "visit.recalled": _recalled,
    "visit.returned": _moved("waiting"),
    "visit.held": _moved("on_hold"),
    "visit.resumed": _moved("serving"),
    "visit.no_show": _moved("no_show"),
    "visit.serving": _serving,
    "walkin.timed": _timed,
    "visit.left": _left,
    "visit.auto_closed": _auto_closed,
}
ALERT: Final[Mapping[str, Step]] = {
    "alert.raised": _raised,
    "alert.delivered": _delivered,
    "alert.acknowledged": _acknowledged,
    "alert.resolved": _resolved,
}
FOLDS: Final[Mapping[str, tuple[str, Mapping[str, Step]]]] = {
    "requests": ("request", REQUEST),
    "alerts": ("alert", ALERT),
}
