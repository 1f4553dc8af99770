"""What notifications shows: alerts, by office, rule, state, days and subject (I-19), and memos in force (I-25).

Alerts name rules, offices, staff and opaque ids, memos nobody: no purpose is asked for, and no record kept.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from access.asking import Asker, Asking, Narrowed, Within
from access.matrix import Ability
from casebus_contracts import MemoKind, Severity
from casebus_contracts.base import Code, Day
from casebus_contracts.notifications import SubjectId
from chassis.inside import Inside
from chassis.openapi import no
from chassis.paging import AfterQuery, LimitQuery, Page, page_of, place_in
from chassis.problems import Unanswered
from notifications.alert import AlertStatus

DAYS_MAX = 31
"""How far a search reaches that does not say what the alerts are about."""

SHOWN = """
a.id::text AS alert_id, a.rule, a.severity, a.office_id, a.subject_type, a.subject_id, a.status, a.raised_at,
a.recipients::text, a.text, a.acknowledged_by, a.acknowledged_at, a.resolved_at, a.cause"""

FITS = """
    ($4::text IS NULL OR a.rule = $4)
AND ($5::text IS NULL OR a.status = $5)
AND ($6::timestamptz IS NULL OR (a.raised_at, a.id) < ($6, $7::uuid))"""

BY_TIME = f"""
WITH found AS MATERIALIZED (
    SELECT t.id
    FROM offices o CROSS JOIN LATERAL (
        SELECT a.id, a.raised_at FROM alerts a
        WHERE a.office_id = o.id
          AND a.raised_at >= $2::date::timestamp AT TIME ZONE o.zone
          AND a.raised_at < ($3::date + 1)::timestamp AT TIME ZONE o.zone
          AND {FITS}
        ORDER BY a.raised_at DESC, a.id DESC LIMIT $8
    ) t
    WHERE o.id = ANY($1::text[])
    ORDER BY t.raised_at DESC, t.id DESC LIMIT $8
)
SELECT {SHOWN} FROM found JOIN alerts a ON a.id = found.id ORDER BY a.raised_at DESC, a.id DESC"""

BY_SUBJECT = f"""
SELECT {SHOWN} FROM alerts a JOIN offices o ON o.id = a.office_id
WHERE a.subject_id = $9 AND a.office_id = ANY($1::text[])
  AND ($2::date IS NULL OR a.raised_at >= $2::date::timestamp AT TIME ZONE o.zone)
  AND ($3::date IS NULL OR a.raised_at < ($3::date + 1)::timestamp AT TIME ZONE o.zone)
  AND {FITS}
ORDER BY a.raised_at DESC, a.id DESC LIMIT $8"""

MEMOS = """
SELECT m.id::text AS memo_id, m.kind, m.title, m.url, m.about::text, m.valid_from, m.valid_until, m.withdrawn
FROM memos m
WHERE ($1::text IS NULL OR m.about ? $1)
  AND ($2::timestamptz IS NULL OR (
      NOT m.withdrawn AND m.valid_from <= $2 AND (m.valid_until IS NULL OR m.valid_until > $2)))
  AND ($3::timestamptz IS NULL OR (m.valid_from, m.id) < ($3, $4::uuid))
ORDER BY m.valid_from DESC, m.id DESC LIMIT $5"""


class AlertFound(BaseModel):
    """An alert, and what has become of it."""

    alert_id: str
    rule: str
    severity: Severity
    office_id: str
    subject_type: str
    subject_id: str
    status: AlertStatus
    raised_at: datetime
    recipients: list[str] = Field(description="Staff ids.")
    text: str
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    resolved_at: datetime | None = None
    cause: str | None = Field(None, description="The type of the fact that ended it.")


class MemoShown(BaseModel):
    """A memo or hot tip."""

    memo_id: str
    kind: MemoKind
    title: str
    url: str
    about: list[str]
    valid_from: datetime
    valid_until: datetime | None = None
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which alerts. All that is given holds."""

    rule: str | None
    status: AlertStatus | None
    subject_id: str | None
    first: date | None
    last: date | None


def wanted(
    rule: Annotated[Code | None, Query(description="Only alerts of this rule.")] = None,
    status: Annotated[AlertStatus | None, Query(description="Only alerts in this state.")] = None,
    subject_id: Annotated[SubjectId | None, Query(description="Only about this request, office or form.")] = None,
    raised_from: Annotated[Day | None, Query(description="A local day of the office.")] = None,
    raised_to: Annotated[Day | None, Query(description="The last day, which is included.")] = None,
) -> Wanted:
    """What is asked for, from the query."""
    return Wanted(rule, status, subject_id, raised_from, raised_to)


class Lists:
    """Answers about alerts and memos."""

    def __init__(self, inside: Inside, asking: Asking) -> None:
        self._inside = inside
        self._asking = asking

    async def alerts(
        self, asker: Asker, narrowed: Within, wanted: Wanted, after: str | None, limit: int
    ) -> Page[AlertFound]:
        """Of the offices whose requests the asker may view, the newest first. No alert is about a merit call."""
        place = place_in(after, datetime, UUID) or (None, None)
        days = self._days(wanted)
        scope = await self._asking.scope(asker, asker.look("search alerts"), Ability.VIEW, narrowed)
        offices = [] if scope.merit_only else list(scope.offices)
        asked = (offices, *days, wanted.rule, wanted.status, *place, limit + 1)
        if wanted.subject_id is None:
            rows = await self._inside.queries.rows(BY_TIME, *asked)
        else:
            rows = await self._inside.queries.rows(BY_SUBJECT, *asked, wanted.subject_id)
        return page_of([_alert(row) for row in rows], limit, lambda each: (each.raised_at, each.alert_id))

    async def memos(self, about: str | None, in_force: bool, after: str | None, limit: int) -> Page[MemoShown]:
        """To all staff, the newest first."""
        place = place_in(after, datetime, UUID) or (None, None)
        now = self._inside.clock.now() if in_force else None
        rows = await self._inside.queries.rows(MEMOS, about, now, *place, limit + 1)
        return page_of([_memo(row) for row in rows], limit, lambda each: (each.valid_from, each.memo_id))

    def _days(self, wanted: Wanted) -> tuple[date | None, date | None]:
        """As asked for. Without a subject a month at most, usually the last one."""
        first, last = wanted.first, wanted.last
        if wanted.subject_id is not None:
            return first, last
        month = timedelta(days=DAYS_MAX - 1)
        if last is None:
            # Nowhere is it later than tomorrow.
            last = self._inside.clock.now().date() + timedelta(days=1) if first is None else first + month
        first = first or last - month
        if not timedelta() <= last - first <= month:
            raise Unanswered(400, f"at most {DAYS_MAX} days where no subject is given", field="raised_to")
        return first, last


def make_reads(inside: Inside) -> APIRouter:
    """`/v1/alerts`, `/v1/memos`."""
    router, asking = APIRouter(), Asking(inside)
    lists = Lists(inside, asking)
    asked = Annotated[Asker, Depends(asking.asker)]

    @router.get("/v1/alerts", responses=no(404), summary="Search alerts: of the last 31 days, if nothing else is said")
    async def alerts(
        asker: asked,
        narrowed: Narrowed,
        wanted: Annotated[Wanted, Depends(wanted)],
        after: AfterQuery = None,
        limit: LimitQuery = 50,
    ) -> Page[AlertFound]:
        return await lists.alerts(asker, narrowed, wanted, after, limit)

    @router.get("/v1/memos", summary="See memos and hot tips")
    async def memos(
        _: asked,
        about: Annotated[Code | None, Query(description="The code of a reason, or of what a call is about.")] = None,
        in_force: Annotated[
            bool, Query(description="`false`: also those of the past, the future, or withdrawn.")
        ] = True,
        after: AfterQuery = None,
        limit: LimitQuery = 50,
    ) -> Page[MemoShown]:
        return await lists.memos(about, in_force, after, limit)

    return router


def _alert(row: Mapping[str, Any]) -> AlertFound:
    return AlertFound(**{**row, "recipients": json.loads(row["recipients"])})


def _memo(row: Mapping[str, Any]) -> MemoShown:
    return MemoShown(**{**row, "about": json.loads(row["about"])})
