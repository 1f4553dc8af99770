"""Reads the seals of one service and holds the sealed days against them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from typing import Any, Final

import psycopg
from psycopg.rows import class_row, tuple_row

AT_ONCE: Final = 5_000
LATE: Final = timedelta(hours=3)
"""A day has its seal this long after its end, if its service runs."""

SEALS = """
SELECT day, journal_rows, aggregates, heads, audit_rows, audit_hash, previous, hash FROM seals ORDER BY day"""

UNSEALED = """
SELECT DISTINCT recorded_at::date FROM journal
WHERE recorded_at < date_trunc('day', now() - %s) AND recorded_at::date > ALL (SELECT day FROM seals) ORDER BY 1"""

COUNT = "SELECT count(*) FROM journal WHERE recorded_at >= %(day)s::date AND recorded_at < %(day)s::date + 1"

HEADS = """
SELECT DISTINCT ON (aggregate, aggregate_id) aggregate || '/' || aggregate_id || ' ' || sequence || ' ' || hash
FROM journal WHERE recorded_at >= %(day)s::date AND recorded_at < %(day)s::date + 1
ORDER BY aggregate, aggregate_id, sequence DESC"""

AUDITED = """
SELECT (CASE WHEN purpose IS NULL AND shown IS NULL THEN
          json_build_array(id, extract(epoch FROM at), actor, sender, action, subject, outcome, rule, command_id,
                           encode(hash, 'hex'))
        ELSE
          json_build_array(id, extract(epoch FROM at), actor, sender, action, subject, outcome, rule, command_id,
                           encode(hash, 'hex'), purpose, shown)
        END)::text
FROM audit WHERE recorded_at >= %(day)s::date AND recorded_at < %(day)s::date + 1 ORDER BY id"""

Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Seal:
    """A day as it was sealed."""

    day: date
    journal_rows: int
    aggregates: int
    heads: str
    audit_rows: int
    audit_hash: str
    previous: str
    hash: str

    def hash_after(self, previous: str) -> str:
        """The hash of this seal after one with that hash."""
        said = (previous, self.day, self.journal_rows, self.aggregates, self.heads, self.audit_rows, self.audit_hash)
        return sha256("\n".join(map(str, said)).encode()).hexdigest()


def flaws_of_seals(connection: Connection, seals: Sequence[Seal], kept_since: date | None) -> Iterator[str]:
    """What is amiss with the seals or the days they stand for. Days before `kept_since` have no rows any more."""
    previous: Seal | None = None
    for seal in seals:
        if previous is not None and seal.day != previous.day + timedelta(days=1):
            gap = (previous.day + timedelta(days=1), seal.day - timedelta(days=1))
            yield f"seals: {gap[0]} to {gap[1]} removed"
        if seal.hash_after(previous.hash if previous else "") != seal.hash:
            yield f"seals: {seal.day} changed, or the seal before it"
        previous = seal
        if kept_since is None or seal.day >= kept_since:
            yield from _day_flaws(connection, seal)
    unsealed = [str(day) for (day,) in connection.execute(UNSEALED, (LATE,)).fetchall()]
    if unsealed:
        yield f"seals: none of {', '.join(unsealed)}"


def _day_flaws(connection: Connection, seal: Seal) -> Iterator[str]:
    ((rows,),) = connection.execute(COUNT, {"day": seal.day}).fetchall()
    aggregates, heads = _digest(connection, HEADS, seal.day)
    if (rows, aggregates) != (seal.journal_rows, seal.aggregates):
        yield (
            f"{seal.day}: sealed with {seal.journal_rows:,} rows of {seal.aggregates:,} aggregates, "
            f"now {rows:,} of {aggregates:,}"
        )
    elif heads != seal.heads:
        yield f"{seal.day}: journal rows changed since the day was sealed"
    audited = _digest(connection, AUDITED, seal.day)
    if audited[0] != seal.audit_rows:
        yield f"{seal.day}: sealed with {seal.audit_rows:,} audit rows, now {audited[0]:,}"
    elif audited[1] != seal.audit_hash:
        yield f"{seal.day}: audit rows changed since the day was sealed"


def _digest(connection: Connection, query: str, day: date) -> tuple[int, str]:
    digest, count = sha256(), 0
    for (line,) in lines(connection, query, {"day": day}):
        digest.update(line.encode() + b"\n")
        count += 1
    return count, digest.hexdigest()


def lines(connection: Connection, query: str, arguments: Mapping[str, Any] | None = None) -> Iterator[tuple[Any, ...]]:
    """The rows of a query, a few at a time."""
    with connection.cursor("lines", row_factory=tuple_row) as cursor:
        cursor.itersize = AT_ONCE
        cursor.execute(query.encode(), arguments)
        yield from cursor


def read_seals(connection: Connection) -> list[Seal]:
    """All seals, by day."""
    with connection.cursor(row_factory=class_row(Seal)) as cursor:
        return cursor.execute(SEALS).fetchall()
