"""The reception log of an office: everybody who was spoken to on one local day, in the order in which they came.

Who only wrote in is not in it (V-06). The log can be had page by page, or streamed whole: then each page is on record
before it goes out.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import StreamingResponse

from access.asking import Asker, Asking, PurposeQuery
from access.directory import Office
from access.matrix import Ability
from casebus_contracts import LeaveStage
from casebus_contracts.base import Day, OfficeId
from chassis.audit import Look
from chassis.inside import Inside
from chassis.openapi import no
from chassis.paging import AfterQuery, LimitQuery, Page, page_of, place_in
from chassis.problems import Unanswered
from intake.reads.shapes import BRIEF, Brief, brief, ids
from intake.voters.offer import TALKED

STREAMED_AT_ONCE = 500
NDJSON = "application/x-ndjson"

DAY = f"""
SELECT {BRIEF}, r.estimate_told_minutes, r.accurate, r.left_stage, r.disposition
FROM requests r JOIN offices o ON o.id = r.office_id
WHERE r.office_id = $1 AND r.channel = ANY($2::text[])
  AND r.received_at >= $3::date::timestamp AT TIME ZONE o.zone
  AND r.received_at < ($3::date + 1)::timestamp AT TIME ZONE o.zone
  AND ($4::timestamptz IS NULL OR (r.received_at, r.id) > ($4, $5::uuid))
ORDER BY r.received_at, r.id LIMIT $6"""

DayQuery = Annotated[Day | None, Query(description="A local day of the office; today if absent.")]


class Entry(Brief):
    """A line of the log."""

    estimate_told_minutes: int | None = None
    accurate: bool
    left_stage: LeaveStage | None = None
    disposition: str | None = None


class ReceptionLog:
    """Answers about one day of one office."""

    def __init__(self, inside: Inside, asking: Asking) -> None:
        self._inside = inside
        self._asking = asking

    async def page(self, look: Look, office: Office, day: date | None, after: str | None, limit: int) -> Page[Entry]:
        """Part of the day."""
        return await self._page(look, office, day, place_in(after, datetime, UUID), limit)

    async def lines(self, look: Look, office: Office, day: date | None) -> AsyncIterator[str]:
        """The whole day, a JSON object a line."""
        page = await self._page(look, office, day, None, STREAMED_AT_ONCE)
        return self._lines(page, look, office, day)

    async def look(self, asker: Asker, office_id: str, purpose: str) -> tuple[Look, Office]:
        """What is wanted, once it is allowed."""
        look = asker.look("see reception log", office_id, purpose)
        await self._asking.allow(asker, look, Ability.VIEW, office=office_id)
        office = await self._inside.find(Office, office_id)
        if office is None:
            raise Unanswered(404, "no such office", field="office_id")
        return look, office

    async def _lines(self, page: Page[Entry], look: Look, office: Office, day: date | None) -> AsyncIterator[str]:
        while True:
            yield "".join(f"{entry.model_dump_json(exclude_none=True)}\n" for entry in page.items)
            if page.next is None:
                return
            page = await self.page(look, office, day, page.next, STREAMED_AT_ONCE)

    async def _page(
        self, look: Look, office: Office, day: date | None, place: tuple[Any, ...] | None, limit: int
    ) -> Page[Entry]:
        wanted = day or office.local_day(self._inside.clock.now())
        where = (office.id, sorted(TALKED), wanted, *(place or (None, None)))
        rows = await self._inside.queries.rows(DAY, *where, limit + 1)
        page = page_of(_entries(rows), limit, lambda each: (each.received_at, each.request_id))
        await self._asking.shown(look, ids(page.items))
        return page


def routes(inside: Inside, asking: Asking) -> APIRouter:
    """`/v1/offices/{office_id}/reception-log`, and `/stream` behind it."""
    router, receptions = APIRouter(), ReceptionLog(inside, asking)
    asked = Annotated[Asker, Depends(asking.asker)]
    OfficePath = Annotated[OfficeId, Path()]  # noqa: N806 - a type

    @router.get("/v1/offices/{office_id}/reception-log", responses=no(404), summary="See the reception log of a day")
    async def page(
        asker: asked,
        office_id: OfficePath,
        purpose: PurposeQuery,
        day: DayQuery = None,
        after: AfterQuery = None,
        limit: LimitQuery = 50,
    ) -> Page[Entry]:
        look, office = await receptions.look(asker, office_id, purpose)
        return await receptions.page(look, office, day, after, limit)

    streamed: dict[int | str, dict[str, Any]] = {
        200: {"description": "An `Entry` a line.", "content": {NDJSON: {"schema": {"type": "string"}}}}
    }

    @router.get(
        "/v1/offices/{office_id}/reception-log/stream",
        responses={**no(404), **streamed},
        response_class=StreamingResponse,
        summary="See the reception log of a day as a stream",
    )
    async def stream(
        asker: asked, office_id: OfficePath, purpose: PurposeQuery, day: DayQuery = None
    ) -> StreamingResponse:
        look, office = await receptions.look(asker, office_id, purpose)
        return StreamingResponse(await receptions.lines(look, office, day), media_type=NDJSON)

    return router


def _entries(rows: Sequence[Mapping[str, Any]]) -> list[Entry]:
    more = Entry.model_fields.keys() - Brief.model_fields.keys()
    return [Entry(**brief(row).model_dump(), **{name: row[name] for name in more}) for row in rows]
