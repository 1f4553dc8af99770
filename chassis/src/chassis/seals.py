"""Journal and audit are sealed day by day: what was written down on a UTC day can be counted and hashed again for ever.

A seal holds the number of the day's journal rows, the number of aggregates that moved, one hash over the last hash of
each of them, number and hash of the day's audit rows, and the hash of the seal before. A row's hash covers the rows
before it (`journal.py`), so the last ones stand for all. Every seal is logged: a copy outside of the database.
"""

import asyncio
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

import asyncpg
import structlog

from chassis.database import Connection
from chassis.failures import Verdict, judge

log = structlog.get_logger()

_LOOK_SECONDS = 600.0
GRACE = timedelta(hours=1)
"""After midnight. A row belongs to the day on which its transaction began, and sessions bound how long one can last."""
_STATEMENT_TIMEOUT = timedelta(minutes=15)
_AT_ONCE = 5_000
_LOCK = 0x6362_0003

MISSING = """
SELECT coalesce((SELECT max(day) + 1 FROM seals),
                (SELECT least((SELECT min(recorded_at) FROM journal), (SELECT min(recorded_at) FROM audit))::date)
       ) AS day, (now() - $1::interval)::date AS today"""

PREVIOUS = "SELECT hash FROM seals WHERE day = $1"

COUNT = "SELECT count(*) FROM journal WHERE recorded_at >= $1::date AND recorded_at < $2::date"

HEADS = """
SELECT DISTINCT ON (aggregate, aggregate_id) aggregate || '/' || aggregate_id || ' ' || sequence || ' ' || hash AS line
FROM journal WHERE recorded_at >= $1::date AND recorded_at < $2::date ORDER BY aggregate, aggregate_id, sequence DESC"""

AUDITED = """
SELECT (CASE WHEN purpose IS NULL AND shown IS NULL THEN
          json_build_array(id, extract(epoch FROM at), actor, sender, action, subject, outcome, rule, command_id,
                           encode(hash, 'hex'))
        ELSE
          json_build_array(id, extract(epoch FROM at), actor, sender, action, subject, outcome, rule, command_id,
                           encode(hash, 'hex'), purpose, shown)
        END)::text AS line
FROM audit WHERE recorded_at >= $1::date AND recorded_at < $2::date ORDER BY id"""

INSERT = """
INSERT INTO seals (day, journal_rows, aggregates, heads, audit_rows, audit_hash, previous, hash)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING"""


@dataclass(frozen=True, slots=True)
class Seal:
    """What is said of a day."""

    day: date
    journal_rows: int
    aggregates: int
    heads: str
    audit_rows: int
    audit_hash: str
    previous: str

    @property
    def hash(self) -> str:
        """Over all of it, the previous seal included."""
        counts = f"{self.journal_rows}\n{self.aggregates}\n{self.heads}\n{self.audit_rows}\n{self.audit_hash}"
        return sha256(f"{self.previous}\n{self.day}\n{counts}".encode()).hexdigest()


class Sealer:
    """Seals the days that are over, one after another. Any number of copies may run; one seals."""

    def __init__(self, pool: "asyncpg.Pool[Any]") -> None:
        self._pool = pool

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.seal_missing()
            except Exception as error:
                if judge(error) is Verdict.STOP:
                    raise
                log.warning("a day could not be sealed yet", error=type(error).__name__)
            await asyncio.sleep(_LOOK_SECONDS)

    async def seal_missing(self) -> list[Seal]:
        """Seal every day that is over and has no seal, from the first row on."""
        sealed: list[Seal] = []
        while (seal := await self._seal_next()) is not None:
            log.info("journal sealed", day=seal.day, count=seal.journal_rows, hash=seal.hash)
            sealed.append(seal)
        return sealed

    async def _seal_next(self) -> Seal | None:
        async with self._pool.acquire() as connection, connection.transaction():
            if not await connection.fetchval("SELECT pg_try_advisory_xact_lock($1, 0)", _LOCK):
                return None
            missing = await connection.fetchrow(MISSING, GRACE)
            if missing is None or missing["day"] is None or missing["day"] >= missing["today"]:
                return None
            seal = await seal_of(connection, missing["day"])
            row = (seal.journal_rows, seal.aggregates, seal.heads, seal.audit_rows, seal.audit_hash, seal.previous)
            tag = await connection.execute(INSERT, seal.day, *row, seal.hash)
            return seal if tag.endswith(" 1") else None


async def seal_of(connection: Connection, day: date) -> Seal:
    """The seal of a day as the tables are now. Inside a transaction of a session in UTC."""
    await connection.execute(f"SET LOCAL statement_timeout = '{_STATEMENT_TIMEOUT.total_seconds():.0f}s'")
    bounds = (day, day + timedelta(days=1))
    rows = await connection.fetchval(COUNT, *bounds, timeout=_STATEMENT_TIMEOUT.total_seconds())
    aggregates, heads = await _digest(connection, HEADS, bounds)
    audit_rows, audit_hash = await _digest(connection, AUDITED, bounds)
    previous = await connection.fetchval(PREVIOUS, day - timedelta(days=1)) or ""
    return Seal(day, rows, aggregates, heads, audit_rows, audit_hash, previous)


async def _digest(connection: Connection, query: str, bounds: tuple[date, date]) -> tuple[int, str]:
    """Number and hash of the lines."""
    digest, count = sha256(), 0
    timeout = _STATEMENT_TIMEOUT.total_seconds()
    async for row in connection.cursor(query, *bounds, prefetch=_AT_ONCE, timeout=timeout):
        digest.update(row["line"].encode() + b"\n")
        count += 1
    return count, digest.hexdigest()
