"""Gives commands to intake (or another service) over its door, on a real database; records can be fed beside."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from fastapi import APIRouter, FastAPI
from pipeline_rig import Anybody, Rig, make_rig

from casebus_contracts import OfficeSettings, Role
from chassis.audit import AuditLog
from chassis.clock import Clock
from chassis.database import open_reads
from chassis.door import Door, Vitals, make_http
from chassis.ids import new_id
from chassis.inside import Inside
from chassis.observing import metrics_page
from chassis.operations import Operations, make_operations
from chassis.queries import Queries
from chassis.wiring import Service
from intake.handlers import SERVICE

OFFICE, ELSEWHERE = "ADAIR", "BOONE"
PLACES = ((OFFICE, "29001", "northeast"), (ELSEWHERE, "29019", "central"))
"""Offices with their counties and regions."""
ROLES = tuple(Role)

OFFICES = """
INSERT INTO offices (id, version, name, county_fips, region_id, zone, opens, closes, active, receptionist, settings)
SELECT id, 1, id, fips, region, 'America/Chicago', '08:00', '17:00', true, true, $4
FROM unnest($1::text[], $2::text[], $3::text[]) AS place(id, fips, region)"""

STAFF = """
INSERT INTO staff (id, version, name, work_email, role, office_id, positions, active)
SELECT $2 || role, 1, role, role || '@example.gov', role, $3, '[]', true FROM unnest($1::text[]) AS role"""


@dataclass
class Desk:
    """Gives commands to intake as members of an office, one of each role."""

    rig: Rig
    inside: Inside
    app: FastAPI
    http: httpx.AsyncClient

    async def ask(self, command: str, actor: str, **data: Any) -> dict[str, Any]:
        """The receipt of one command."""
        event = {"specversion": "1.0", "id": new_id(), "type": command, "source": "/desk", "data": data}
        answer = await self.http.post("/v1/commands", json=event, headers={"authorization": f"Bearer guest:{actor}"})
        receipt: dict[str, Any] = answer.json()
        return receipt

    async def done(self, command: str, actor: str, **data: Any) -> list[str]:
        """The types of the facts of a command that must be accepted."""
        receipt = await self.ask(command, actor, **data)
        assert receipt["outcome"] == "accepted", receipt
        return [fact["type"] for fact in receipt["facts"]]

    async def request(self, request_type: str = "walk_in", actor: str = "clerical", **more: Any) -> dict[str, str]:
        """A new request: its id and office, as commands about visits name them."""
        this = {"request_id": new_id(), "office_id": more.pop("office_id", OFFICE)}
        given = {"reasons": ["apply"], "anonymous": True, "channel": "in_person", **more}
        await self.done("CreateRequest", actor, **this, request_type=request_type, **given)
        return this

    async def next(self, actor: str, key: str | None = None) -> httpx.Response:
        """Call whoever is next."""
        headers = {"authorization": f"Bearer guest:{actor}", **({"idempotency-key": key} if key else {})}
        return await self.http.post(f"/v1/offices/{OFFICE}/invite-next", headers=headers)

    async def get(self, path: str, actor: str) -> httpx.Response:
        """What the service tells this person."""
        return await self.http.get(path, headers={"authorization": f"Bearer guest:{actor}"})

    async def post(self, path: str, actor: str, **asked: Any) -> httpx.Response:
        """The same, where what is asked is no part of the address."""
        return await self.http.post(path, json=asked, headers={"authorization": f"Bearer guest:{actor}"})

    @staticmethod
    def subject(answer: httpx.Response) -> str:
        """The request an answer is about."""
        assert answer.status_code == 200, answer.text
        _, _, request_id = answer.json()["facts"][0]["subject"].partition("/")
        return str(request_id)

    async def column(self, name: str, request: dict[str, str]) -> Any:
        """One column of a request."""
        ((value,),) = await self.rig.rows(f"SELECT {name} FROM requests WHERE id = $1", request["request_id"])
        return value


@asynccontextmanager
async def open_desk(
    dsn: str, *routes: Callable[[Inside], APIRouter], service: Service = SERVICE
) -> AsyncIterator[Desk]:
    """The door of a service over its database, with the people of two offices and `routes` beside its own.

    Staff ids are roles; those of the second office begin with its name.
    """
    rig = await make_rig(dsn, service)
    await _settle(rig)
    reads = await open_reads(dsn, name="test")
    door = Door(service, rig.reader, Anybody(), rig.pipeline)
    inside = Inside(service, Anybody(), rig.pipeline, door, Queries(reads), AuditLog(rig.pool, Clock()), Clock())
    operations = make_operations(Operations(service, rig.reader, Anybody(), rig.pipeline))
    own = (make(inside) for make in (*service.routes, *routes))
    http = make_http(door, Vitals(list, list), operations, metrics_page(rig.pipeline.metrics), *own)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(http), base_url="http://door") as client:
        yield Desk(rig, inside, http, client)
    await asyncio.wait_for(reads.close(), 10)
    await asyncio.wait_for(rig.pool.close(), 10)


async def _settle(rig: Rig) -> None:
    """Regions, counties, offices, and one member of staff of each role in each office."""
    names, counties, regions = zip(*PLACES, strict=True)
    await rig.rows("INSERT INTO regions (id, version, name) SELECT r, 1, r FROM unnest($1::text[]) AS r", regions)
    await rig.rows(
        "INSERT INTO counties (id, version, name, region_id) SELECT c, 1, c, r FROM unnest($1::text[], $2::text[]) "
        "AS county(c, r)",
        counties,
        regions,
    )
    await rig.rows(OFFICES, names, counties, regions, OfficeSettings().model_dump_json())
    for office, prefix in ((OFFICE, ""), (ELSEWHERE, f"{ELSEWHERE}-")):
        await rig.rows(STAFF, ROLES, prefix, office)
