"""A service over real HTTP with something of every kind in it, and what stands for the parameters of its routes."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pipeline_rig import FakeRecord
from reception_desk import OFFICE, Desk, open_desk

from casebus_testing.waiting import eventually
from chassis.http_server import open_http
from chassis.ids import new_id
from chassis.wiring import Service

BREAK = "ALTER TABLE requests ADD CONSTRAINT broken CHECK (comments IS DISTINCT FROM 'break')"
TODAY = datetime.now(UTC).date()
UNREADABLE = FakeRecord("intake.commands", b"1", b"{}", [("ce_id", b"1"), ("ce_specversion", b"1.0")])


@dataclass(frozen=True)
class Served:
    """Where it listens, and what makes a request of each operation that succeeds."""

    url: str
    desk: Desk
    names: Mapping[str, Any]
    """Values of parameters, of the path and the query, by name."""
    bodies: Mapping[str, Any]
    """Bodies by path."""


@asynccontextmanager
async def serve(dsn: str) -> AsyncIterator[Served]:
    """Intake, with a client, visits, a merit case, a parked command and an unreadable record."""
    async with open_desk(dsn) as desk:
        names = await _filled(desk)
        bodies = await _bodies(desk)
        async with _listening(desk) as url:
            yield Served(url, desk, names, bodies)


@asynccontextmanager
async def serve_lists(dsn: str, service: Service) -> AsyncIterator[Served]:
    """Another service, with two offices and their people."""
    async with open_desk(dsn, service=service) as desk, _listening(desk) as url:
        yield Served(url, desk, {"office_id": OFFICE}, {})


@asynccontextmanager
async def _listening(desk: Desk) -> AsyncIterator[str]:
    """Where the desk answers over real HTTP."""
    http = open_http(desk.app, "127.0.0.1:0")
    host, port = http.address

    async def answers() -> bool:
        try:
            _, writer = await asyncio.open_connection(host, port)
        except ConnectionRefusedError:
            return False
        writer.close()
        return True

    try:
        await eventually(answers, within=10, what="the door listens")
        yield f"http://{host}:{port}"
    finally:
        await asyncio.wait_for(http.close(), 10)


async def _filled(desk: Desk) -> dict[str, Any]:
    client = {"client_id": new_id(), "last_name": "Roe", "first_name": "Jane", "dcn": "00271828"}
    this = await desk.request(anonymous=False, client=client)
    await desk.done("CheckIn", "clerical", **this)
    case = await desk.request("merit_call", actor="merit", channel="phone", case_ref="M-17")
    await desk.done("LogMeritCall", "merit", request_id=case["request_id"], call_id=new_id(), at=f"{TODAY}T00:00:00Z")
    for _ in range(20):
        await desk.done("CheckIn", "clerical", **await desk.request())
    await desk.rig.rows(BREAK)
    parked = await desk.ask("CreateRequest", "clerical", **_walk_in(comments="break"))
    assert parked["outcome"] == "parked", parked
    await desk.rig.feed(UNREADABLE)
    return {
        "office_id": OFFICE,
        "request_id": this["request_id"],
        "client_id": client["client_id"],
        "purpose": "a test",
        "month": f"{TODAY:%Y-%m}",
    }


async def _bodies(desk: Desk) -> dict[str, Any]:
    ((lane,),) = await desk.rig.rows("SELECT lane FROM lanes")
    place = {"topic": UNREADABLE.topic, "partition": 0, "offset": UNREADABLE.offset}
    days = {"received_from": str(TODAY - timedelta(days=2)), "received_to": str(TODAY + timedelta(days=1))}
    mended = {"ce_type": "CheckIn", "ce_source": "/test", "content-type": "application/json", "ce_proof": "guest:es"}
    return {
        "/v1/requests/search": {"purpose": "a test", "name": "roe"},
        "/v1/merit-calls/search": {"purpose": "a test", **days},
        "/v1/operations/rebuild-rollups": {"dry_run": True},
        "/v1/operations/parked/show": {},
        "/v1/operations/parked/redrive": {},
        "/v1/operations/parked/discard": {"lane": lane, "reason": "because"},
        "/v1/operations/unreadable/show": place,
        "/v1/operations/unreadable/resend": {**place, "headers": mended},
    }


def a_command() -> dict[str, Any]:
    """A walk-in as an event."""
    return {"specversion": "1.0", "id": new_id(), "type": "CreateRequest", "source": "/test", "data": _walk_in()}


def _walk_in(**more: Any) -> dict[str, Any]:
    asked = {"request_type": "walk_in", "reasons": ["apply"], "anonymous": True, "channel": "in_person", **more}
    return {"request_id": new_id(), "office_id": OFFICE, **asked}
