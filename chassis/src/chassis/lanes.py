"""Parked lanes: tried again in order with growing pauses, then quarantined; redriven and discarded by hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import asyncpg

from chassis.batch import Batch, Preview
from chassis.database import Connection
from chassis.failures import TooEarly
from chassis.items import Item
from chassis.parking import fingerprint, pause_after, unpacked
from chassis.wiring import Service

MOST_ATTEMPTS = 8
MOST_EARLY_ATTEMPTS = 40
AT_ONCE = 200
_EARLY_PAUSE_SECONDS = 5.0

NEXT = """
SELECT lane, waits_for FROM lanes WHERE state = 'retrying' AND next_try_at <= now() ORDER BY next_try_at LIMIT $1"""

LOCK = "SELECT lane, attempts FROM lanes WHERE lane = $1 FOR UPDATE"

LOCK_DUE = """
SELECT lane, attempts FROM lanes WHERE lane = $1 AND state = 'retrying' AND next_try_at <= now()
FOR UPDATE SKIP LOCKED"""

MESSAGES = "SELECT id, message FROM parked WHERE lane = $1 ORDER BY id LIMIT $2"

FORGET = "DELETE FROM parked WHERE id = ANY($1::bigint[])"

CLOSE = "DELETE FROM lanes l WHERE lane = $1 AND NOT EXISTS (SELECT FROM parked p WHERE p.lane = l.lane)"

FAILED = """
UPDATE lanes SET attempts = $2, state = $3, fingerprint = $4, waits_for = $5, next_try_at = now() + $6
WHERE lane = $1"""

GO_ON = "UPDATE lanes SET attempts = 0, state = 'retrying', next_try_at = now() WHERE lane = $1"

MOVED = """
UPDATE lanes SET next_try_at = now() WHERE waits_for = ANY($1::text[]) AND state = 'retrying' AND next_try_at > now()"""

GROUPS = """
SELECT l.fingerprint, l.state, l.type, count(DISTINCT l.lane) AS lanes, count(p.id) AS messages, min(l.since) AS since,
       max(l.attempts) AS attempts, min(l.lane) AS example
FROM lanes l LEFT JOIN parked p USING (lane) GROUP BY l.fingerprint, l.state, l.type ORDER BY lanes DESC LIMIT 200"""

CHOSEN = """
SELECT lane FROM lanes WHERE ($1::text IS NULL OR lane = $1) AND ($2::text IS NULL OR fingerprint = $2)
AND ($3::text IS NULL OR type = $3) ORDER BY since, lane LIMIT $4"""

REPEATS = """
SELECT count(*) AS repeats FROM parked p JOIN inbox i ON i.id = p.message_id AND i.sender = p.sender
WHERE p.lane = ANY($1::text[]) AND i.state = 'done'"""

REDRIVE = """
UPDATE lanes SET state = 'retrying', attempts = 0, next_try_at = now() + n.pause
FROM unnest($1::text[], $2::interval[]) AS n(lane, pause) WHERE lanes.lane = n.lane"""


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of one try of a lane."""

    done: int
    failure: Exception | None


async def try_lane(batch: Batch, connection: Connection, service: Service, lane: str, limit: int) -> Tried | None:
    """Run a due lane's messages; None when somebody else has it or it is not due any more."""
    row = await connection.fetchrow(LOCK_DUE, lane)
    if row is None:
        return None
    rows = await connection.fetch(MESSAGES, lane, limit)
    items, unreadable = _unpack(service, rows)
    done, failure = await batch.run_again(items)
    failure = failure or (unreadable if done == len(items) else None)
    await connection.execute(FORGET, [row["id"] for row in rows[:done]])
    if failure is not None:
        await note_failure(connection, lane, 0 if done else row["attempts"], failure)
    elif (await connection.execute(CLOSE, lane)) == "DELETE 0":
        await connection.execute(GO_ON, lane)
    return Tried(done, failure)


async def note_failure(connection: Connection, lane: str, attempts: int, failure: Exception) -> None:
    """The lane waits longer; after the last attempt, for an operator."""
    attempts += 1
    early = isinstance(failure, TooEarly)
    over = attempts >= (MOST_EARLY_ATTEMPTS if early else MOST_ATTEMPTS)
    pause = pause_after(attempts)
    if early:
        pause = min(pause, timedelta(seconds=_EARLY_PAUSE_SECONDS))
    waits_for = failure.aggregate_id if isinstance(failure, TooEarly) else None
    state = "quarantined" if over else "retrying"
    await connection.execute(FAILED, lane, attempts, state, fingerprint(failure), waits_for, pause)


async def fail_lane(connection: Connection, lane: str, failure: Exception) -> None:
    """Note a failure of the lane's first message that undid its whole transaction."""
    row = await connection.fetchrow(LOCK, lane)
    if row is not None:
        await note_failure(connection, lane, row["attempts"], failure)


async def preview_lane(batch: Batch, connection: Connection, service: Service, lane: str) -> tuple[Tried, Preview]:
    """Run the lane as it is now, to be rolled back by the caller: what it would do."""
    await connection.fetchrow(LOCK, lane)
    items, unreadable = _unpack(service, await connection.fetch(MESSAGES, lane, AT_ONCE))
    done, failure = await batch.run_again(items)
    return Tried(done, failure or unreadable), batch.preview()


async def discard_first(
    batch: Batch, connection: Connection, service: Service, lane: str, reason: str, actor: str
) -> int | None:
    """Give the first message of the lane up; the rest goes on. Its parked row's id, or None without such a lane."""
    if await connection.fetchrow(LOCK, lane) is None:
        return None
    row = await connection.fetchrow(MESSAGES, lane, 1)
    if row is not None:
        batch.discard(unpacked(service, row["id"], row["message"]), reason, actor)
        await batch.write()
        await connection.execute(FORGET, [row["id"]])
    if (await connection.execute(CLOSE, lane)) == "DELETE 0":
        await connection.execute(GO_ON, lane)
    return None if row is None else int(row["id"])


async def redrive(connection: Connection, lanes: Sequence[str], per_second: float) -> None:
    """Have these lanes tried again, this many a second."""
    pauses = [timedelta(seconds=number / per_second) for number in range(len(lanes))]
    await connection.execute(REDRIVE, list(lanes), pauses)


def _unpack(service: Service, rows: Sequence[asyncpg.Record]) -> tuple[list[Item], Exception | None]:
    """The items up to the first that today's contracts cannot read, and why."""
    items: list[Item] = []
    for row in rows:
        try:
            items.append(unpacked(service, row["id"], row["message"]))
        except Exception as failure:
            return items, failure
    return items, None
