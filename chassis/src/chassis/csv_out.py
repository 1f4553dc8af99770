"""Tables as CSV: streamed page by page, and harmless when a spreadsheet opens them."""

import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any

from fastapi import Query
from fastapi.responses import StreamingResponse

MEDIA_TYPE = "text/csv"
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet takes for the beginning of a formula, or of a cell of its own."""


class Format(StrEnum):
    """How tables are answered."""

    JSON = "json"
    CSV = "csv"


Wanted = Annotated[Format, Query(description="`csv` for a file with everything, streamed.")]
"""The parameter of a route that also gives a file."""


async def csv_response(
    name: str, columns: Sequence[str], pages: AsyncIterator[Iterable[Sequence[Any]]]
) -> StreamingResponse:
    """A file of this name. The first page is there before the answer begins, so that a failure still is a problem."""
    first = await anext(pages, None) or ()
    headers = {"content-disposition": f'attachment; filename="{name}.csv"', "cache-control": "no-store"}
    return StreamingResponse(_lines(columns, first, pages), media_type=f"{MEDIA_TYPE}; charset=utf-8", headers=headers)


def written(rows: Iterable[Sequence[Any]]) -> str:
    """The rows as lines of CSV (RFC 4180)."""
    text = io.StringIO()
    csv.writer(text).writerows([harmless(value) for value in row] for row in rows)
    return text.getvalue()


def harmless(value: object) -> str:
    """A value as text no spreadsheet calculates with; numbers stay numbers, even below zero."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    text = " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


async def _lines(
    columns: Sequence[str], first: Iterable[Sequence[Any]], pages: AsyncIterator[Iterable[Sequence[Any]]]
) -> AsyncIterator[str]:
    yield written([columns, *first])
    async for page in pages:
        yield written(page)
