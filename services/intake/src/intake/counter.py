"""Routes of the counter: call whoever is next; see who is likely the same client."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, HTTPException, Path, Request, Response
from pydantic import BaseModel, Field

from access.asking import Asker, Asking
from access.directory import SYSTEM, Staff
from access.matrix import Ability, may
from casebus_contracts import Role
from casebus_contracts.base import UUID7_PATTERN
from casebus_contracts.receipts import Receipt
from chassis.ids import new_id
from chassis.inside import Inside
from chassis.openapi import no
from chassis.problems import Problem, Unanswered
from chassis.proofs import Proven
from chassis.rules import Refused, derived_id
from intake.clients import KnownClient, agreement, likely_same
from intake.lobby import Lobby

_TRIES = 10
_CANDIDATES = 200

FREE = """
SELECT id::text FROM requests
WHERE id = ANY($1::uuid[]) AND visit_status = 'waiting'
  AND ($2 = '' OR coalesce(interviewer, $2) = $2 OR caseworker = $2)
"""

KNOWN = "SELECT receipt FROM inbox WHERE id = $1 AND sender = $2 AND receipt IS NOT NULL"

ALIKE = """
SELECT id::text FROM clients
WHERE merged_into IS NULL AND id <> $1 AND (name_key = $2 OR dcn = $3 OR phone_key = $4) ORDER BY id LIMIT $5
"""

ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "the receipt of the `Invite`", "model": Receipt},
    202: {"description": "the `Invite` is kept and tried again", "model": Receipt},
    403: {"description": "this person may not", "model": Receipt | Problem},
    422: {"description": "the `Invite` was refused", "model": Receipt},
}
OfficePath = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
ClientPath = Annotated[str, Path(pattern=UUID7_PATTERN)]
IdempotencyKey = Annotated[str | None, Header(pattern=UUID7_PATTERN)]


class Likely(BaseModel):
    """A client who is likely the same person as another."""

    client_id: str
    agree: list[str] = Field(description="`dcn`, `name`, `birth_date`, `phone`: where both say the same.")


class Counter:
    """Answers what staff at the counter ask."""

    def __init__(self, inside: Inside, asking: Asking) -> None:
        self._inside = inside
        self._asking = asking

    async def invite_next(self, request: Request, office_id: str, key: str | None) -> Response:
        """The first in line whom the asker may call is called; the next one if somebody else was faster."""
        proven = self._inside.proven(request)
        person = await self._person(proven)
        own = (person.id,) if person.role is not Role.ES or person.office_id == office_id else ()
        _allow(may(person, Ability.QUEUE, office=office_id, owners=own))
        for message_id in _ids(key):
            if key is not None and (known := await self._answered(message_id, proven)) is not None:
                if _too_late(known):
                    continue
                return Response(json.dumps(known), 200, media_type="application/json")
            request_id = await self._next(office_id, person)
            if request_id is None:
                raise Unanswered(404, "nobody waits whom you may call")
            answer = await self._inside.door.give(
                proven, message_id, "Invite", {"request_id": request_id, "office_id": office_id}
            )
            if not _too_late(json.loads(bytes(answer.body))):
                return answer
        raise HTTPException(503, "others were faster each time", {"Retry-After": "1"})

    async def duplicates(self, asker: Asker, client_id: str) -> list[Likely]:
        """Who is likely the same person, and in which details they agree. Ids and names of details only."""
        await self._asking.allow(asker, asker.look("see likely duplicates", client_id), Ability.VIEW)
        client = await self._inside.find(KnownClient, client_id)
        if client is None:
            raise Unanswered(404, "no such client", field="client_id")
        keys = (client.id, client.name_key, client.dcn, client.phone_key)
        rows = await self._inside.queries.rows(ALIKE, *keys, _CANDIDATES)
        others = [await self._inside.find(KnownClient, row["id"]) for row in rows]
        return [
            Likely(client_id=other.id, agree=list(agreement(client, other)))
            for other in others
            if other is not None and likely_same(client, other)
        ]

    async def _person(self, proven: Proven) -> Staff:
        if proven.subject == SYSTEM.id:
            return SYSTEM
        person = await self._inside.find(Staff, proven.subject)
        if person is None:
            raise Unanswered(403, "not in the directory", rule="I-07")
        return person

    async def _next(self, office_id: str, person: Staff) -> str | None:
        """In the order of the queue. A specialist passes over those of other interviewers."""
        lobby = await self._inside.find(Lobby, office_id)
        if lobby is None:
            return None
        line = sorted(lobby.waiting, key=lambda each: (each.priority, each.arrived_at))
        only_own = person.id if person.role is Role.ES else ""
        rows = await self._inside.queries.rows(FREE, [each.request_id for each in line], only_own)
        free = {row["id"] for row in rows}
        return next((each.request_id for each in line if each.request_id in free), None)

    async def _answered(self, message_id: str, proven: Proven) -> dict[str, Any] | None:
        rows = await self._inside.queries.rows(KNOWN, message_id, proven.sender)
        return json.loads(rows[0]["receipt"]) if rows else None


def make_counter(inside: Inside) -> APIRouter:
    """The routes under `/v1/offices` and `/v1/clients`."""
    router, asking = APIRouter(), Asking(inside)
    counter = Counter(inside, asking)

    @router.post("/v1/offices/{office_id}/invite-next", response_model=None, responses={**no(404), **ANSWERS})
    async def invite_next(request: Request, office_id: OfficePath, idempotency_key: IdempotencyKey = None) -> Response:
        return await counter.invite_next(request, office_id, idempotency_key)

    @router.get("/v1/clients/{client_id}/duplicates", responses=no(404))
    async def duplicates(asker: Annotated[Asker, Depends(asking.asker)], client_id: ClientPath) -> list[Likely]:
        return await counter.duplicates(asker, client_id)

    return router


def _allow(denied: Refused | None) -> None:
    if denied is not None:
        raise Unanswered(403, denied.reason, rule=denied.rule)


def _too_late(receipt: Mapping[str, Any]) -> bool:
    """Somebody else has called, or taken over, this visitor meanwhile."""
    return receipt.get("outcome") == "refused" and receipt.get("rule") in ("INV-I1", "I-26")


def _ids(key: str | None) -> Iterator[str]:
    """A command id for each try; a repeated request has the same ones again."""
    for number in range(_TRIES):
        if key is None:
            yield new_id()
        elif number == 0:
            yield key
        else:
            made = int(key.replace("-", "")[:12], 16) / 1000
            yield derived_id(datetime.fromtimestamp(made, UTC), key, str(number))
