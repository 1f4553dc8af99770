"""What each mutant does to the chassis. Every function patches, and says what is wrong from then on."""

import asyncio
import base64
import json
import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import access.proofs
import chassis.batch
import chassis.consumer
import chassis.reading
import chassis.relay.session
import chassis.rows
import chassis.tables
import chassis.workers
from casebus_contracts.receipts import Receipt
from chassis.proofs import Proven

Patch = Callable[[], None]

VERSION_CHECK = "AND t.version = n.loaded_version"


def put(place: Any, name: str, change: Any) -> None:
    """Put something else in the place of what is there. Raises AttributeError when there is nothing of the name."""
    getattr(place, name)
    setattr(place, name, change)


def slow_commits() -> None:
    """No mutation: transactions last somewhat longer, so that those of one process overlap."""
    run = chassis.batch.Batch.run

    async def slowly(self: Any, *arguments: Any) -> None:
        await run(self, *arguments)
        await asyncio.sleep(random.uniform(0, 0.15))

    put(chassis.batch.Batch, "run", slowly)


def inbox_dropped() -> None:
    """Nobody remembers which messages were done."""

    async def nothing(*_: Any) -> dict[Any, Any]:
        return {}

    async def not_written(self: Any, connection: Any) -> None:
        if self.table != "inbox" and self.rows:
            await connection.copy_records_to_table(self.table, records=self.rows, columns=self.columns)

    put(chassis.batch, "look_up", nothing)
    put(chassis.rows.Stream, "write", not_written)


def acknowledged_first() -> None:
    """Offsets are committed before the work is done."""
    run = chassis.consumer.Consumer._run

    async def acknowledge(self: Any, records: Any) -> None:
        self._commit(records)
        await self._finish_commit()
        await run(self, records)

    put(chassis.consumer.Consumer, "_run", acknowledge)


def relay_by_cursor() -> None:
    """The relay goes on from the highest id it has seen; what is committed later under a lower one stays behind."""

    def polled(self: Any, xmin: int, highest: int) -> None:
        self.id = max(self.id, highest)

    put(chassis.relay.session.Floor, "polled", polled)
    put(chassis.relay.session.Floor, "reset", lambda self: None)
    begin = chassis.relay.session.Session.__init__

    def never_from_the_start(self: Any, *arguments: Any) -> None:
        begin(self, *arguments)
        put(self, "_next_unfloored", float("inf"))

    put(chassis.relay.session.Session, "__init__", never_from_the_start)
    slow_commits()


def relay_deletes_first() -> None:
    """The relay deletes rows when it reads them, before Kafka has them."""
    read = chassis.relay.session.Session._read

    async def take(self: Any, in_flight: list[int]) -> Any:
        rows = await read(self, in_flight)
        if rows:
            await self._connection.execute("DELETE FROM outbox WHERE id = ANY($1::bigint[])", [row[0] for row in rows])
        return rows

    put(chassis.relay.session.Session, "_read", take)


def local_clock() -> None:
    """Commands happen when they are read, not when they were sent."""
    arrived = chassis.reading.Reader.arrived

    def now(self: Any, arrival: Any) -> Any:
        item = arrived(self, arrival)
        item.now = self._clock.at(datetime.now(UTC))
        return item

    put(chassis.reading.Reader, "arrived", now)


def upsert_without_version() -> None:
    """States are written over whatever is there, and not locked."""
    begin, update = chassis.tables.Table.__init__, chassis.tables.Table._update

    def careless(self: Any, cls: Any, types: dict[str, str]) -> None:
        begin(self, cls, types)
        put(self, "_lock", self._read)

    def unchecked(self: Any, columns: Any) -> str:
        checked = update(self, columns)
        assert VERSION_CHECK in checked
        return checked.replace(VERSION_CHECK, "")

    put(chassis.tables.Table, "__init__", careless)
    put(chassis.tables.Table, "_update", unchecked)
    slow_commits()


def followers_overtake() -> None:
    """A message is run although one before it in its lane is parked. (And one command fails, so that one is.)"""

    async def none(*_: Any) -> set[str]:
        return set()

    def keep_aside(self: Any, item: Any, state: str) -> None:
        keep(self, item, state)
        self._parked.discard(item.lane)

    keep = chassis.batch.Batch._keep_aside
    put(chassis.batch, "lock_lanes", none)
    put(chassis.batch.Batch, "_keep_aside", keep_aside)
    _first_comment_fails()


def _first_comment_fails() -> None:
    attempt = chassis.batch.Batch._attempt

    def fails_once(self: Any, item: Any) -> Exception | None:
        if getattr(item.message, "comments", None) == "FAILS AT FIRST" and item.parked_id is None:
            item.attempted = True
            return LookupError("at first")
        return attempt(self, item)

    put(chassis.batch.Batch, "_attempt", fails_once)


def claim_apart() -> None:
    """A clock is claimed in a transaction of its own."""
    fire = chassis.workers.Clocks._ready

    async def claimed(self: Any, due: Any) -> Any:
        ready = await fire(self, due)
        async with self._pool.acquire() as connection:
            await connection.execute(
                "DELETE FROM timers WHERE generation = ANY($1::bigint[])", [row["generation"] for row in ready]
            )
        return ready

    async def all_of(self: Any, items: Any) -> set[str]:
        ours = {item.id for item in items if item.kind is chassis.batch.Kind.DUE}
        return ours | await claim(self, [item for item in items if item.id not in ours])

    claim = chassis.batch.Batch._claim
    put(chassis.workers.Clocks, "_ready", claimed)
    put(chassis.batch.Batch, "_claim", all_of)


def timers_before_backlog() -> None:
    """Clocks fire although messages from before lie unread."""

    async def at_once(self: Any, due: Any) -> Any:
        return due

    put(chassis.workers.Clocks, "_ready", at_once)
    run = chassis.consumer.Consumer._run

    async def later(self: Any, records: Any) -> None:
        await asyncio.sleep(random.uniform(1.2, 1.8))
        await run(self, records)

    put(chassis.consumer.Consumer, "_run", later)


def receipts_reencoded() -> None:
    """The receipt that is sent is made anew from the model, not the one that is remembered."""
    send = chassis.batch.Batch._send_receipt

    def anew(self: Any, item: Any, receipt: Any, text: str, receipt_id: str) -> None:
        send(self, item, receipt, Receipt.model_validate_json(text).model_dump_json(), receipt_id)

    put(chassis.batch.Batch, "_send_receipt", anew)


def proof_not_checked() -> None:
    """Whoever a proof names is believed."""

    def believe(self: Any, token: Any, *_: Any) -> Proven:
        payload = (token or b"..").decode().split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
        return Proven(claims["azp"], claims["sub"], "")

    put(access.proofs.Senders, "check_proof", believe)


def outbox_apart() -> None:
    """Outbox rows are written in a transaction of their own, before that of the work is committed."""
    write = chassis.rows.Stream.write
    apart: list[Any] = []

    async def not_here(self: Any, connection: Any) -> None:
        if self.table != "outbox":
            await write(self, connection)
        elif self.rows:
            own = await apart[0].acquire()
            try:
                await own.copy_records_to_table(self.table, records=self.rows, columns=self.columns)
            finally:
                await apart[0].release(own)

    begin = chassis.workers.Clocks.__init__

    def remember_pool(self: Any, pool: Any, *arguments: Any) -> None:
        apart.append(pool)
        begin(self, pool, *arguments)

    put(chassis.rows.Stream, "write", not_here)
    put(chassis.workers.Clocks, "__init__", remember_pool)
    slow_commits()


MUTANTS: Mapping[str, Patch] = MappingProxyType(
    {
        change.__name__.replace("_", "-"): change
        for change in (
            inbox_dropped,
            acknowledged_first,
            relay_by_cursor,
            relay_deletes_first,
            local_clock,
            upsert_without_version,
            followers_overtake,
            claim_apart,
            timers_before_backlog,
            receipts_reencoded,
            proof_not_checked,
            outbox_apart,
        )
    }
)
