"""Marks: made-up personal values that occur nowhere else, and the search for them in what a system leaves behind."""

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from casebus_testing.system import System

SURE_LENGTH = 8

TABLES = """
SELECT relname::text AS name FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY 1"""


@dataclass
class Marks:
    """Hands out marks, each with a word for what it is, and keeps them."""

    seed: str
    made: dict[str, str] = field(default_factory=dict)

    def text(self, what: str) -> str:
        """A name or free text."""
        return self._keep(what, f"Canary{self.seed}{len(self.made):03}")

    def digits(self, what: str) -> str:
        """A DCN: eight digits."""
        return self._keep(what, f"9{len(self.made):03}{int(self.seed, 16) % 10_000:04}")

    def phone(self, what: str) -> str:
        """A telephone number."""
        return self._keep(what, f"573-555-{int(self.seed, 16) % 10_000:04} x 9{len(self.made):03}")

    def birth_date(self, what: str) -> str:
        """A day of a century nobody here was born in."""
        return self._keep(what, f"18{50 + len(self.made) % 50}-0{1 + int(self.seed, 16) % 9}-1{len(self.made) // 50}")

    def _keep(self, what: str, mark: str) -> str:
        assert mark not in self.made.values()
        self.made[what] = mark
        return mark


def client(marks: Marks, who: str) -> dict[str, Any]:
    """The data of a person, every field marked."""
    return {
        "last_name": marks.text(f"last name {who}"),
        "first_name": marks.text(f"first name {who}"),
        "middle": marks.text(f"middle name {who}"),
        "birth_date": marks.birth_date(f"birth date {who}"),
        "dcn": marks.digits(f"DCN {who}"),
        "phone": marks.phone(f"phone {who}"),
    }


def walk_in_data(marks: Marks, who: str) -> dict[str, Any]:
    """Everything a walk-in may tell about persons."""
    return {
        "anonymous": False,
        "client": client(marks, who),
        "interpreter_language": marks.text(f"language {who}"),
        "companions": [marks.text(f"companion {who}"), marks.text(f"second companion {who}")],
        "representative": {
            "name": marks.text(f"representative {who}"),
            "dcns": [marks.digits(f"DCN of the representative {who}")],
        },
        "comments": marks.text(f"comments {who}"),
    }


def stands_in(mark: str, content: bytes) -> bool:
    """Whether a mark stands there: as it is, in hex, or in base64 wherever it may begin."""
    raw = mark.encode()
    shifted = [base64.b64encode(b"\0" * before + raw)[4 if before else 0 : -4] for before in range(3)]
    spelled = [raw.hex().encode(), raw.hex().upper().encode(), *(each for each in shifted if len(each) >= SURE_LENGTH)]
    if any(each in content for each in spelled):
        return True
    # Eight digits may stand in any hash by chance.
    return raw in content and (not mark.isdigit() or re.search(rb"(?<!\w)%b(?!\w)" % raw, content) is not None)


def found(marks: Mapping[str, str], places: Mapping[str, bytes]) -> list[str]:
    """Which marks stand in which places."""
    return [
        f"{what} in {place}"
        for place, content in places.items()
        for what, mark in marks.items()
        if stands_in(mark, content)
    ]


def missing(marks: Mapping[str, str], content: bytes) -> list[str]:
    """Marks that do not stand there."""
    return [what for what, mark in marks.items() if not stands_in(mark, content)]


def parts_of(record: Any) -> bytes:
    """All bytes of a Kafka record."""
    headers = [part for name, value in record.headers for part in (name.encode("utf-8", "replace"), value or b"")]
    return b"\n".join([record.key or b"", record.value or b"", *headers])


async def tables_of(
    system: System, service: str, closed: Mapping[str, Iterable[str]]
) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Every table of a service as text: without its closed columns, and those alone by `table.column`."""
    open_, shut = {}, {}
    connection = await asyncpg.connect(system.database(service))
    try:
        for (table,) in await connection.fetch(TABLES):
            hidden = list(closed.get(table, ()))
            query = f'SELECT string_agg((to_jsonb(t) - $1::text[])::text, chr(10)) FROM "{table}" t'
            open_[f"{service}: table {table}"] = ((await connection.fetchval(query, hidden)) or "").encode()
            for column in hidden:
                value = f"SELECT string_agg(to_jsonb(t) ->> '{column}', chr(10)) FROM \"{table}\" t"
                shut[f"{table}.{column}"] = ((await connection.fetchval(value)) or "").encode()
    finally:
        await connection.close()
    return open_, shut
