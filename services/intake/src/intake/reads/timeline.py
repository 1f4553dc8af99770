"""A client through time: their requests, and what happened to each, whatever id they once came under (I-06)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field

from access.asking import Asker, Asking, PurposeQuery, Scope, Within
from access.matrix import Ability
from casebus_contracts import RequestType
from casebus_contracts.base import UUID7_PATTERN
from chassis.inside import Inside
from chassis.openapi import no
from chassis.paging import AfterQuery, LimitQuery, Page, page_of, place_in
from chassis.problems import Unanswered
from intake.clients import KnownClient
from intake.reads.shapes import BRIEF, Brief, Person, brief, ids

SURVIVOR = """
SELECT id::text FROM clients WHERE id = $1::uuid AND merged_into IS NULL
UNION ALL
SELECT id::text FROM clients WHERE absorbed @> to_jsonb($1::text) AND merged_into IS NULL"""

REQUESTS = f"""
SELECT {BRIEF} FROM requests r
WHERE r.client->>'client_id' = ANY($1::text[]) AND r.office_id = ANY($2::text[])
  AND ($3::text IS NULL OR r.request_type = $3)
  AND ($4::timestamptz IS NULL OR (r.received_at, r.id) < ($4, $5::uuid))
ORDER BY r.received_at DESC, r.id DESC LIMIT $6"""

STEPS = """
SELECT aggregate_id, type, at, actor FROM journal
WHERE aggregate = 'request' AND aggregate_id = ANY($1::text[]) ORDER BY aggregate_id, sequence"""

MERGES = """
SELECT body::json->>'merged' AS merged, at, actor FROM journal
WHERE aggregate = 'client' AND aggregate_id = $1 AND type = 'client.merged' ORDER BY sequence"""


class Step(BaseModel):
    """Something that happened: the type of the fact that told it."""

    what: str
    at: datetime
    by: str


class Contact(Brief):
    """A request of the client, with its steps."""

    steps: list[Step]


class Merge(BaseModel):
    """Another id turned out to be this client."""

    merged: str
    at: datetime
    by: str


class Timeline(Page[Contact]):
    """A client through time, the newest request first."""

    client_id: str = Field(description="Who the client is today: the survivor, if they were merged.")
    absorbed: list[str] = Field(description="Ids this client came under before.")
    known: Person
    merges: list[Merge]


class Timelines:
    """Answers about one client."""

    def __init__(self, inside: Inside, asking: Asking) -> None:
        self._inside = inside
        self._asking = asking

    async def of(self, asker: Asker, client_id: str, purpose: str, after: str | None, limit: int) -> Timeline:
        """Everything of this client in the offices that the asker sees; of nobody they do not see at all."""
        look = asker.look("see timeline", client_id, purpose)
        scope = await self._asking.scope(asker, look, Ability.VIEW, Within())
        client = await self._client(client_id)
        rows = await self._requests(client, scope, place_in(after, datetime, UUID), limit)
        if not rows and after is None:
            raise Unanswered(404, "nobody who has asked for anything where you may look", field="client_id")
        page = page_of([brief(row) for row in rows], limit, lambda each: (each.received_at, each.request_id))
        steps = await self._steps(ids(page.items))
        merges = await self._inside.queries.rows(MERGES, client.id)
        await self._asking.shown(look, [client.id, *ids(page.items)])
        return Timeline(
            items=[Contact(**each.model_dump(), steps=steps[each.request_id]) for each in page.items],
            next=page.next,
            client_id=client.id,
            absorbed=list(client.absorbed),
            known=_person(client),
            merges=[Merge(merged=row["merged"], at=row["at"], by=row["actor"]) for row in merges],
        )

    async def _client(self, client_id: str) -> KnownClient:
        """Who this is today."""
        row = await self._inside.queries.row(SURVIVOR, client_id)
        client = None if row is None else await self._inside.find(KnownClient, row["id"])
        if client is None:
            raise Unanswered(404, "no such client", field="client_id")
        return client

    async def _requests(
        self, client: KnownClient, scope: Scope, place: tuple[Any, ...] | None, limit: int
    ) -> Sequence[Mapping[str, Any]]:
        kind = RequestType.MERIT_CALL if scope.merit_only else None
        everybody = [client.id, *client.absorbed]
        where = (everybody, list(scope.offices), kind, *(place or (None, None)))
        return await self._inside.queries.rows(REQUESTS, *where, limit + 1)

    async def _steps(self, request_ids: list[str]) -> Mapping[str, list[Step]]:
        steps: dict[str, list[Step]] = defaultdict(list)
        for row in await self._inside.queries.rows(STEPS, request_ids):
            steps[row["aggregate_id"]].append(Step(what=row["type"], at=row["at"], by=row["actor"]))
        return steps


def routes(inside: Inside, asking: Asking) -> APIRouter:
    """`/v1/clients/{client_id}/timeline`."""
    router, timelines = APIRouter(), Timelines(inside, asking)

    @router.get("/v1/clients/{client_id}/timeline", responses=no(404), summary="See a client through time")
    async def timeline(
        asker: Annotated[Asker, Depends(asking.asker)],
        client_id: Annotated[str, Path(pattern=UUID7_PATTERN)],
        purpose: PurposeQuery,
        after: AfterQuery = None,
        limit: LimitQuery = 50,
    ) -> Timeline:
        return await timelines.of(asker, client_id, purpose, after, limit)

    return router


def _person(client: KnownClient) -> Person:
    told = {name: getattr(client, name) for name in ("last_name", "first_name", "middle", "birth_date", "dcn", "phone")}
    return Person(client_id=client.id, **told)
