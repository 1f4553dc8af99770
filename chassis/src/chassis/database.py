"""The pool of pipeline sessions, and what every session sets."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

import asyncpg

Connection: TypeAlias = "asyncpg.Connection[Any] | asyncpg.pool.PoolConnectionProxy[Any]"

_SESSION = {
    "TimeZone": "UTC",
    # Statements are prepared on tables that may be empty; the generic plan would stay and grow with the table.
    "plan_cache_mode": "force_custom_plan",
    # A stopped process must not hold its locks for ever.
    "idle_in_transaction_session_timeout": "10s",
    "lock_timeout": "5s",
    "statement_timeout": "30s",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "jit": "off",
}

_READS = {
    "default_transaction_read_only": "on",
    "statement_timeout": "5s",
    # A report sums up a hundred thousand cells: in memory, not in files.
    "work_mem": "32MB",
    # One statement, one processor: to start a helper takes longer than most questions.
    "max_parallel_workers_per_gather": "0",
}
"""What routes ask with: nothing is written, and nobody waits for ever."""


async def open_pool(
    dsn: str, *, name: str, size: int = 8, session: Mapping[str, str] = MappingProxyType({})
) -> "asyncpg.Pool[Any]":
    """A pool of at most `size` sessions. Connects lazily: a database that is away is found out at the first use."""
    return await asyncpg.create_pool(
        dsn,
        min_size=0,
        max_size=size,
        max_inactive_connection_lifetime=60,
        timeout=5,
        command_timeout=40,
        reset=_as_it_is,
        server_settings={"application_name": name, **_SESSION, **session},
    )


async def open_reads(dsn: str, *, name: str, size: int = 6) -> "asyncpg.Pool[Any]":
    """A pool of sessions for questions: read-only, with a short statement timeout."""
    return await open_pool(dsn, name=f"{name}-reads", size=size, session=_READS)


async def _as_it_is(connection: Connection) -> None:
    """Nothing to put back: a pipeline session changes no setting and holds nothing past a transaction."""
