"""The reception log of an office: everybody who was spoken to on one local day, in the order in which they came.

Who only wrote in is not in it (V-06). The log can be had page by page, or as a file with the whole day: that is
streamed, and each part of it is on record before it goes out.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Response

from access.asking import Asker, Asking, PurposeQuery
from access.directory import Office
from access.matrix import Ability
from casebus_contracts import LeaveStage
from casebus_contracts.base import Day, OfficeId
from chassis.audit import Look
from chassis.csv_out import MEDIA_TYPE, Format, Wanted, csv_response
from chassis.inside import Inside
from chassis.openapi import no
from chassis.paging import AfterQuery, LimitQuery, Page, page_of, place_in
from chassis.problems import Unanswered
from intake.reads.shapes import BRIEF, Brief, Person, brief, ids
from intake.voters.offer import TALKED

STREAMED_AT_ONCE = 500

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


COLUMNS = (*(name for name in Entry.model_fields if name != "client"), *Person.model_fields)
"""Of the file: those of an entry, then those of its client."""


class ReceptionLog:
    """Answers about one day of one office."""

    def __init__(self, inside: Inside, asking: Asking) -> None:
        self._inside = inside
        self._asking = asking

    async def page(self, look: Look, office: Office, day: date | None, after: str | None, limit: int) -> Page[Entry]:
        """Part of the day."""
        return await self._page(look, office, day, place_in(after, datetime, UUID), limit)

    async def file(self, look: Look, office: Office, day: date | None) -> Response:
        """The whole day as CSV, a part at a time."""
        wanted = self._day(office, day)
        return await csv_response(f"reception-log-{office.id}-{wanted}", COLUMNS, self._parts(look, office, wanted))

    async def look(self, asker: Asker, office_id: str, purpose: str) -> tuple[Look, Office]:
        """What is wanted, once it is allowed."""
        look = asker.look("see reception log", office_id, purpose)
        await self._asking.allow(asker, look, Ability.VIEW, office=office_id)
        office = await self._inside.find(Office, office_id)
        if office is None:
            raise Unanswered(404, "no such office", field="office_id")
        return look, office

    async def _parts(self, look: Look, office: Office, day: date) -> AsyncIterator[list[list[Any]]]:
        page = await self._page(look, office, day, None, STREAMED_AT_ONCE)
        yield [_cells(entry) for entry in page.items]
        while page.next is not None:
            page = await self.page(look, office, day, page.next, STREAMED_AT_ONCE)
            yield [_cells(entry) for entry in page.items]

    async def _page(
        self, look: Look, office: Office, day: date | None, place: tuple[Any, ...] | None, limit: int
    ) -> Page[Entry]:
        where = (office.id, sorted(TALKED), self._day(office, day), *(place or (None, None)))
        rows = await self._inside.queries.rows(DAY, *where, limit + 1)
        page = page_of(_entries(rows), limit, lambda each: (each.received_at, each.request_id))
        await self._asking.shown(look, ids(page.items))
        return page

    def _day(self, office: Office, day: date | None) -> date:
        return day or office.local_day(self._inside.clock.now())


def routes(inside: Inside, asking: Asking) -> APIRouter:
    """`/v1/offices/{office_id}/reception-log`."""
    router, receptions = APIRouter(), ReceptionLog(inside, asking)
    told: dict[int | str, dict[str, Any]] = {
        200: {"description": "a page, or a file", "content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}
    }

    @router.get(
        "/v1/offices/{office_id}/reception-log",
        responses={**no(404), **told},
        response_model=Page[Entry],
        summary="See the reception log of a day; as a file, the whole of it",
    )
    async def log(
        asker: Annotated[Asker, Depends(asking.asker)],
        office_id: Annotated[OfficeId, Path()],
        purpose: PurposeQuery,
        day: DayQuery = None,
        after: AfterQuery = None,
        limit: LimitQuery = 50,
        format: Wanted = Format.JSON,
    ) -> Any:
        look, office = await receptions.look(asker, office_id, purpose)
        if format is Format.CSV:
            return await receptions.file(look, office, day)
        return await receptions.page(look, office, day, after, limit)

    return router


def _entries(rows: Sequence[Mapping[str, Any]]) -> list[Entry]:
    more = Entry.model_fields.keys() - Brief.model_fields.keys()
    return [Entry(**brief(row).model_dump(), **{name: row[name] for name in more}) for row in rows]


def _cells(entry: Entry) -> list[Any]:
    """The entry as a line of the file; without a client, the last columns are empty."""
    return [
        getattr(entry, name, None) if name in Entry.model_fields else getattr(entry.client, name, None)
        for name in COLUMNS
    ]
