"""The database of a service before and while it is used: migrated, partitions made ahead, each role with its rights."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import psycopg
import structlog

from chassis.failures import CannotStart
from chassis.migrate import migrate
from chassis.partitions import keep_partitions
from chassis.roles import grant, refuse_might
from chassis.settings import Settings
from chassis.wiring import Service

log = structlog.get_logger()

_PARTITIONS_SECONDS = 3600.0
_PAUSE_SECONDS = 0.2
_NO_DATABASE = "no PostgreSQL at {}: start it (`make up`) or correct the setting"


async def prepare_database(settings: Settings, service: Service, migrations: Path) -> None:
    """As the owner: migrate, make partitions, grant. Raises CannotStart."""
    try:
        await asyncio.to_thread(migrate, settings.owner_dsn, [migrations])
        async with _connected(settings.owner_dsn) as owner:
            await keep_partitions(owner, datetime.now(UTC), settings.journal_months)
            if not await grant(owner, service):
                log.info("the database has no roles: everything runs as one user")
        async with _connected(settings.database) as app:
            await refuse_might(app, settings.database)
    except (OSError, psycopg.OperationalError) as error:
        raise CannotStart(_NO_DATABASE.format("CASEBUS_DATABASE")) from error


async def keep_partitions_ahead(settings: Settings) -> None:
    """Once an hour, until cancelled."""
    while True:
        await asyncio.sleep(_PARTITIONS_SECONDS)
        with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            async with _connected(settings.owner_dsn) as owner:
                await keep_partitions(owner, datetime.now(UTC), settings.journal_months)


async def wait_for_outbox(settings: Settings) -> None:
    """For a relay apart, which may be started first and may make nothing. Raises CannotStart after the deadline."""
    give_up = time.monotonic() + settings.start_deadline_seconds
    while not await _outbox_there(settings.relay_dsn):
        if time.monotonic() > give_up:
            raise CannotStart("the database has no outbox the relay may read: start the service first")
        await asyncio.sleep(_PAUSE_SECONDS)


async def _outbox_there(dsn: str) -> bool:
    query = "SELECT has_table_privilege(to_regclass('outbox'), 'SELECT')"
    with contextlib.suppress(OSError, asyncpg.CannotConnectNowError):
        async with _connected(dsn) as relay:
            return bool(await relay.fetchval(query))
    return False


@asynccontextmanager
async def _connected(dsn: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        yield connection
    finally:
        await connection.close()
