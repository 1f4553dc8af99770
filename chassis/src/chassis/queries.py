"""Questions to the database: on sessions that cannot write, wait briefly, and are none of the pipeline's."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from chassis.database import Connection
from chassis.failures import DatabaseAway, TookTooLong, Verdict, judge
from chassis.rules import Aggregate
from chassis.tables import Table

_WAIT_SECONDS = 2.0
"""For a session, when all are in use."""


class Queries:
    """Answers questions of routes."""

    def __init__(self, pool: "asyncpg.Pool[Any]") -> None:
        """`pool`: of `database.open_reads`."""
        self._pool = pool

    async def rows(self, query: str, *arguments: Any) -> Sequence[Mapping[str, Any]]:
        """The rows of one statement. Raises DatabaseAway and TookTooLong."""
        async with self._session() as connection:
            return await connection.fetch(query, *arguments)

    async def row(self, query: str, *arguments: Any) -> Mapping[str, Any] | None:
        """The first row, if there is one. Raises as `rows`."""
        found = await self.rows(query, *arguments)
        return found[0] if found else None

    async def find(self, table: Table, key: str) -> Aggregate | None:
        """One state as it is now. Raises as `rows`."""
        async with self._session() as connection:
            found = await table.read(connection, [key])
        return found[0] if found else None

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[Connection]:
        try:
            async with self._pool.acquire(timeout=_WAIT_SECONDS) as connection:
                yield connection
        except asyncpg.QueryCanceledError as error:
            raise TookTooLong("a question") from error
        except Exception as error:
            if judge(error) in (Verdict.AWAY, Verdict.AGAIN):
                raise DatabaseAway(type(error).__name__) from error
            raise
