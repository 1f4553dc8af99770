"""Reads the journal of one service and holds it against itself, the states, the answers given, and the seals.

Four witnesses, because whoever removes a row may also mend what is next to it:

- each row's hash is made over the row and the hash of the row before it in its aggregate;
- each state knows the number and the hash of its last row;
- the inbox keeps the answers to commands for 35 days, which name the facts they led to;
- each day that is over has a seal: how many rows and aggregates, and one hash over their last hashes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from itertools import groupby, permutations
from typing import Any, Final

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from casebus_cli.seals import AT_ONCE, Connection, flaws_of_seals, lines, read_seals

SWAPS_LOOKED_FOR: Final = 50

ROWS = """
SELECT aggregate || '/' || aggregate_id AS subject, aggregate_id AS id, sequence, fact_id::text, type, cause::text,
       actor, at, body, hash
FROM journal ORDER BY aggregate, aggregate_id, sequence"""

STATE_TABLES = """
SELECT c.relname::text AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND a.attname IN ('id', 'version', 'head')
GROUP BY 1 HAVING count(*) = 3 ORDER BY 1"""

STATES = "SELECT id::text, version, head FROM {} WHERE head <> ''"

ANSWERED = """
SELECT fact ->> 'subject' AS subject, (fact ->> 'sequence')::bigint AS sequence, i.id::text AS command
FROM inbox i, json_array_elements(i.receipt::json -> 'facts') AS fact
WHERE NOT EXISTS (SELECT FROM journal j WHERE j.fact_id = (fact ->> 'id')::uuid)
ORDER BY 1, 2"""

FIRST_MONTH = """
SELECT to_date(right(min(inhrelid::regclass::text), 6), 'YYYYMM')
FROM pg_inherits WHERE inhparent = 'journal'::regclass"""


@dataclass(frozen=True, slots=True)
class Row:
    """A journal row."""

    subject: str
    id: str
    sequence: int
    fact_id: str
    type: str
    cause: str
    actor: str
    at: Any
    body: str
    hash: str

    def hash_after(self, head: str, sequence: int) -> str:
        """The hash the row would have as this number, after a row with this hash."""
        told = (head, str(sequence), self.fact_id, self.type, self.cause, self.actor, self.at.isoformat(), self.body)
        return sha256("\n".join(told).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class State:
    """Where a state stands: the number and hash of its last row."""

    table: str
    id: str
    version: int
    head: str


@dataclass(slots=True)
class Report:
    """What was read, and what is amiss with it."""

    service: str
    rows: int = 0
    aggregates: int = 0
    seals: int = 0
    days_dropped: int = 0
    findings: list[str] = field(default_factory=list)


def read_journal(service: str, dsn: str) -> Report:
    """Judge the journal in the database behind `dsn` as it is at one moment. Raises psycopg.Error."""
    report = Report(service)
    with psycopg.connect(dsn, options="-c TimeZone=UTC", connect_timeout=10) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        kept_since = connection.execute(FIRST_MONTH).fetchall()[0][0]
        seals = read_seals(connection)
        # Once whole months are dropped, an aggregate's first row may follow rows that are gone.
        whole = not seals or kept_since is None or seals[0].day >= kept_since
        last = _judge_rows(connection, report, whole)
        _judge_states(connection, report, last, whole)
        _judge_answers(connection, report, last)
        report.seals = len(seals)
        report.days_dropped = len([seal for seal in seals if kept_since is not None and seal.day < kept_since])
        report.findings += flaws_of_seals(connection, seals, kept_since)
    return report


def _judge_rows(connection: Connection, report: Report, whole: bool) -> dict[str, Row]:
    """Every row follows from the one before; the last row of each aggregate."""
    last: dict[str, Row] = {}
    with connection.cursor("rows", row_factory=class_row(Row)) as cursor:
        cursor.itersize = AT_ONCE
        cursor.execute(ROWS)
        for subject, group in groupby(cursor, key=lambda row: row.subject):
            rows = list(group)
            report.rows += len(rows)
            last[subject] = rows[-1]
            report.findings += _flaws(rows, whole)
    report.aggregates = len(last)
    return last


def _flaws(rows: Sequence[Row], whole: bool) -> Iterator[str]:
    """What is amiss with the rows of one aggregate."""
    before: dict[int, str] = {1: ""}
    expected = 1 if whole else rows[0].sequence
    misfits: list[Row] = []
    for row in rows:
        if row.sequence > expected:
            yield f"{row.subject}: {_numbers(expected, row.sequence - 1)} removed"
        head = before.get(row.sequence)
        if head is not None and row.hash_after(head, row.sequence) != row.hash:
            misfits.append(row)
        before[row.sequence + 1] = row.hash
        expected = row.sequence + 1
    yield from _misfits(misfits, before)


def _misfits(misfits: Sequence[Row], before: Mapping[int, str]) -> Iterator[str]:
    """Changed rows, and pairs that stand in each other's place."""
    looked_at = misfits[:SWAPS_LOOKED_FOR]
    swapped: set[int] = set()
    for row, place in permutations(looked_at, 2):
        if not _belongs_there(row, place, before[place.sequence]):
            continue
        if not {row.sequence, place.sequence} <= swapped:
            first, second = sorted((row.sequence, place.sequence))
            yield f"{row.subject}: #{first} and #{second} swapped"
        swapped |= {row.sequence, place.sequence}
    for row in misfits:
        # What follows a swapped row does not fit it, and is no finding of its own.
        if row.sequence not in swapped and row.sequence - 1 not in swapped:
            yield f"{row.subject}: #{row.sequence} changed, or the hash of the row before it"


def _belongs_there(row: Row, place: Row, head: str) -> bool:
    """Whether the row, or what it says, was written as number `place.sequence`, after a row with this hash."""
    moved = row.hash_after(head, place.sequence) in (row.hash, place.hash)
    return moved or replace(place, body=row.body).hash_after(head, place.sequence) == place.hash


def _judge_states(connection: Connection, report: Report, last: Mapping[str, Row], whole: bool) -> None:
    """Every state stands where its journal ends, and every journal has its state.

    Where months are dropped, who has not changed since has no row. That none is missing of the months that are kept,
    their seals say.
    """
    open_ends = {row.hash: row for row in last.values()}
    astray = [state for state in _states(connection) if not _ends_there(open_ends, state)]
    by_id = {row.id: row for row in open_ends.values()}
    for state in astray:
        row = by_id.pop(state.id, None)
        if row is None and whole:
            report.findings.append(f"{state.table} {state.id}: the whole journal removed, {_numbers(1, state.version)}")
        elif row is not None:
            report.findings.append(f"{row.subject}: {_difference(row, state)}")
    report.findings += [f"{row.subject}: its state removed from the tables" for row in by_id.values()]


def _ends_there(open_ends: dict[str, Row], state: State) -> bool:
    """Whether this state is where one of the journals ends; if so that one is settled."""
    row = open_ends.get(state.head)
    if row is None or (row.id, row.sequence) != (state.id, state.version):
        return False
    del open_ends[state.head]
    return True


def _difference(row: Row, state: State) -> str:
    if row.sequence < state.version:
        return f"{_numbers(row.sequence + 1, state.version)} removed at the end"
    if row.sequence > state.version:
        return f"{_numbers(state.version + 1, row.sequence)} added, the state stands at #{state.version}"
    return f"#{row.sequence} changed together with its hash, the state knows another"


def _states(connection: Connection) -> Iterator[State]:
    """Every state that has a journal: guards and copies of others' states have none."""
    for (table,) in connection.execute(STATE_TABLES).fetchall():
        query = STATES.format(sql.Identifier(table).as_string(connection))
        yield from (State(table, *line) for line in lines(connection, query))


def _judge_answers(connection: Connection, report: Report, last: Mapping[str, Row]) -> None:
    """Every fact that an answer names is in the journal."""
    for subject, group in groupby(lines(connection, ANSWERED), key=lambda line: line[0]):
        facts = list(group)
        if subject not in last:
            report.findings.append(f"{subject}: the whole aggregate removed; answer to command {facts[0][2]} names it")
        else:
            numbers = ", ".join(f"#{sequence}" for _, sequence, _ in facts)
            report.findings.append(f"{subject}: {numbers} removed or changed; answers to commands name them")


def _numbers(first: int, last: int) -> str:
    return f"#{first}" if first == last else f"#{first} to #{last}"
