"""What both hand-written contenders decide: walk-ins created, checked in, timed in and out. State in, rows out."""

import hashlib
import json
import zlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import uuid_utils

from casebus_contracts import CheckIn, CreateRequest, TimeIn, TimeOut

MODELS = {model.__name__: model for model in (CreateRequest, CheckIn, TimeIn, TimeOut)}


class Refused(Exception):
    """The command cannot be carried out."""


@dataclass(slots=True)
class Message:
    """A command as it came."""

    id: str
    type: str
    actor: str
    body: bytes
    origin: tuple[str, int, int]
    now: datetime
    command: Any


@dataclass(slots=True)
class Visit:
    """A request with its visit. `new` has the columns that only creation writes."""

    id: str
    office_id: str
    priority: int
    version: int = 0
    loaded: int = 0
    head: str = ""
    visit_status: str | None = None
    ticket: int | None = None
    ticket_day: Any = None
    people_ahead_told: int | None = None
    estimate_told_minutes: int | None = None
    arrived_at: datetime | None = None
    time_in: datetime | None = None
    time_out: datetime | None = None
    accurate: bool = True
    intervals: list[Any] = field(default_factory=list)
    new: dict[str, Any] | None = None


@dataclass(slots=True)
class Lobby:
    """Who waits and is served in an office."""

    id: str
    version: int = 0
    ticket_days: list[Any] = field(default_factory=list)
    waiting: list[Any] = field(default_factory=list)
    serving: list[str] = field(default_factory=list)
    service_times: list[Any] = field(default_factory=list)


@dataclass(slots=True)
class Rows:
    """What is to be written."""

    inbox: list[tuple[Any, ...]] = field(default_factory=list)
    journal: list[tuple[Any, ...]] = field(default_factory=list)
    outbox: list[tuple[Any, ...]] = field(default_factory=list)
    timers: dict[tuple[str, str], datetime | None] = field(default_factory=dict)
    tallies: dict[tuple[Any, ...], list[int]] = field(default_factory=dict)

    def count(self, tally: str, place: str, day: Any, label: str, value: int = 0, amount: int = 0) -> None:
        """One more in a cell, and in that of its month."""
        for cell in ((tally, place, day, label, value), (f"{tally}.month", place, day.replace(day=1), label, value)):
            change = self.tallies.setdefault(cell, [0, 0])
            change[0] += 1
            change[1] += amount


def handle(
    message: Message,
    visits: dict[str, Visit],
    lobbies: dict[str, Lobby],
    offices: dict[str, Any],
    staff: dict[str, Any],
    rows: Rows,
) -> None:
    """Carry out one command: change the states, add the rows."""
    command, told = message.command, []
    try:
        if staff[message.actor]["office_id"] != command.office_id or staff[message.actor]["role"] != "clerical":
            raise Refused
        facts = _decide(message, command, visits, lobbies, offices[command.office_id], rows)
        told = [_publish(message, visits[command.request_id], topic, fact, rows) for topic, fact in facts]
        outcome = "accepted"
    except (Refused, KeyError):
        outcome = "refused"
    receipt = {"command_id": message.id, "command_type": message.type, "outcome": outcome, "final": True, "facts": told}
    text = json.dumps(receipt, separators=(",", ":"))
    digest = hashlib.sha256(f"{message.type}\n{command.request_id}\n{message.actor}\n".encode() + message.body).digest()
    rows.inbox.append((message.id, "bench", *message.origin, digest, "done", text, message.now))
    headers = _headers(message, message.id, str(uuid_utils.uuid7()), "casebus.receipt", "")
    rows.outbox.append((zlib.crc32(message.id.encode()) % 64, "receipts.bench", message.id, headers, text))


def _decide(
    message: Message,
    command: Any,
    visits: dict[str, Visit],
    lobbies: dict[str, Lobby],
    office: Any,
    rows: Rows,
) -> list[tuple[str, dict[str, Any]]]:
    visit = visits.get(command.request_id)
    if isinstance(command, CreateRequest):
        if visit is not None:
            raise Refused
        visits[command.request_id], created = _create(command, message, office["zone"], rows)
        return [("request.created", created)]
    if visit is None:
        raise Refused
    lobby = lobbies.setdefault(command.office_id, Lobby(command.office_id))
    lobby.version += 1
    if isinstance(command, CheckIn):
        return [("visit.waiting", _check_in(visit, lobby, office, message, rows))]
    if isinstance(command, TimeIn):
        return _time_in(visit, lobby, office, message, rows)
    return [("walkin.timed", _time_out(visit, lobby, office, message, rows))]


def _create(command: CreateRequest, message: Message, zone: ZoneInfo, rows: Rows) -> tuple[Visit, dict[str, Any]]:
    covered = not {"apply", "review", "change_of_address", "register_to_vote_only"}.isdisjoint(command.reasons)
    new = {
        "request_type": command.request_type,
        "channel": command.channel,
        "reasons": command.reasons,
        "anonymous": command.anonymous,
        "nvra_covered": covered,
        "received_at": message.now.isoformat(),
        "created_by": message.actor,
        "client": command.client.model_dump(mode="json") if command.client else None,
        "county_fips": command.county_fips,
        "unsigned": command.unsigned,
        "companions": command.companions,
        "status": "open",
        "zone": zone.key,
    }
    local = message.now.astimezone(zone)
    label = "walk_in.covered" if covered else "walk_in"
    rows.count("requests", command.office_id, local.date(), label)
    rows.count("hours", command.office_id, local.date(), "", local.hour)
    for reason in command.reasons:
        rows.count("reasons.walk_in", command.office_id, local.date(), reason)
    told = {
        name: new[name] for name in ("request_type", "channel", "reasons", "anonymous", "received_at", "created_by")
    }
    told |= {"request_id": command.request_id, "office_id": command.office_id, "county_fips": command.county_fips}
    told |= {"priority": command.priority, "nvra_covered": covered, "source": "manual"}
    return Visit(command.request_id, command.office_id, command.priority, new=new), told


def _check_in(visit: Visit, lobby: Lobby, office: Any, message: Message, rows: Rows) -> dict[str, Any]:
    if visit.visit_status is not None:
        raise Refused
    zone, now = office["zone"], message.now
    day = now.astimezone(zone).date()
    last = next((each["last"] for each in lobby.ticket_days if each["day"] == str(day)), 0)
    ahead = sum((each["priority"], each["arrived_at"]) <= (visit.priority, now.isoformat()) for each in lobby.waiting)
    known = [each["seconds"] for each in lobby.service_times]
    usual = median(known) if len(known) >= 5 else office["settings"]["default_service_minutes"] * 60
    lobby.ticket_days = [{"day": str(day), "last": last + 1}]
    lobby.waiting.append(
        {"request_id": visit.id, "day": str(day), "priority": visit.priority, "arrived_at": now.isoformat()}
    )
    visit.visit_status, visit.ticket, visit.ticket_day, visit.arrived_at = "waiting", last + 1, day, now
    visit.people_ahead_told = ahead
    visit.estimate_told_minutes = ceil(usual * ahead / max(1, len(lobby.serving)) / 60)
    visit.intervals = [_interval("waiting", now, message.actor)]
    rows.timers[visit.id, "waiting"] = now + timedelta(minutes=office["settings"]["wait_limit_minutes"])
    closing = datetime.combine(day, office["closes"], zone)
    if closing > now:
        rows.timers[visit.id, "closing"] = closing
    return {
        **_place(visit, now),
        "people_ahead": ahead,
        "estimate_minutes": visit.estimate_told_minutes,
    }


def _time_in(visit: Visit, lobby: Lobby, office: Any, message: Message, rows: Rows) -> list[tuple[str, dict[str, Any]]]:
    if visit.visit_status != "waiting":
        raise Refused
    visit.visit_status, visit.time_in = "serving", message.now
    _end_interval(visit, message.now)
    visit.intervals.append(_interval("serving", message.now, message.actor))
    lobby.waiting = [each for each in lobby.waiting if each["request_id"] != visit.id]
    lobby.serving.append(visit.id)
    rows.timers[visit.id, "waiting"] = None
    rows.timers[visit.id, "serving"] = message.now + timedelta(minutes=office["settings"]["serve_limit_minutes"])
    served = {**_place(visit, message.now), "staff_id": message.actor}
    return [("visit.serving", served), ("walkin.timed", _timed(visit, "time_in", message))]


def _time_out(visit: Visit, lobby: Lobby, office: Any, message: Message, rows: Rows) -> dict[str, Any]:
    if visit.visit_status != "serving" or visit.time_in is None:
        raise Refused
    visit.visit_status, visit.time_out = "served", message.now
    _end_interval(visit, message.now)
    visit.accurate = visit.time_in.astimezone(office["zone"]).date() == message.now.astimezone(office["zone"]).date()
    lobby.serving = [each for each in lobby.serving if each != visit.id]
    seconds = int((message.now - visit.time_in).total_seconds())
    served = {"request_id": visit.id, "ended_at": message.now.isoformat(), "seconds": seconds}
    lobby.service_times = [*lobby.service_times, served][-20:]
    for name in ("waiting", "serving", "closing"):
        rows.timers[visit.id, name] = None
    _count_times(visit, seconds, rows)
    return {**_timed(visit, "time_out", message), "service_seconds": seconds}


def _count_times(visit: Visit, served: int, rows: Rows) -> None:
    assert visit.time_in is not None
    assert visit.arrived_at is not None
    waited = int((visit.time_in - visit.arrived_at).total_seconds())
    off = (visit.estimate_told_minutes or 0) * 60 - waited
    place, day = visit.office_id, visit.ticket_day
    if not visit.accurate:
        rows.tallies["unserved", place, day, "inaccurate", 0] = [1, 0]  # one a batch at most, and never in this bench
        return
    rows.count("wait", place, day, "", waited // 60, waited)
    rows.count("service", place, day, "", served // 60, served)
    rows.count("estimate", place, day, "", round(off / 60), off)


def _interval(kind: str, start: datetime, staff_id: str) -> dict[str, Any]:
    return {"kind": kind, "start": start.isoformat(), "end": None, "staff_id": staff_id}


def _end_interval(visit: Visit, at: datetime) -> None:
    visit.intervals[-1]["end"] = at.isoformat()


def _place(visit: Visit, at: datetime) -> dict[str, Any]:
    return {"request_id": visit.id, "office_id": visit.office_id, "ticket": visit.ticket, "at": at.isoformat()}


def _timed(visit: Visit, action: str, message: Message) -> dict[str, Any]:
    assert visit.time_in is not None
    assert visit.arrived_at is not None
    wait = int((visit.time_in - visit.arrived_at).total_seconds())
    place = _place(visit, message.now)
    return {**place, "action": action, "staff_id": message.actor, "wait_seconds": wait, "accurate": visit.accurate}


def _publish(message: Message, visit: Visit, topic: str, fact: dict[str, Any], rows: Rows) -> dict[str, Any]:
    fact_id, body = str(uuid_utils.uuid7()), json.dumps(fact, separators=(",", ":"))
    visit.version += 1
    told = (visit.head, str(visit.version), fact_id, topic, message.id, message.actor, message.now.isoformat(), body)
    visit.head = hashlib.sha256("\n".join(told).encode()).hexdigest()
    origin = (message.actor, message.id, message.now, visit.head)
    rows.journal.append(("request", visit.id, visit.version, fact_id, topic, body, *origin))
    subject = f"ce_subject\trequest/{visit.id}\nce_sequence\t{visit.version}\n"
    headers = _headers(message, visit.id, fact_id, topic, subject + f"ce_dataschema\turn:casebus:schema:{topic}:1\n")
    rows.outbox.append((zlib.crc32(visit.id.encode()) % 64, topic, visit.id, headers, body))
    return {"id": fact_id, "type": topic, "subject": f"request/{visit.id}", "sequence": visit.version}


def _headers(message: Message, key: str, id_: str, type_: str, more: str) -> str:
    return (
        f"ce_specversion\t1.0\nce_id\t{id_}\nce_source\t/casebus/intake\nce_type\t{type_}\n{more}"
        f"ce_time\t{message.now.isoformat()}\ncontent-type\tapplication/json\nce_partitionkey\t{key}\n"
        f"ce_correlationid\t{message.id}\nce_causationid\t{message.id}\n"
    )


def zone_of(office: Any) -> dict[str, Any]:
    """An office row, its zone and settings opened."""
    return {"zone": ZoneInfo(office["zone"]), "closes": office["closes"], "settings": json.loads(office["settings"])}
