"""The final states of a system, without what differs between two plays: ids, times, durations, hashes."""

import json
import re
from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any, Final

import asyncpg

from casebus_testing.faults.stage import ID, Stage

States = Mapping[str, Counter[str]]
"""Rows as text by `service.table`."""

TABLES: Final = """
SELECT table_name::text FROM information_schema.columns
WHERE table_schema = 'public' AND column_name IN ('id', 'version', 'head')
GROUP BY table_name HAVING count(*) = 3 ORDER BY table_name"""

FACTS: Final = """
SELECT aggregate, aggregate_id, array_agg(type ORDER BY sequence) AS facts
FROM journal GROUP BY aggregate, aggregate_id"""

CLOCKS: Final = "SELECT aggregate, aggregate_id, name FROM timers"

DELIVERIES: Final = "SELECT subject_id, channel, recipient, state FROM deliveries"

_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?([+-]\d\d(:?\d\d)?|Z)?")
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
_DURATION: Final = re.compile(r"(^|_)seconds$")
_LEFT_OUT: Final = frozenset({"head"})


async def states_of(stage: Stage, ignore: Collection[str] = ()) -> States:
    """Every table of states, the facts in each journal, clocks, deliveries, and the answer to every command.

    `ignore` names columns as `table.column` that the scenario leaves open.
    """
    found: dict[str, Counter[str]] = {}
    for service in stage.system.processes:
        for table, rows in (await _rows_of(stage.system.database(service))).items():
            left_out = {name.partition(".")[2] for name in ignore if name.startswith(f"{table}.")}
            found[f"{service}.{table}"] = Counter(leveled_row(row, stage.names, left_out) for row in rows)
    answers = {stage.names[id_]: [each.outcome, each.rule, each.field] for id_, each in stage.answers.items()}
    found["answers"] = Counter(f"{name}: {answer}" for name, answer in answers.items())
    return found


def differences(expected: States, found: States) -> list[str]:
    """What is missing and what is too much, a line each."""
    lines: list[str] = []
    for table in sorted({*expected, *found}):
        missing, extra = expected[table] - found[table], found[table] - expected[table]
        lines += [f"{table}: missing {row}" for row in missing.elements()]
        lines += [f"{table}: too much {row}" for row in extra.elements()]
    return lines


async def _rows_of(database: str) -> dict[str, list[dict[str, Any]]]:
    connection = await asyncpg.connect(database)
    try:
        tables = [row["table_name"] for row in await connection.fetch(TABLES)]
        queries = {table: f'TABLE "{table}"' for table in tables}
        queries |= {"journal": FACTS, "clocks": CLOCKS, "deliveries": DELIVERIES}
        return {name: await _as_json(connection, query) for name, query in queries.items()}
    finally:
        await connection.close()


async def _as_json(connection: "asyncpg.Connection[asyncpg.Record]", query: str) -> list[dict[str, Any]]:
    rows = await connection.fetch(f"SELECT to_json(q)::text AS row FROM ({query}) q")
    return [json.loads(row["row"]) for row in rows]


def leveled_row(row: Mapping[str, Any], names: Mapping[str, str], left_out: Collection[str] = ()) -> str:
    """A row as text, with names in place of the ids that have one, without times, durations and hashes."""
    kept = {name: _leveled(name, value, names) for name, value in row.items() if name not in {*_LEFT_OUT, *left_out}}
    return json.dumps(kept, sort_keys=True)


def _leveled(name: str, value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _leveled(key, each, names) for key, each in value.items()}
    if isinstance(value, list):
        return [_leveled(name, each, names) for each in value]
    if isinstance(value, str):
        text = ID.sub(lambda match: names.get(match[0], "(id)"), value)
        return _DAY.sub("(day)", _TIME.sub("(time)", text))
    if isinstance(value, int | float) and not isinstance(value, bool) and _DURATION.search(name):
        return "(duration)"
    return value
