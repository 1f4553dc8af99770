"""The lobby of an office as it is now (I-10, I-42): who waits, how long, for what, and who is there to serve.

The queue is the guard that hands out tickets; the rest are today's tickets of the office, a few hundred at most.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field

from access.asking import Asker, Asking, PurposeQuery
from access.directory import Office
from access.matrix import Ability
from casebus_contracts import Role
from casebus_contracts.base import OfficeId
from chassis.inside import Inside
from chassis.openapi import no
from chassis.problems import Unanswered
from intake.lobby import Lobby, Place, Waiting
from intake.reads.shapes import Person
from intake.request import OPEN_VISIT, VisitStatus

USUAL_PRIORITY = 2

HERE = """
SELECT r.id::text, r.visit_status, r.ticket, r.ticket_day, r.reasons::text, r.priority, r.arrived_at, r.time_in,
       r.interviewer, r.caseworker, r.calls, r.anonymous, r.client::text
FROM requests r WHERE r.office_id = $1 AND (r.ticket_day = $2 OR r.id = ANY($3::uuid[]))"""

PEOPLE = """
SELECT s.id AS staff_id, s.name, s.role, coalesce(a.available, true) AS available
FROM staff s LEFT JOIN availabilities a ON a.id = s.id
WHERE s.office_id = $1 AND s.active ORDER BY s.name, s.id"""


class Visitor(BaseModel):
    """Somebody in the lobby or at a desk."""

    request_id: str
    visit_status: VisitStatus
    ticket: int
    priority: int
    reasons: list[str]
    arrived_at: datetime
    waited_seconds: int = Field(description="From arrival until service began, or until now.")
    place: int | None = Field(None, description="In the queue, from 1; absent for whoever does not wait.")
    calls: int
    time_in: datetime | None = None
    interviewer: str | None = None
    caseworker: str | None = None
    client: Person | None = None


class ForReason(BaseModel):
    """Of those who wait, how many came for this."""

    reason: str
    waiting: int


class Colleague(BaseModel):
    """A member of staff of the office. Comments on availability are with staffing."""

    staff_id: str
    name: str
    role: Role
    available: bool


class Dashboard(BaseModel):
    """The lobby of an office."""

    office_id: str
    at: datetime
    waiting: int
    serving: int
    longest_wait_seconds: int
    estimate_minutes: int = Field(description="What somebody who comes in now would be told.")
    people_ahead: int = Field(description="Of somebody who comes in now.")
    by_reason: list[ForReason]
    visitors: list[Visitor]
    staff: list[Colleague]
    staff_available: int
    tickets_today: int
    served_today: int


class Dashboards:
    """Answers greeters."""

    def __init__(self, inside: Inside, asking: Asking) -> None:
        self._inside = inside
        self._asking = asking

    async def of(self, asker: Asker, office_id: str, purpose: str | None) -> Dashboard:
        """The lobby now; with a purpose, names as well."""
        look = asker.look("see the lobby", office_id, purpose)
        await self._asking.allow(asker, look, Ability.DASHBOARD, office=office_id)
        office = await self._inside.find(Office, office_id)
        if office is None:
            raise Unanswered(404, "no such office", field="office_id")
        now = self._inside.clock.now()
        lobby = await self._inside.find(Lobby, office_id) or Lobby(office_id)
        rows = await self._inside.queries.rows(HERE, office_id, office.local_day(now), _known(lobby))
        people = await self._inside.queries.rows(PEOPLE, office_id)
        shown = _dashboard(office, lobby, now, rows, people, named=purpose is not None)
        if purpose is not None:
            await self._asking.shown(look, [each.request_id for each in shown.visitors])
        return shown


def routes(inside: Inside, asking: Asking) -> APIRouter:
    """`/v1/offices/{office_id}/dashboard`."""
    router, dashboards = APIRouter(), Dashboards(inside, asking)

    @router.get(
        "/v1/offices/{office_id}/dashboard",
        responses=no(404),
        summary="See the lobby of an office; with a purpose, names as well",
    )
    async def dashboard(
        asker: Annotated[Asker, Depends(asking.asker)],
        office_id: Annotated[OfficeId, Path()],
        purpose: PurposeQuery | None = None,
    ) -> Dashboard:
        return await dashboards.of(asker, office_id, purpose)

    return router


def _known(lobby: Lobby) -> list[str]:
    return [*(each.request_id for each in lobby.waiting), *lobby.serving]


def _dashboard(
    office: Office,
    lobby: Lobby,
    now: datetime,
    rows: Iterable[Mapping[str, Any]],
    people: Iterable[Mapping[str, Any]],
    *,
    named: bool,
) -> Dashboard:
    queue, told = _queue(office, lobby, now)
    places = {each.request_id: number for number, each in enumerate(queue, 1)}
    known = list(rows)
    here = [_visitor(row, places.get(row["id"]), now, named) for row in known if _is_here(row, places, office, now)]
    here.sort(key=lambda each: (each.place is None, each.place or 0, each.arrived_at))
    reasons = Counter(reason for each in here if each.place for reason in each.reasons)
    today = [row for row in known if row["ticket_day"] == office.local_day(now)]
    staff = [Colleague(**row) for row in people]
    return Dashboard(
        office_id=office.id,
        at=now,
        waiting=len(queue),
        serving=sum(each.visit_status is VisitStatus.SERVING for each in here),
        longest_wait_seconds=max((_seconds(each.arrived_at, now) for each in queue), default=0),
        estimate_minutes=told.estimate_minutes,
        people_ahead=told.people_ahead,
        by_reason=[ForReason(reason=reason, waiting=count) for reason, count in reasons.most_common()],
        visitors=here,
        staff=staff,
        staff_available=sum(each.available for each in staff),
        tickets_today=len(today),
        served_today=sum(row["visit_status"] == VisitStatus.SERVED for row in today),
    )


def _queue(office: Office, lobby: Lobby, now: datetime) -> tuple[list[Waiting], Place]:
    """Who waits, in order, and what somebody who comes in now would be told: as checking in would decide it."""
    usual = timedelta(minutes=office.settings.default_service_minutes)
    day, overnight = office.local_day(now), not office.auto_close
    joined, told = lobby.join("", USUAL_PRIORITY, day, now, usual, overnight=overnight)
    there = (each for each in joined.waiting if each.request_id and (overnight or each.day == day))
    return sorted(there, key=lambda each: (each.priority, each.arrived_at)), told


def _is_here(row: Mapping[str, Any], places: Mapping[str, int], office: Office, now: datetime) -> bool:
    """In the queue, or called, served or on hold since this morning (or for ever where nobody is sent home)."""
    if row["visit_status"] not in OPEN_VISIT:
        return False
    if row["visit_status"] == VisitStatus.WAITING:
        return row["id"] in places
    return row["ticket_day"] == office.local_day(now) or not office.auto_close


def _visitor(row: Mapping[str, Any], place: int | None, now: datetime, named: bool) -> Visitor:
    told = {name: row[name] for name in _SHOWN}
    client = Person(**json.loads(row["client"])) if named and row["client"] else None
    waited = _seconds(row["arrived_at"], row["time_in"] or now)
    reasons = json.loads(row["reasons"])
    return Visitor(request_id=row["id"], place=place, waited_seconds=waited, client=client, reasons=reasons, **told)


_SHOWN = ("visit_status", "ticket", "priority", "arrived_at", "calls", "time_in", "interviewer", "caseworker")


def _seconds(since: datetime, until: datetime) -> int:
    return max(0, int((until - since).total_seconds()))
