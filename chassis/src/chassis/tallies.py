"""Roll-ups: a table of cells whose numbers are, after every commit, the sum of what all states count.

A batch adds what its states count now, less what they counted when they were loaded, in its own transaction:
whatever makes the states exactly once makes the tallies so. A recount sums over all states of one snapshot.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from chassis.database import Connection
from chassis.rules import Aggregate, Cell, Cells, Coarser
from chassis.tables import Table
from chassis.wiring import Service

Changes: TypeAlias = dict[Cell, list[int]]
"""By how much the count and the sum of each cell change."""

_CELLS_IN_MEMORY = 50_000
_ROWS_AT_ONCE = 5_000
_SECONDS_MAX = 3600.0
_LOCK = 0x6362_0005

LOCK = "SELECT pg_try_advisory_lock($1, 0)"
UNLOCK = "SELECT pg_advisory_unlock($1, 0)"
TAKE_TIME = "SET LOCAL statement_timeout = 0"

RECOUNT_COLUMNS = ("tally", "place", "day", "label", "value", "n", "total")

MAKE_RECOUNT = """
CREATE TEMPORARY TABLE recount (tally text COLLATE "C", place text COLLATE "C", day date, label text COLLATE "C",
                                value integer, n bigint, total bigint)"""

COMPARE = """
CREATE TEMPORARY TABLE differences AS
SELECT tally, place, day, label, value, sum(n)::bigint AS n, sum(total)::bigint AS total,
       row_number() OVER (ORDER BY tally, place, day, label, value) AS number
FROM (SELECT tally, place, day, label, value, n, total FROM recount
      UNION ALL SELECT tally, place, day, label, value, -n, -total FROM tallies) AS both_sides
GROUP BY tally, place, day, label, value HAVING sum(n) <> 0 OR sum(total) <> 0"""

NUMBER = "CREATE UNIQUE INDEX differences_by_number ON differences (number)"

HOW_MANY = "SELECT count(*) FROM differences"

PUT_RIGHT = """
INSERT INTO tallies (tally, place, day, label, value, n, total)
SELECT tally, place, day, label, value, n, total FROM differences WHERE number > $1 AND number <= $2 ORDER BY number
ON CONFLICT (tally, place, day, label, value)
DO UPDATE SET n = tallies.n + excluded.n, total = tallies.total + excluded.total"""

CLEAR = "DROP TABLE IF EXISTS recount, differences"


class UnderWay(Exception):
    """Somebody else counts again at this moment."""


@dataclass(frozen=True, slots=True)
class Recount:
    """How many states were read, and how many cells were not what they should have been."""

    states: int
    wrong_cells: int


def add(changes: Changes, cells: Cells, sign: int) -> None:
    """Count a state in (1) or out (-1)."""
    for cell, amount in cells:
        change = changes.get(cell)
        if change is None:
            changes[cell] = [sign, sign * amount]
        else:
            change[0] += sign
            change[1] += sign * amount


def file_also(changes: Changes, coarser: Coarser | None) -> None:
    """Let each change of a cell change its coarser cell too."""
    if coarser is None:
        return
    for cell, (number, amount) in list(changes.items()):
        above = coarser(cell) if number or amount else None
        if above is not None:
            change = changes.setdefault(above, [0, 0])
            change[0] += number
            change[1] += amount


def sorted_rows(changes: Mapping[Cell, Sequence[int]]) -> list[tuple[Any, ...]]:
    """Rows for the table, in the one order in which everybody locks them; without those that change nothing."""
    return [(*cell, *changes[cell]) for cell in sorted(changes) if changes[cell] != [0, 0]]


async def recount(
    connection: Connection, service: Service, tables: Mapping[type[Aggregate], Table], *, correct: bool
) -> Recount:
    """Count all states of one snapshot again and, if wanted, put right what differs there. Raises UnderWay.

    Nobody has to stop for it: what others commit meanwhile changes a wrong cell by as much as a right one, so that
    the difference found in the snapshot is still the difference when it is added. Takes minutes for millions.
    """
    if not await connection.fetchval(LOCK, _LOCK):
        raise UnderWay
    try:
        async with connection.transaction(isolation="repeatable_read"):
            await connection.execute(TAKE_TIME)
            await connection.execute(MAKE_RECOUNT)
            states = await _count(connection, service, tables)
            await connection.execute(COMPARE, timeout=_SECONDS_MAX)
            await connection.execute(NUMBER, timeout=_SECONDS_MAX)
        wrong = await connection.fetchval(HOW_MANY)
        if correct:
            await _put_right(connection, wrong)
    finally:
        await connection.execute(CLEAR)
        await connection.execute(UNLOCK, _LOCK)
    return Recount(states, wrong)


async def _count(connection: Connection, service: Service, tables: Mapping[type[Aggregate], Table]) -> int:
    """Sum up into the table `recount`, a bounded number of cells at a time; how many states there are."""
    count, changes = 0, Changes()
    for cls, tallies in service.tallies.items():
        async for states in tables[cls].stream(connection):
            count += len(states)
            for state in states:
                for tally in tallies:
                    add(changes, tally.cells(state), 1)
            if len(changes) >= _CELLS_IN_MEMORY:
                await _lay_down(connection, changes, service.coarser)
    await _lay_down(connection, changes, service.coarser)
    return count


async def _lay_down(connection: Connection, changes: Changes, coarser: Coarser | None) -> None:
    file_also(changes, coarser)
    rows = sorted_rows(changes)
    await connection.copy_records_to_table("recount", records=rows, columns=RECOUNT_COLUMNS)
    changes.clear()


async def _put_right(connection: Connection, rows: int) -> None:
    """In several transactions: each cell is right for itself, and nobody waits long for it."""
    for first in range(0, rows, _ROWS_AT_ONCE):
        await connection.execute(PUT_RIGHT, first, first + _ROWS_AT_ONCE)
