"""Questions to the databases of all services at once. Nothing is ever written."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import psycopg
from psycopg.rows import dict_row

from casebus_cli.stack import Stack

_SESSION: Final = "-c default_transaction_read_only=on -c statement_timeout=15000 -c TimeZone=UTC"

Row = dict[str, Any]


class Databases:
    """The databases of a stack. One that does not answer is left out from then on; `away` says why."""

    def __init__(self, stack: Stack) -> None:
        self._dsns = {name: stack.databases[name] for name in stack.services if name in stack.databases}
        self._connections: dict[str, psycopg.AsyncConnection[Row]] = {}
        self.away: dict[str, str] = {}

    async def __aenter__(self) -> "Databases":
        await asyncio.gather(*(self._open(service) for service in self._dsns))
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(*(connection.close() for connection in self._connections.values()))

    async def ask(self, query: str, **values: Any) -> list[Row]:
        """The rows of every service, each with `service`."""
        services = list(self._connections)
        answers = await asyncio.gather(*(self._ask_one(service, query, values) for service in services))
        return [{"service": service, **row} for service, rows in zip(services, answers, strict=True) for row in rows]

    async def look_again(self) -> None:
        """Try those that were away once more."""
        missing = [service for service in self._dsns if service not in self._connections]
        await asyncio.gather(*(self._open(service) for service in missing))

    async def _open(self, service: str) -> None:
        try:
            self._connections[service] = await psycopg.AsyncConnection.connect(
                self._dsns[service], autocommit=True, options=_SESSION, connect_timeout=5, row_factory=dict_row
            )
        except psycopg.Error as error:
            self.away[service] = type(error).__name__
        else:
            self.away.pop(service, None)

    async def _ask_one(self, service: str, query: str, values: Mapping[str, Any]) -> list[Row]:
        try:
            return await (await self._connections[service].execute(query.encode(), values)).fetchall()
        except psycopg.Error as error:
            self.away[service] = type(error).__name__
            await self._connections.pop(service).close()
            return []
