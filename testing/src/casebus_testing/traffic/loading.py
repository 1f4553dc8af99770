"""Puts months of a state into intake's database by COPY: millions of requests in minutes, then the indexes.

What is loaded are states. Roll-ups are not: count them again afterwards (`casebus rebuild-rollups`).
"""

import asyncio
import io
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, time
from multiprocessing import get_context
from typing import Any, Final

import asyncpg

from casebus_contracts import OfficeSettings, Role
from casebus_testing.traffic.days import contacts_on, days_of, expected
from casebus_testing.traffic.places import CLOSES, OPENS, REGIONS, ROLES, ZONE, Place, state
from casebus_testing.traffic.rows import TABLES, Lines, add_rows

CENTRAL_OFFICE: Final = "CENTRAL"
CENTRAL: Final = "central"
_WORKERS: Final = 2
_ROWS_AT_ONCE: Final = 20_000

SECONDARY = """
SELECT c.relname::text AS name, pg_get_indexdef(i.indexrelid) AS made
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid = ANY($1::regclass[]) AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid)
ORDER BY pg_relation_size(i.indrelid), c.relname"""


@dataclass(frozen=True, slots=True)
class Months:
    """How much is wanted: about so many requests over the months that end with `last`."""

    requests: int
    last: date
    months: int = 24
    seed: int = 1


async def fill_directory(dsn: str) -> None:
    """Regions, counties, offices and their staff, as staffing would have told them. What is there already stays."""
    connection = await asyncpg.connect(dsn)
    await connection.executemany(
        "INSERT INTO regions (id, version, name) VALUES ($1, 1, $1) ON CONFLICT DO NOTHING",
        [(region,) for region in REGIONS],
    )
    await connection.executemany(
        "INSERT INTO counties (id, version, name, region_id) VALUES ($1, 1, $2, $3) ON CONFLICT DO NOTHING",
        [(place.county_fips, place.name, place.region_id) for place in state()],
    )
    settings = OfficeSettings().model_dump_json()
    await connection.executemany(
        "INSERT INTO offices (id, version, name, county_fips, region_id, zone, opens, closes, active, receptionist,"
        " settings) VALUES ($1, 1, $2, $3, $4, $5, $6, $7, true, true, $8) ON CONFLICT DO NOTHING",
        [
            (place.office_id, place.name, place.county_fips, place.region_id, ZONE, time(OPENS), time(CLOSES), settings)
            for place in state()
        ],
    )
    await connection.executemany(
        "INSERT INTO staff (id, version, name, work_email, role, office_id, positions, active)"
        " VALUES ($1, 1, $1, '', $2, $3, '[]', true) ON CONFLICT DO NOTHING",
        [*_staff(), (CENTRAL, Role.CENTRAL.value, CENTRAL_OFFICE)],
    )
    await connection.close()


async def load(dsn: str, wanted: Months) -> int:
    """Load the states, with their secondary indexes made afterwards; how many requests there are."""
    connection = await asyncpg.connect(dsn)
    indexes = await connection.fetch(SECONDARY, list(TABLES))
    for index in indexes:
        await connection.execute(f'DROP INDEX "{index["name"]}"')
    parts = [state()[number::_WORKERS] for number in range(_WORKERS)]
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(_WORKERS, mp_context=get_context("spawn")) as pool:
        works = [loop.run_in_executor(pool, _fill, dsn, wanted, part, n) for n, part in enumerate(parts)]
        loaded = sum(await asyncio.gather(*works))
    await asyncio.gather(*(_made(dsn, index["made"]) for index in indexes))
    await connection.execute("VACUUM (ANALYZE)", timeout=None)
    await connection.close()
    return loaded


def _staff() -> list[tuple[str, str, str]]:
    return [(place.member(role), role.value, place.office_id) for place in state() for role in ROLES]


def _fill(dsn: str, wanted: Months, places: Sequence[Place], worker: int) -> int:
    return asyncio.run(_copy(dsn, wanted, places, worker))


async def _copy(dsn: str, wanted: Months, places: Sequence[Place], worker: int) -> int:
    """Day by day, as the ids of requests would have come."""
    connection, lines, serial = await asyncpg.connect(dsn), Lines(), worker << 40
    days = days_of(wanted.last, wanted.months)
    for day in days:
        for place in places:
            for contact in contacts_on(place, day, expected(place, day, wanted.requests, days), wanted.seed):
                add_rows(lines, contact, serial)
                serial += 1
        if len(lines.of["requests"]) >= _ROWS_AT_ONCE:
            await _flush(connection, lines)
    await _flush(connection, lines)
    await connection.close()
    return serial - (worker << 40)


async def _flush(connection: Any, lines: Lines) -> None:
    for table, columns in TABLES.items():
        if rows := lines.take(table):
            await connection.copy_to_table(table, source=io.BytesIO(rows), columns=columns, format="text")


async def _made(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn, server_settings={"maintenance_work_mem": "512MB"})
    await connection.execute(statement, timeout=None)
    await connection.close()
