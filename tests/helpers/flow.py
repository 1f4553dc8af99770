"""A running casebus, seen from outside: commands go in by both doors, records are read from topics, rows by SQL."""

import json
import time as system_time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import httpx
from aiokafka import AIOKafkaProducer
from witness import Witness, watching

from casebus_cli.client import Sender, bearer, connect
from casebus_cli.orders import Order, Signature, new_id, structured
from casebus_cli.stack import Stack as Place
from casebus_cli.stack import find_stack
from casebus_contracts.receipts import Receipt
from casebus_testing.sample import sample
from casebus_testing.system import System
from casebus_testing.waiting import eventually

ADAIR, BOONE = sample().offices
ZONE = ZoneInfo("America/Chicago")
LARGEST_REQUEST_BYTES = 20_000_000


@dataclass(frozen=True)
class WalkIn:
    """Somebody who walks into an office, and what reception sends about them."""

    office: str = ADAIR
    request_id: str = field(default_factory=new_id)
    actor: str = ""

    def create(self, **data: Any) -> Order:
        """The request is written down; `data` adds or replaces fields, None removes one."""
        asked = {"request_type": "walk_in", "reasons": ["ebt_card"], "anonymous": True, "channel": "in_person", **data}
        return self._order("CreateRequest", {name: value for name, value in asked.items() if value is not None})

    def check_in(self) -> Order:
        """A ticket is taken."""
        return self._order("CheckIn", {})

    def time_in(self) -> Order:
        """Service begins."""
        return self._order("TimeIn", {})

    def time_out(self) -> Order:
        """Service ends."""
        return self._order("TimeOut", {})

    def _order(self, type_: str, data: Mapping[str, Any]) -> Order:
        here = {"request_id": self.request_id, "office_id": self.office, **data}
        return Order(type_, here, self.actor or sample().staff[self.office]["rc_greeter"])


@dataclass(frozen=True)
class Raw:
    """A record as it goes over the wire: anything a sender could write."""

    key: bytes | None
    value: bytes | None
    headers: Mapping[str, bytes | None]
    topic: str = "intake.commands"

    def with_headers(self, **headers: bytes | None) -> "Raw":
        """The same with other headers, `_` for `-`."""
        renamed = {name.replace("content_type", "content-type"): value for name, value in headers.items()}
        return Raw(self.key, self.value, {**self.headers, **renamed}, self.topic)

    def without(self, *names: str) -> "Raw":
        """The same without these headers."""
        return Raw(self.key, self.value, {n: v for n, v in self.headers.items() if n not in names}, self.topic)


@dataclass
class Flow:
    """A system with a sender, a witness of all topics, and a client of its HTTP doors."""

    system: System
    sender: Sender
    witness: Witness
    http: httpx.AsyncClient
    producer: Any

    @property
    def signature(self) -> Signature:
        """What the guest signs with."""
        return self.sender.signature

    async def ask(self, order: Order) -> Receipt:
        """Over Kafka: the final answer."""
        return await self.sender.ask(order)

    async def accepted(self, *orders: Order) -> list[Receipt]:
        """Send these one after another over Kafka; each must be accepted."""
        receipts = [await self.sender.ask(order) for order in orders]
        for receipt in receipts:
            assert receipt.outcome == "accepted", receipt
        return receipts

    async def post(self, order: Order, process: str = "") -> tuple[int, dict[str, Any]]:
        """Over HTTP, to a process of the owner: status and answer."""
        return await self.post_event(structured(order, "guest"), order.actor, process or order.owner)

    async def post_event(
        self, event: Mapping[str, Any], actor: str, process: str = "intake", token: str | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Any JSON object to the door of a process; the token is the guest's unless one is given."""
        place = place_of(self.system)
        headers = {
            "content-type": "application/cloudevents+json",
            "authorization": f"Bearer {bearer(place, 'guest', actor) if token is None else token}",
        }
        content = json.dumps(event, ensure_ascii=False).encode()
        answer = await self.http.post(f"{place.door(process)}/v1/commands", content=content, headers=headers)
        return answer.status_code, answer.json()

    def record(self, order: Order) -> Raw:
        """The record of an order, rightly signed."""
        return Raw(order.record_key.encode(), order.body, dict(self.signature.headers(order)), order.topic)

    async def put(self, record: Raw, partition: int | None = 0) -> tuple[int, int]:
        """Write any record; its partition and offset."""
        topic = self.system.prefix + record.topic
        headers = list(record.headers.items())
        done = await self.producer.send_and_wait(topic, record.value, record.key, partition=partition, headers=headers)
        return done.partition, done.offset

    async def rows(self, service: str, query: str, *arguments: Any) -> list[tuple[Any, ...]]:
        """Rows of a query to the database of a service."""
        return await rows(self.system, service, query, *arguments)

    async def facts_kept(self, subject_id: str, service: str = "intake") -> list[tuple[str, int]]:
        """Type and number of every fact about an aggregate, as its owner's journal has them."""
        query = "SELECT type, sequence FROM journal WHERE aggregate_id = $1 ORDER BY sequence"
        return [(str(type_), int(number)) for type_, number in await self.rows(service, query, subject_id)]

    def open_a_new_day(self, hour: int = 9) -> None:
        """Move the time to the next morning of the offices: nobody waits, tickets begin at 1."""
        here = self.system.clock.now().astimezone(ZONE)
        morning = datetime.combine(here.date() + timedelta(days=1), time(hour), ZONE)
        self.system.clock.shift(morning - here)

    async def directory_says(self, staff_id: str, holds: Callable[[asyncpg.Record], bool], *services: str) -> None:
        """Wait until these services have applied what makes `holds` true of a staff member."""
        for service in services or ("intake", "notifications"):

            async def applied(service: str = service) -> bool:
                found = await records(
                    self.system,
                    service,
                    "SELECT id, role, office_id, active, supervisor_id FROM staff WHERE id = $1",
                    staff_id,
                )
                return bool(found) and holds(found[0])

            await eventually(applied, within=20, what=f"{service} knows the change of {staff_id}")


def id_in(ahead: timedelta) -> str:
    """A uuid7 of a later moment."""
    milliseconds = int((system_time.time() + ahead.total_seconds()) * 1000)
    digits = f"{milliseconds:012x}"
    return f"{digits[:8]}-{digits[8:]}{new_id()[13:]}"


def place_of(system: System) -> Place:
    """The places of a system as other programs read them."""
    return find_stack(str(system.run_dir / "stack.json"))


@asynccontextmanager
async def flow_of(system: System) -> AsyncIterator[Flow]:
    """A connected view of a running system."""
    place = place_of(system)
    # Not idempotent: after a record that the broker refuses, aiokafka would go on with a number too high.
    producer = AIOKafkaProducer(bootstrap_servers=place.bootstrap, acks="all", max_request_size=LARGEST_REQUEST_BYTES)
    async with (
        connect(place) as sender,
        watching(place, list(place.signing_keys)) as witness,
        httpx.AsyncClient(timeout=30, trust_env=False, limits=httpx.Limits(max_connections=200)) as http,
        producer,
    ):
        yield Flow(system, sender, witness, http, producer)


async def rows(system: System, service: str, query: str, *arguments: Any) -> list[tuple[Any, ...]]:
    """Rows of a query to the database of a service, as tuples."""
    return [tuple(row) for row in await records(system, service, query, *arguments)]


async def records(system: System, service: str, query: str, *arguments: Any) -> list[asyncpg.Record]:
    """Rows of a query to the database of a service."""
    connection = await asyncpg.connect(system.database(service))
    try:
        return list(await connection.fetch(query, *arguments))
    finally:
        await connection.close()
