"""What staffing shows: who of an office is available, with the comment beside it (I-22); the directory (I-19)."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, Field

from access.asking import Asker, Asking, Narrowed, PurposeQuery, Within
from access.matrix import Ability
from casebus_contracts import Position, Role
from casebus_contracts.base import Name, OfficeId
from chassis.inside import Inside
from chassis.openapi import no
from chassis.paging import AfterQuery, LimitQuery, Page, page_of, place_in
from chassis.problems import Unanswered

BOARD = """
SELECT s.id AS staff_id, s.name, s.role, coalesce(a.available, true) AS available, a.comment
FROM staff s LEFT JOIN availabilities a ON a.id = s.id
WHERE s.office_id = $1 AND s.active ORDER BY s.name, s.id"""

OFFICE = "SELECT 1 AS known FROM offices WHERE id = $1"

# A directory has some thousand rows, of which every one may be seen: it is read through.
PEOPLE = """
SELECT s.id AS staff_id, s.name, s.work_email, s.role, s.office_id, s.positions::text, s.active, s.supervisor_id
FROM staff s JOIN offices o ON o.id = s.office_id
WHERE ($1::text IS NULL OR s.office_id = $1) AND ($2::text IS NULL OR o.region_id = $2)
  AND ($3::text IS NULL OR o.county_fips = $3)
  AND ($4::text IS NULL OR strpos(lower(s.name), lower($4)) > 0)
  AND ($5::text IS NULL OR s.role = $5) AND ($6::text IS NULL OR s.positions ? $6)
  AND ($7::text IS NULL OR s.id > $7)
ORDER BY s.id LIMIT $8"""


class OnTheBoard(BaseModel):
    """A member of staff of the office."""

    staff_id: str
    name: str
    role: Role
    available: bool
    comment: str | None = Field(None, description="Shown for a purpose only.")


class Member(BaseModel):
    """Somebody of the directory."""

    staff_id: str
    name: str
    work_email: str
    role: Role
    office_id: str
    positions: list[Position]
    active: bool
    supervisor_id: str | None = None


class Directory:
    """Answers about staff."""

    def __init__(self, inside: Inside, asking: Asking) -> None:
        self._inside = inside
        self._asking = asking

    async def board(self, asker: Asker, office_id: str, purpose: str | None) -> list[OnTheBoard]:
        """To those who keep the availability of all in the office, or their own in it."""
        look = asker.look("see availability", office_id, purpose)
        own = (asker.person.id,) if asker.person.office_id == office_id else ()
        await self._asking.allow(asker, look, Ability.AVAILABILITY, office=office_id, owners=own)
        if await self._inside.queries.row(OFFICE, office_id) is None:
            raise Unanswered(404, "no such office", field="office_id")
        rows = await self._inside.queries.rows(BOARD, office_id)
        if purpose is not None:
            await self._asking.shown(look, [row["staff_id"] for row in rows if row["comment"]])
        return [_on_the_board(row, commented=purpose is not None) for row in rows]

    async def people(
        self,
        narrowed: Within,
        name: str | None,
        role: Role | None,
        position: Position | None,
        after: str | None,
        limit: int,
    ) -> Page[Member]:
        """To all staff: the directory is how they find one another."""
        where = (narrowed.office_id, narrowed.region_id, narrowed.county_fips)
        (behind,) = place_in(after, str) or (None,)
        rows = await self._inside.queries.rows(PEOPLE, *where, name, role, position, behind, limit + 1)
        return page_of([_member(row) for row in rows], limit, lambda each: (each.staff_id,))


def make_reads(inside: Inside) -> APIRouter:
    """`/v1/offices/{office_id}/availability`, `/v1/staff`."""
    router, asking = APIRouter(), Asking(inside)
    directory = Directory(inside, asking)
    asked = Annotated[Asker, Depends(asking.asker)]

    @router.get(
        "/v1/offices/{office_id}/availability",
        responses=no(404),
        summary="See who is available; with a purpose, comments as well",
    )
    async def board(
        asker: asked, office_id: Annotated[OfficeId, Path()], purpose: PurposeQuery | None = None
    ) -> list[OnTheBoard]:
        return await directory.board(asker, office_id, purpose)

    @router.get("/v1/staff", summary="Search the directory")
    async def people(
        _: asked,
        narrowed: Narrowed,
        name: Annotated[Name | None, Query(description="Part of the name.")] = None,
        role: Role | None = None,
        position: Position | None = None,
        after: AfterQuery = None,
        limit: LimitQuery = 50,
    ) -> Page[Member]:
        return await directory.people(narrowed, name, role, position, after, limit)

    return router


def _on_the_board(row: Mapping[str, Any], *, commented: bool) -> OnTheBoard:
    return OnTheBoard(**{**row, "comment": row["comment"] if commented else None})


def _member(row: Mapping[str, Any]) -> Member:
    return Member(**{**row, "positions": json.loads(row["positions"])})
