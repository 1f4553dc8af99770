"""A visit as a line of intervals: each begins where the one before it ends, and only the last may be open.

How long somebody waited, was served or stood aside follows from them exactly, and can be counted again.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from typing import TypeAlias


class Stay(StrEnum):
    """What a person in the lobby does."""

    WAITING = "waiting"
    CALLED = "called"
    SERVING = "serving"
    ON_HOLD = "on_hold"


BEFORE_SERVICE = frozenset({Stay.WAITING, Stay.CALLED})


@dataclass(frozen=True, slots=True)
class Interval:
    """From `start` to `end`, which is absent while it lasts. `staff_id` began it."""

    kind: Stay
    start: datetime
    end: datetime | None = None
    staff_id: str | None = None


Line: TypeAlias = tuple[Interval, ...]


def not_before(line: Line, now: datetime) -> datetime:
    """`now`, or the last beginning where clocks that disagree put that later."""
    return max([now, *(each.start for each in line[-1:])])


def closed(line: Line, at: datetime) -> Line:
    """The line ends at `at`."""
    return (*line[:-1], *(replace(each, end=at) for each in line[-1:] if each.end is None))


def moved(line: Line, kind: Stay, at: datetime, staff_id: str | None) -> Line:
    """The open interval ends at `at`, another begins there."""
    return (*closed(line, at), Interval(kind, at, None, staff_id))


def retimed(line: Line, arrived_at: datetime, time_in: datetime, time_out: datetime | None, staff_id: str) -> Line:
    """The line with service from `time_in` to `time_out`. Service nobody began yet was begun by `staff_id`."""
    before = (each for each in line if each.kind in BEFORE_SERVICE)
    after = (each for each in line if each.kind not in BEFORE_SERVICE)
    return (
        *_stretched(before, Interval(Stay.WAITING, arrived_at), arrived_at, time_in),
        *_stretched(after, Interval(Stay.SERVING, time_in, None, staff_id), time_in, time_out),
    )


def seconds(line: Line, *kinds: Stay) -> int:
    """How long the ended intervals of these kinds took together."""
    return int(sum((each.end - each.start).total_seconds() for each in line if each.end and each.kind in kinds))


def whole(line: Line) -> bool:
    """Whether the intervals follow one another without gap or overlap, each ending after it began."""
    meets = all(one.end == other.start for one, other in pairwise(line))
    return meets and all(each.end is None or each.end >= each.start for each in line)


def _stretched(parts: Iterable[Interval], only: Interval, start: datetime, end: datetime | None) -> Line:
    """What of the parts lies between the ends, the outer two drawn out to them; `only` where nothing does."""
    kept = [each for each in parts if (end is None or each.start < end) and (each.end is None or each.end > start)]
    line = [replace((kept or [only])[0], start=start), *kept[1:]]
    return (*line[:-1], replace(line[-1], end=end))
