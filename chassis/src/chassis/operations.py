"""What operators do: look into the parking lot, redrive, discard; repair unreadable records; rebuild roll-ups.

Opaque ids, types, counts and places only: an operator sees no personal data. Every action is audited.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field

from chassis import unreadable
from chassis.batch import Batch
from chassis.database import Connection
from chassis.door import bearer_of
from chassis.envelope import safe
from chassis.items import Item, SetAside
from chassis.lanes import CHOSEN, GROUPS, REPEATS, discard_first, preview_lane, redrive
from chassis.openapi import no
from chassis.parking import fingerprint
from chassis.pipeline import Blamed, Pipeline
from chassis.proofs import ProofError, Verifier
from chassis.reading import Reader
from chassis.tallies import UnderWay
from chassis.wiring import Service

_PREVIEWED_LANES = 100

AUDIT = """
INSERT INTO audit (at, actor, sender, action, subject, outcome) VALUES (now(), $1, $2, $3, $4, $5)"""


class Choice(BaseModel):
    """Which lanes: all conditions hold together; none means every lane."""

    model_config = ConfigDict(extra="forbid")

    lane: str | None = None
    fingerprint: str | None = None
    type: str | None = None
    limit: int = Field(default=1000, ge=1, le=10_000)


class Redrive(Choice):
    """Try these lanes again, this many a second. A dry run only says what would happen."""

    dry_run: bool = True
    per_second: float = Field(default=10.0, gt=0, le=1000)


class Discard(BaseModel):
    """Give up the first message of a lane."""

    model_config = ConfigDict(extra="forbid")

    lane: str
    reason: str = Field(min_length=3, max_length=500)


class Place(BaseModel):
    """Where an unreadable record lies."""

    model_config = ConfigDict(extra="forbid")

    topic: str
    partition: int = Field(ge=0, lt=2**31)
    offset: int = Field(ge=0, lt=2**63)


class Resend(Place):
    """Send an unreadable record again, some of its headers and its body put right."""

    headers: dict[str, str] = Field(default_factory=dict)
    key: str | None = None
    body: str | None = Field(default=None, max_length=1_000_000)


class Rebuild(BaseModel):
    """Count all roll-ups again. A dry run only says what is wrong."""

    model_config = ConfigDict(extra="forbid")

    dry_run: bool = True


class Operations:
    """The operator's side of one service."""

    def __init__(self, service: Service, reader: Reader, verifier: Verifier, pipeline: Pipeline) -> None:
        self._service = service
        self._reader = reader
        self._verifier = verifier
        self._pipeline = pipeline
        self.unauthorized = 0
        """Requests whose bearer token did not hold. They leave nothing but this count."""

    async def operator(self, request: Request) -> str:
        """The staff id behind the request; 401 without a good token, 403 for anybody but an operator."""
        try:
            proven = self._verifier.check_bearer(bearer_of(request), datetime.now(UTC))
        except ProofError as error:
            self.unauthorized += 1
            raise HTTPException(401, f"the bearer token does not hold: {error.reason}") from None
        operators = self._service.operators
        person = None if operators is None else await self._pipeline.find(operators.cls, proven.subject)
        if operators is None or person is None or not operators.allowed(person):
            raise HTTPException(403, "operators only")
        return proven.subject

    async def groups(self) -> list[dict[str, Any]]:
        """Parked lanes by fingerprint."""
        return [dict(row) for row in await self._rows(GROUPS)]

    async def lanes(self, choice: Choice) -> list[dict[str, Any]]:
        """The lanes of a choice, the oldest first."""
        chosen = [row["lane"] for row in await self._chosen(choice)]
        rows = await self._rows(SHOWN, chosen)
        return [dict(row) for row in rows]

    async def redrive(self, wanted: Redrive, actor: str) -> dict[str, Any]:
        """Dry run: a rehearsal, undone. Else: the lanes are due again."""
        lanes = [row["lane"] for row in await self._chosen(wanted)]
        if wanted.dry_run:
            return await self._rehearsed(lanes)

        async def work(_: Batch, connection: Connection) -> None:
            await redrive(connection, lanes, wanted.per_second)
            await connection.execute(AUDIT, actor, "operator", "redrive", wanted.lane, f"{len(lanes)} lanes")

        await self._done(await self._pipeline.transact(work))
        self._pipeline.moved.set()
        return {"service": self._service.name, "lanes": len(lanes), "seconds": len(lanes) / wanted.per_second}

    async def discard(self, wanted: Discard, actor: str) -> dict[str, Any]:
        """The first message of the lane is answered with a refusal; what is behind it goes on."""

        async def work(batch: Batch, connection: Connection) -> int | None:
            discarded = await discard_first(batch, connection, self._service, wanted.lane, wanted.reason, actor)
            outcome = "nothing parked" if discarded is None else wanted.reason
            await connection.execute(AUDIT, actor, "operator", "discard", wanted.lane, outcome)
            return discarded

        discarded = await self._done(await self._pipeline.transact(work))
        if discarded is None:
            raise HTTPException(404, "nothing is parked in this lane")
        return {"service": self._service.name, "lane": wanted.lane, "parked_id": discarded}

    async def rebuild_rollups(self, wanted: Rebuild, actor: str) -> dict[str, Any]:
        """All states counted again, while everything goes on; cells that are wrong are put right."""
        try:
            told = await self._pipeline.recount(correct=not wanted.dry_run)
        except UnderWay:
            raise HTTPException(409, "the roll-ups are being rebuilt already") from None

        async def note(_: Batch, connection: Connection) -> None:
            outcome = f"{told.wrong_cells} cells"
            await connection.execute(AUDIT, actor, "operator", "rebuild-rollups", None, outcome)

        if not wanted.dry_run:
            await self._done(await self._pipeline.transact(note))
        return {
            "service": self._service.name,
            "dry_run": wanted.dry_run,
            "states": told.states,
            "wrong_cells": told.wrong_cells,
        }

    async def unreadable(self) -> list[dict[str, Any]]:
        """Places, reasons and sizes; never bytes."""
        return [_shown(row) for row in await self._rows(unreadable.LIST)]

    async def described(self, place: Place) -> dict[str, Any]:
        """What of one record's envelope is there."""
        return unreadable.described(await self._kept(place))

    async def resend(self, wanted: Resend, actor: str) -> dict[str, Any]:
        """The repaired record takes the way of any other; its proof is judged by when it was appended."""
        kept, prefix = await self._kept(wanted), self._reader.topic_prefix
        read = self._reader.read(unreadable.repaired(kept, wanted.headers, wanted.key, wanted.body, prefix))
        if isinstance(read, SetAside):
            raise HTTPException(422, f"still unreadable: {read.reason}")
        if read is None:
            raise HTTPException(422, "nobody here reads this type")
        await self._pipeline.run([read])

        async def note(_: Batch, connection: Connection) -> None:
            await connection.execute(unreadable.RESENT, wanted.topic, wanted.partition, wanted.offset)
            place = f"{wanted.topic}/{wanted.partition}/{wanted.offset}"
            await connection.execute(AUDIT, actor, "operator", "resend", safe(place), "sent again")

        await self._done(await self._pipeline.transact(note))
        return {"service": self._service.name, "outcome": _outcome(read)}

    async def _rehearsed(self, lanes: list[str]) -> dict[str, Any]:
        """What a redrive would publish, answer and deliver, lane by lane, everything undone."""
        facts: Counter[str] = Counter()
        deliveries: Counter[str] = Counter()
        fails: Counter[str] = Counter()
        done = 0
        for lane in lanes[:_PREVIEWED_LANES]:
            told = await self._pipeline.rehearse(
                lambda batch, connection, lane=lane: preview_lane(batch, connection, self._service, lane)  # type: ignore[misc]
            )
            if isinstance(told, Blamed):
                fails[fingerprint(told.failure)] += 1
                continue
            tried, preview = told
            done += tried.done
            facts += preview.facts
            deliveries += preview.deliveries
            if tried.failure is not None:
                fails[fingerprint(tried.failure)] += 1
        (repeats,) = await self._rows(REPEATS, lanes)
        return {
            "service": self._service.name,
            "dry_run": True,
            "lanes": len(lanes),
            "rehearsed_lanes": min(len(lanes), _PREVIEWED_LANES),
            "messages_done": done,
            "repeats": repeats["repeats"],
            "facts": dict(facts),
            "deliveries": dict(deliveries),
            "fails_again": dict(fails),
        }

    async def _kept(self, place: Place) -> Mapping[str, Any]:
        rows = await self._rows(unreadable.ONE, place.topic, place.partition, place.offset)
        if not rows:
            raise HTTPException(404, "no unreadable record is kept from this place")
        row: Mapping[str, Any] = rows[0]
        return row

    async def _chosen(self, choice: Choice) -> list[Any]:
        return await self._rows(CHOSEN, choice.lane, choice.fingerprint, choice.type, choice.limit)

    async def _rows(self, query: str, *arguments: Any) -> list[Any]:
        told = await self._pipeline.rehearse(lambda _, connection: connection.fetch(query, *arguments))
        rows: list[Any] = await self._done(told)
        return rows

    async def _done(self, result: Any) -> Any:
        if isinstance(result, Blamed):
            raise HTTPException(500, f"failed: {fingerprint(result.failure)}")
        return result


SHOWN = """
SELECT l.lane, l.state, l.type, l.fingerprint, l.attempts, l.since, l.next_try_at, l.waits_for, count(p.id) AS messages
FROM lanes l LEFT JOIN parked p USING (lane) WHERE l.lane = ANY($1::text[])
GROUP BY l.lane ORDER BY l.since, l.lane"""


def make_operations(operations: Operations) -> APIRouter:
    """The routes under `/v1/operations`."""
    router = APIRouter(prefix="/v1/operations")
    actor = Annotated[str, Depends(operations.operator)]

    @router.get("/parked")
    async def groups(_: actor) -> list[dict[str, Any]]:
        return await operations.groups()

    @router.post("/parked/show")
    async def lanes(choice: Choice, _: actor) -> list[dict[str, Any]]:
        return await operations.lanes(choice)

    @router.post("/parked/redrive")
    async def redriven(wanted: Redrive, by: actor) -> dict[str, Any]:
        return await operations.redrive(wanted, by)

    @router.post("/parked/discard", responses=no(404))
    async def discarded(wanted: Discard, by: actor) -> dict[str, Any]:
        return await operations.discard(wanted, by)

    @router.post("/rebuild-rollups")
    async def rebuilt(wanted: Rebuild, by: actor) -> dict[str, Any]:
        return await operations.rebuild_rollups(wanted, by)

    @router.get("/unreadable")
    async def listed(_: actor) -> list[dict[str, Any]]:
        return await operations.unreadable()

    @router.post("/unreadable/show", responses=no(404))
    async def described(place: Place, _: actor) -> dict[str, Any]:
        return await operations.described(place)

    @router.post("/unreadable/resend", responses=no(404, 422))
    async def resent(wanted: Resend, by: actor) -> dict[str, Any]:
        return await operations.resend(wanted, by)

    return router


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "sha256": bytes(row["sha256"]).hex()}


def _outcome(item: Item) -> str:
    return "done" if item.receipt is None else str(item.receipt["outcome"])
