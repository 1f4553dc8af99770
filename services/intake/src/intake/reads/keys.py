"""How keys of requests are looked up: in ways, each of which the index answers by itself.

For every row it passes, the index goes through all keys it was given. Where many rows have few keys (a word as it is,
and its sound) and few rows have many (the spellings nearby, most of which nobody has), every row would cost a thousand
comparisons: so the two are looked up apart, and the many in parts.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

from intake.reads.names import Closeness, Sought

Lists: TypeAlias = tuple[list[str], list[str]]
"""Of a word: the keys that are close, and those that are near."""

KEYS_AT_ONCE = 64

KEYS = "request_keys(r.office_id, r.client, r.representative, r.vendor, r.case_ref)"
SOMEBODY = "num_nonnulls(r.client, r.representative, r.vendor, r.case_ref) > 0"

WAY = f"""
    SELECT r.id, r.office_id, r.received_at, r.request_type, r.status, r.reasons, r.client, r.representative, r.vendor
    FROM requests r WHERE {SOMEBODY} AND {{conditions}}"""
"""Without any other condition, or the planner walks another index and makes the keys of every row; apart from the other
ways, or it takes them together for most of the table and reads the whole index."""


def keyed(
    sought: Sequence[Sought], up_to: Closeness, exact: Sequence[str], office: str | None, arguments: list[Any]
) -> str:
    """The query for requests with a key of each word and all of `exact`; what it asks with goes to `arguments`.

    The closest come first; what fits in two ways comes twice. Words are looked up for `office`, if it is one.
    """
    here = "" if office is None else f"{office}/"
    lists: list[Lists] = []
    for word in sought:
        close, near = word.keys(up_to)
        lists.append(([here + key for key in close], [here + key for key in near]))
    every = [*([key] for key in exact), *([*close, *near] for close, near in lists[2:])]
    always = [_any(keys, arguments) for keys in every]
    conditions = [[*(_any(keys, arguments) for keys in way), *always] for way in ways(lists[:2])]
    return " UNION ALL ".join(WAY.format(conditions=" AND ".join(each)) for each in conditions)


def ways(lists: Sequence[Lists]) -> list[list[list[str]]]:
    """How up to two words can be there: keys of which one has to be, one list for each word."""
    if not lists:
        return [[]]
    (close, near), *others = lists
    if not others:
        return [[close], *([part] for part in _parts(near))]
    ((other_close, other_near),) = others
    return [
        [close, other_close],
        *([close, part] for part in _parts(other_near)),
        *([part, other_close] for part in _parts(near)),
        *([[near, other_near]] if near and other_near else []),
    ]


def _parts(keys: list[str]) -> list[list[str]]:
    return [keys[first : first + KEYS_AT_ONCE] for first in range(0, len(keys), KEYS_AT_ONCE)]


def _any(keys: Sequence[str], arguments: list[Any]) -> str:
    arguments.append(list(keys))
    return f"{KEYS} && ${len(arguments)}::text[]"
