"""Months of the journal are dropped when their time is over, with the audit of that time; the seals stay."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest
import pytest_asyncio
from pipeline_rig import Rig, command, make_rig, small_service

import staffing.app
from casebus_cli.journal import read_journal
from casebus_deploy.databases import create_roles, drop_roles
from casebus_testing.plugin import NewDatabase
from casebus_testing.stack import Stack
from chassis.migrate import migrate
from chassis.partitions import keep_partitions
from chassis.roles import ROLES, grant
from chassis.seals import Sealer

THIS_MONTH = datetime.now(UTC).date().replace(day=1)
LAST_MONTH = (THIS_MONTH - timedelta(days=1)).replace(day=1)
BEFORE = (LAST_MONTH - timedelta(days=1)).replace(day=1)
DATABASE = "retention_of_staffing"
KEPT = "SELECT count(*), (SELECT count(*) FROM audit), (SELECT count(*) FROM seals) FROM journal"


async def a_fact_in(rig: Rig, month: date, region: str, name: str) -> None:
    """A region was told of in this month, and an operator refused."""
    async with rig.pool.acquire() as connection:
        await keep_partitions(connection, datetime.combine(month, datetime.min.time(), UTC))
    await rig.feed(command(region, name), command(region, "refuse"))
    for table in ("journal", "audit"):
        query = f"UPDATE {table} SET recorded_at = $1::date + interval '9 hours' WHERE recorded_at >= $2::date"
        await rig.rows(query, month, THIS_MONTH)


@pytest_asyncio.fixture
async def rig(new_database: NewDatabase) -> AsyncIterator[Rig]:
    """A fact in each of three months. One region is of the first alone."""
    made = await make_rig(await new_database([staffing.app.MIGRATIONS]))
    await a_fact_in(made, BEFORE, "r-old", "A")
    await a_fact_in(made, LAST_MONTH, "r-new", "B")
    await made.feed(command("r-new", "C"), command("r-new", "refuse"))
    yield made
    await asyncio.wait_for(made.pool.close(), 10)


async def keep(rig: Rig, months: int) -> None:
    async with rig.pool.acquire() as connection:
        await keep_partitions(connection, datetime.now(UTC), months)


async def test_months_past_their_time_are_dropped_and_their_seals_stay(rig: Rig) -> None:
    sealed = len(await Sealer(rig.pool).seal_missing())

    await keep(rig, 1)

    assert await rig.rows(KEPT) == [(2, 2, sealed)]


async def test_a_month_that_is_not_sealed_is_kept(rig: Rig) -> None:
    await keep(rig, 1)

    assert await rig.rows(KEPT) == [(3, 3, 0)]


async def test_months_within_their_time_are_kept(rig: Rig) -> None:
    sealed = len(await Sealer(rig.pool).seal_missing())

    await keep(rig, 2)

    assert await rig.rows(KEPT) == [(3, 3, sealed)]


async def test_what_is_left_is_as_it_was_written(rig: Rig) -> None:
    await rig.rows("DELETE FROM inbox RETURNING 1")  # answers are kept for 35 days
    await Sealer(rig.pool).seal_missing()
    await keep(rig, 1)

    report = await asyncio.to_thread(read_journal, "staffing", rig.dsn)

    assert (report.findings, report.days_dropped > 0) == ([], True)


async def test_what_is_removed_of_the_months_that_are_kept_is_still_found(rig: Rig) -> None:
    await Sealer(rig.pool).seal_missing()
    await keep(rig, 1)
    await rig.rows("DELETE FROM journal WHERE recorded_at < $1", datetime.combine(THIS_MONTH, datetime.min.time(), UTC))

    report = await asyncio.to_thread(read_journal, "staffing", rig.dsn)

    assert any(f"{LAST_MONTH:%Y-%m}" in finding and "rows" in finding for finding in report.findings)


async def test_afterwards_not_even_the_owner_may_delete_from_the_audit(stack: Stack) -> None:
    stack.create_database(DATABASE)
    passwords = {f"{DATABASE}_{role}": "secret" for role in ROLES}
    made = create_roles(stack.postgres, DATABASE, passwords)
    await asyncio.to_thread(migrate, made["owner"], [staffing.app.MIGRATIONS])
    owner = await asyncpg.connect(made["owner"])
    await keep_partitions(owner, datetime.combine(BEFORE, datetime.min.time(), UTC))
    await grant(owner, small_service())
    await owner.execute("INSERT INTO seals VALUES ($1, 0, 0, '', 0, '', '', '')", THIS_MONTH)

    await keep_partitions(owner, datetime.now(UTC), 1)

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await owner.execute("DELETE FROM audit")
    await owner.close()
    stack.drop_database(DATABASE)
    drop_roles(stack.postgres, DATABASE)
