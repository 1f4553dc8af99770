"""Brings the sample directory into a running system."""

import asyncpg

from casebus_cli import bootstrap
from casebus_cli.orders import Order
from casebus_cli.stack import find_stack
from casebus_testing import places
from casebus_testing.sample import entries
from casebus_testing.system import System
from casebus_testing.waiting import eventually

KNOWN = "SELECT count(*) AS people, coalesce(sum(version), 0) AS versions FROM staff"
DEADLINE_SECONDS = 30.0


async def load_sample_directory(system: System) -> None:
    """Load it, and wait until every service that copies the staff has the last entry. Raises AssertionError."""
    orders = [Order(entry["type"], entry["data"], "system") for entry in entries()]
    status = await bootstrap.load(find_stack(str(system.run_dir / places.NAME)), orders, quiet=True)
    assert status == 0, "an entry of the sample directory was not accepted"
    people = sum(order.type == "UpsertStaff" for order in orders)
    versions = sum(order.type in ("UpsertStaff", "UpdateStaff") for order in orders)

    async def known() -> bool:
        return all([await _knows(system.database(service), people, versions) for service in system.processes])

    await eventually(known, within=DEADLINE_SECONDS, what="all services know the directory")


async def _knows(database: str, people: int, versions: int) -> bool:
    connection = await asyncpg.connect(database)
    try:
        row = await connection.fetchrow(KNOWN)
        return row is not None and tuple(row) == (people, versions)
    finally:
        await connection.close()
