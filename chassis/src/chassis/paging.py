"""Pages of a list that do not shift while the list grows: a page begins behind the last row of the one before."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field

from chassis.problems import Unanswered

T = TypeVar("T")
LIMIT_MAX = 200

After = Annotated[str | None, Field(max_length=400, description="`next` of the page before.")]
Limit = Annotated[int, Field(ge=1, le=LIMIT_MAX, description="Entries of a page.")]
AfterQuery = Annotated[str | None, Query(max_length=400, description="`next` of the page before.")]
LimitQuery = Annotated[int, Query(ge=1, le=LIMIT_MAX, description="Entries of a page.")]


class Page(BaseModel, Generic[T]):
    """Part of a list."""

    items: list[T]
    next: str | None = Field(None, description="Give it as `after` for the page behind this one; absent on the last.")


def page_of(found: Sequence[T], limit: int, place: Callable[[T], tuple[Any, ...]]) -> Page[T]:
    """Of up to `limit` + 1 entries the first `limit`, and where the next page begins. `place` orders them uniquely."""
    shown = list(found[:limit])
    return Page(items=shown, next=_mark(place(shown[-1])) if len(found) > limit else None)


def place_in(after: str | None, *kinds: type) -> tuple[Any, ...] | None:
    """The place behind which a page begins, or None for the first one. 400 for what was never a `next`.

    `kinds`: `datetime`, `UUID`, `int`, `str` (of an id).
    """
    if after is None:
        return None
    try:
        values = json.loads(base64.urlsafe_b64decode(after.encode("ascii") + b"=" * (-len(after) % 4)))
        if not isinstance(values, list) or len(values) != len(kinds):
            raise ValueError
        return tuple(_value(value, kind) for value, kind in zip(values, kinds, strict=True))
    except (ValueError, binascii.Error, UnicodeError, RecursionError):
        raise Unanswered(400, "no `next` of a page", field="after") from None


def _mark(place: tuple[Any, ...]) -> str:
    said = [value.isoformat() if isinstance(value, datetime) else value for value in place]
    return base64.urlsafe_b64encode(json.dumps(said, separators=(",", ":")).encode()).rstrip(b"=").decode()


def _value(value: Any, kind: type) -> Any:
    if kind is datetime:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        # Near the ends of the calendar a moment cannot be moved to UTC.
        if moment is None or moment.tzinfo is None or not 1900 <= moment.year <= 9000:
            raise ValueError
        return moment
    if kind is UUID and isinstance(value, str):
        return UUID(value)
    if type(value) is not kind or (isinstance(value, int) and abs(value) > 2**31):
        raise ValueError
    if isinstance(value, str) and not value.isprintable():
        raise ValueError
    return value
