"""The HTTP door: commands in CloudEvents structured form, the same pipeline, the receipt as the answer."""

import asyncio
import itertools
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import JSONResponse

from chassis.failures import DatabaseAway
from chassis.items import Item, Origin
from chassis.openapi import document_with
from chassis.pipeline import Pipeline
from chassis.problems import BoundedBody, problem, tell_problems
from chassis.proofs import ProofError, Proven, Verifier
from chassis.reading import MAX_BODY_BYTES, Arrival, Reader
from chassis.rules import Invalid
from chassis.wiring import Service

_AT_ONCE = 64
"""Requests in the pipeline or waiting for it; more are told to come again."""
_GROUP = 100

STATUS = {"accepted": 200, "refused": 422, "invalid": 400, "conflict": 409, "parked": 202, "waiting": 202}


@dataclass(frozen=True, slots=True)
class Vitals:
    """What health is judged by. Each check says what is wrong, or nothing."""

    live: Callable[[], list[str]]
    ready: Callable[[], list[str]]
    details: Callable[[], dict[str, Any]] = dict
    """What is worth knowing beside, without making the service unready."""


class Door:
    """Takes commands over HTTP and hands them to the pipeline in small groups."""

    def __init__(self, service: Service, reader: Reader, verifier: Verifier, pipeline: Pipeline) -> None:
        self.service = service
        self._reader = reader
        self._verifier = verifier
        self._pipeline = pipeline
        # Each arrival is an origin of its own; the number must not repeat after a restart.
        self._numbers = itertools.count(time.time_ns())
        self._waiting: list[tuple[Item, asyncio.Future[None]]] = []
        self._working: asyncio.Task[None] | None = None
        self.unauthorized = 0

    async def command(self, request: Request) -> Response:
        """`POST /v1/commands`."""
        arrived = datetime.now(UTC)
        try:
            proven = self._verifier.check_bearer(bearer_of(request), arrived)
        except ProofError as error:
            self.unauthorized += 1
            return problem(401, f"the bearer token does not hold: {error.reason}", {"WWW-Authenticate": "Bearer"})
        if len(self._waiting) >= _AT_ONCE:
            return problem(503, "too many commands under way", {"Retry-After": "1"})
        if self._pipeline.circuit.is_open:
            return problem(503, "no commands are taken in: too many fail", {"Retry-After": "60"})
        body = await request.body()
        arrival = self._arrival(request, body, proven, arrived)
        if isinstance(arrival, str):
            field, _, what = arrival.rpartition(": ")
            return problem(400, what, field=field)
        item = self._reader.arrived(arrival)
        try:
            await self._handled(item)
        except DatabaseAway:
            return problem(503, "the database is away", {"Retry-After": "2"})
        return _answer(item, self.service.who_rules)

    async def give(self, proven: Proven, message_id: str, type_: str, data: dict[str, Any]) -> Response:
        """A command that a route of this service makes for whoever asked; answered like any other.

        Raises DatabaseAway.
        """
        if len(self._waiting) >= _AT_ONCE or self._pipeline.circuit.is_open:
            return problem(503, "too many commands under way", {"Retry-After": "1"})
        body = json.dumps(data, separators=(",", ":")).encode()
        origin = Origin("http", 0, next(self._numbers))
        item = self._reader.arrived(Arrival(message_id, type_, None, body, proven, origin, datetime.now(UTC)))
        await self._handled(item)
        return _answer(item, self.service.who_rules)

    def _arrival(self, request: Request, body: bytes, proven: Proven, arrived: datetime) -> Arrival | str:
        """The command inside the event, or what is wrong with the event as a whole."""
        try:
            event = json.loads(body)
        except (ValueError, RecursionError):
            return "body: no JSON"
        if not isinstance(event, dict):
            return "body: no CloudEvent"
        if strange := set(event) - _MEMBERS:
            return f"{_member(min(strange))}: unknown"
        for name in ("specversion", "id", "type", "source"):
            if not isinstance(event.get(name), str) or "\x00" in event[name]:
                return f"{name}: missing or no text"
        if request.headers.get("idempotency-key", event["id"]) != event["id"]:
            return "Idempotency-Key: is not the id of the event"
        data = json.dumps(event.get("data"), separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
        flaw = None if event["specversion"] == "1.0" else Invalid("specversion", "is not 1.0")
        origin = Origin("http", 0, next(self._numbers))
        return Arrival(
            event["id"],
            event["type"],
            None,
            data,
            proven,
            origin,
            arrived,
            correlation=str(event.get("correlationid") or ""),
            traceparent=request.headers.get("traceparent") or str(event.get("traceparent") or ""),
            flaw=flaw,
        )

    async def _handled(self, item: Item) -> None:
        """Wait until the item's transaction is committed."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, done))
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._work())
        await done

    async def _work(self) -> None:
        """What arrives while a transaction runs goes into the next one together."""
        while self._waiting:
            group, self._waiting = self._waiting[:_GROUP], self._waiting[_GROUP:]
            try:
                await self._pipeline.run([item for item, _ in group])
            except Exception as error:
                for _, done in group:
                    if not done.done():
                        done.set_exception(error)
            else:
                for _, done in group:
                    if not done.done():
                        done.set_result(None)


_MEMBERS = {
    "specversion",
    "id",
    "type",
    "source",
    "subject",
    "time",
    "data",
    "datacontenttype",
    "dataschema",
    "correlationid",
    "causationid",
    "partitionkey",
    "traceparent",
}


def _member(name: str) -> str:
    """An attribute as CloudEvents spells them; anything else is not quoted."""
    return name if name.isascii() and name.isalnum() and name.islower() else "a member"


def make_http(door: Door, vitals: Vitals, *routers: APIRouter) -> FastAPI:
    """The service's HTTP application: the door, the health checks, and what else it offers."""
    http = FastAPI(docs_url=None, redoc_url=None)
    tell_problems(http)
    http.add_middleware(BoundedBody, limit_bytes=MAX_BODY_BYTES)
    document_with(http, door.service)
    http.add_api_route("/v1/commands", door.command, methods=["POST"], response_model=None)

    add_health(http, vitals)
    for router in routers:
        http.include_router(router)
    return http


def add_health(http: FastAPI, vitals: Vitals) -> None:
    """`GET /health/live` (else: start it anew) and `GET /health/ready` (else: send commands elsewhere)."""

    @http.get("/health/live")
    async def live() -> Response:
        return _health(vitals.live())

    @http.get("/health/ready")
    async def ready() -> Response:
        return _health(vitals.ready(), vitals.details())


def _health(problems: list[str], details: Mapping[str, Any] = MappingProxyType({})) -> Response:
    return JSONResponse({"problems": problems, **details}, 503 if problems else 200)


def _answer(item: Item, who_rules: frozenset[str]) -> Response:
    receipt = item.receipt
    if receipt is None:
        return problem(500, "handled without an answer")
    first = receipt.get("first", receipt)
    status = STATUS[first["outcome"]]
    if first["outcome"] == "refused" and first.get("rule") in who_rules:
        status = 403
    return JSONResponse(receipt, status)


def bearer_of(request: Request) -> str | None:
    """The bearer token of a request, if it has one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" and token else None
