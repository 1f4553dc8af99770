"""One table per aggregate: its statements, made from the dataclass and held against the catalogue at start.

States travel as JSON; the tables stay typed. Column lists are explicit, so that a column
a newer release adds does not disturb the release still running.
"""

import dataclasses
from collections.abc import AsyncIterator, Sequence
from itertools import compress
from operator import attrgetter, is_not

from pydantic import TypeAdapter

from chassis.database import Connection
from chassis.failures import CannotStart, LostRace, RuleError
from chassis.rules import Aggregate

MAX_STATE_BYTES = 64 * 1024
_STREAMED = 500
_BOOKKEEPING = {"loaded_version"}
_ALWAYS = frozenset({"id", "version", "head"})
"""The pipeline sets version and head in place."""


class Table:
    """Loads and saves the states of one aggregate."""

    def __init__(self, cls: type[Aggregate], types: dict[str, str]) -> None:
        """`types`: column name to SQL type, from the catalogue."""
        self.cls = cls
        self.name = cls.TABLE
        self._list: TypeAdapter[list[Aggregate]] = TypeAdapter(list[cls])  # type: ignore[valid-type]
        self._to_json = TypeAdapter(cls).serializer.to_json
        columns = [field.name for field in dataclasses.fields(cls) if field.name not in _BOOKKEEPING]
        _compare(cls, columns, types)
        self._columns = columns
        self.id_type = types["id"]
        listed = ", ".join(columns)
        shape = ", ".join(f"{column} {types[column]}" for column in columns)
        select = f"SELECT {listed}, version AS loaded_version FROM {self.name}"
        many = f"WHERE id = ANY($1::{self.id_type}[]) ORDER BY id"
        self._lock = f"SELECT coalesce(json_agg(r), '[]')::text FROM ({select} {many} FOR UPDATE) r"
        self._read = f"SELECT coalesce(json_agg(r), '[]')::text FROM ({select} {many}) r"
        self._select = select
        self._every = f"SELECT coalesce(json_agg(r), '[]')::text FROM ({select} ORDER BY id) r"
        self._stream = f"SELECT row_to_json(r)::text FROM ({select}) r"
        self._insert = (
            f"INSERT INTO {self.name} ({listed}) SELECT {listed} "
            f"FROM json_to_recordset($1::json) AS n({shape}) ON CONFLICT DO NOTHING"
        )
        self._types = types
        self._values = attrgetter(*columns)
        self._updates: dict[frozenset[str], str] = {}
        replaced = ", ".join(f"{column} = excluded.{column}" for column in columns if column != "id")
        self._follow = (
            f"INSERT INTO {self.name} ({listed}) SELECT {listed} "
            f"FROM json_to_recordset($1::json) AS n({shape}) ORDER BY id "
            f"ON CONFLICT (id) DO UPDATE SET {replaced} WHERE {self.name}.version < excluded.version"
        )

    async def lock(self, connection: Connection, ids: Sequence[str]) -> list[Aggregate]:
        """The states of these ids, locked in order of id. Ids without a row are not in the answer."""
        return self._list.validate_json(await connection.fetchval(self._lock, sorted(ids)))

    async def read(self, connection: Connection, ids: Sequence[str]) -> list[Aggregate]:
        """The states of these ids, not locked."""
        return self._list.validate_json(await connection.fetchval(self._read, sorted(ids)))

    async def read_where(self, connection: Connection, column: str, value: str) -> tuple[Aggregate, ...]:
        """All states whose column has this value, in order of id; without a column, all there are."""
        if not column:
            return tuple(self._list.validate_json(await connection.fetchval(self._every)))
        if column not in self._columns:
            raise CannotStart(f"{self.cls.__name__} has no column {column}")
        query = f"SELECT coalesce(json_agg(r), '[]')::text FROM ({self._select} WHERE {column} = $1 ORDER BY id) r"
        return tuple(self._list.validate_json(await connection.fetchval(query, value)))

    async def stream(self, connection: Connection) -> AsyncIterator[list[Aggregate]]:
        """All states there are, some hundreds at a time, in no order. Inside a transaction."""
        cursor = await connection.cursor(self._stream)
        while rows := await cursor.fetch(_STREAMED):
            yield self._list.validate_json(f"[{','.join([row[0] for row in rows])}]")

    async def save(
        self,
        connection: Connection,
        made: Sequence[Aggregate],
        changed: Sequence[tuple[Aggregate, Aggregate]],
    ) -> None:
        """Insert, and update (as loaded, as it is now). Raises LostRace when a row was there, gone, or newer."""
        if made:
            await self._write(connection, self._insert, made, None)
        if changed:
            columns = self._differing(changed)
            await self._write(connection, self._update(columns), [now for _, now in changed], columns)

    async def _write(
        self, connection: Connection, query: str, states: Sequence[Aggregate], columns: frozenset[str] | None
    ) -> None:
        tag = await connection.execute(query, self._document(states, columns))
        if _count(tag) != len(states):
            raise LostRace(self.name)

    def _differing(self, changed: Sequence[tuple[Aggregate, Aggregate]]) -> frozenset[str]:
        """The columns any of these pairs differs in. Most of a wide row never changes: it need not travel back."""
        values = self._values
        patterns = {tuple(map(is_not, values(loaded), values(now))) for loaded, now in changed}
        return frozenset(compress(self._columns, map(any, zip(*patterns, strict=True)))) | _ALWAYS

    def _update(self, columns: frozenset[str]) -> str:
        if columns not in self._updates:
            chosen = [column for column in self._columns if column in columns]
            listed = ", ".join(f"{column} = n.{column}" for column in chosen if column != "id")
            shape = ", ".join(f"{column} {self._types[column]}" for column in chosen)
            self._updates[columns] = (
                f"UPDATE {self.name} t SET {listed} "
                f"FROM json_to_recordset($1::json) AS n({shape}, loaded_version bigint) "
                f"WHERE t.id = n.id AND t.version = n.loaded_version"
            )
        return self._updates[columns]

    async def follow(self, connection: Connection, rows: str) -> None:
        """Replica rows (a JSON list), each kept only if its version is higher than what is here."""
        await connection.execute(self._follow, rows)

    def _document(self, states: Sequence[Aggregate], columns: frozenset[str] | None) -> str:
        """These states in order of id, whole or only these columns of them."""
        chosen = None if columns is None else {*columns, "loaded_version"}
        rows = [self._to_json(state, include=chosen) for state in sorted(states, key=lambda state: state.id)]
        if max(map(len, rows)) > MAX_STATE_BYTES:
            raise RuleError(f"a state of {self.name} is larger than 64 KiB")
        return f"[{b','.join(rows).decode()}]"


async def open_tables(connection: Connection, classes: Sequence[type[Aggregate]]) -> dict[type[Aggregate], Table]:
    """The tables of these aggregates, compared with the catalogue. Raises CannotStart where they differ."""
    return {cls: Table(cls, await _catalogue(connection, cls.TABLE)) for cls in classes}


async def _catalogue(connection: Connection, table: str) -> dict[str, str]:
    rows = await connection.fetch(
        "SELECT attname, format_type(atttypid, atttypmod) AS type FROM pg_attribute "
        "WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped AND attgenerated = ''",
        table,
    )
    if not rows:
        raise CannotStart(f"the database has no table {table}: are its migrations applied?")
    return {row["attname"]: row["type"] for row in rows}


def _compare(cls: type[Aggregate], columns: Sequence[str], types: dict[str, str]) -> None:
    if missing := [column for column in columns if column not in types]:
        raise CannotStart(f"table {cls.TABLE} lacks {', '.join(missing)}, fields of {cls.__name__}")


def _count(tag: str) -> int:
    return int(tag.rsplit(" ", 1)[1])
