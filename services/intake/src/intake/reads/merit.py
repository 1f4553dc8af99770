"""Search of the merit call center over its entries (I-47): cases, and each call about them."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from access.asking import Asker, Asking, Scope
from access.matrix import Ability
from chassis.inside import Inside
from chassis.openapi import no
from chassis.paging import Page
from intake.reads.search import Hit, Search, Searching
from intake.reads.shapes import ids

CALLS = """
SELECT request_id::text, id::text AS call_id, at, logged_by, note FROM merit_calls
WHERE request_id = ANY($1::uuid[]) ORDER BY request_id, at, id"""


class Call(BaseModel):
    """One call about a case."""

    call_id: str
    at: datetime
    logged_by: str
    note: str | None = None


class Case(Hit):
    """A merit entry that was found, with its calls in their order."""

    calls: list[Call]


class Cases(Page[Case]):
    """A page of what was found."""

    complete: bool


def routes(inside: Inside, asking: Asking) -> APIRouter:
    """`POST /v1/merit-calls/search`."""
    router, searching = APIRouter(), Searching(inside, asking)

    @router.post("/v1/merit-calls/search", responses=no(404), summary="Search the merit entries")
    async def search(asker: Annotated[Asker, Depends(asking.asker)], wanted: Search) -> Cases:
        look = asker.look("search merit entries", None, wanted.purpose)
        scope = await asking.scope(asker, look, Ability.MERIT_CALL, wanted.within)
        found = await searching.found(Scope(scope.offices, merit_only=True), wanted)
        calls = await _calls(inside, ids(found.items))
        await asking.shown(look, ids(found.items))
        cases = [Case(**hit.model_dump(), calls=calls[hit.request_id]) for hit in found.items]
        return Cases(items=cases, next=found.next, complete=found.complete)

    return router


async def _calls(inside: Inside, request_ids: list[str]) -> Mapping[str, list[Call]]:
    calls: dict[str, list[Call]] = defaultdict(list)
    for row in await inside.queries.rows(CALLS, request_ids):
        told = dict(row)
        calls[told.pop("request_id")].append(Call(**told))
    return calls
