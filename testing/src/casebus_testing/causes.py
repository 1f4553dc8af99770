"""What led to what is under way: messages below the message that caused them, by the ids in their headers."""

import io
from collections.abc import Iterable, Mapping
from typing import Final

from rich.console import Console

from casebus_cli.databases import Databases
from casebus_cli.topics import Place, Topics
from casebus_cli.trail import Trail, follow
from casebus_cli.where import tree_of

MOST_TREES: Final = 3
MOST_UNREAD: Final = 50
WIDTH: Final = 200


async def causal_trees(wanted: Iterable[str], unread: Mapping[Place, int], topics: Topics, databases: Databases) -> str:
    """The trees of a few of these ids and of the records from these offsets on, as text."""
    ids = list(dict.fromkeys([*await _ids_of(unread, topics), *wanted]))
    shown: list[str] = []
    told: set[str] = set()
    for id_ in ids:
        if id_ in told:
            continue
        if len(shown) == MOST_TREES:
            shown.append(f"... and more, of {len(ids)} in all")
            break
        trail = await follow(id_, databases, topics)
        told |= {id_, *trail.messages, *trail.aggregates}
        shown.append(_text_of(trail))
    return "\n".join(shown)


async def _ids_of(unread: Mapping[Place, int], topics: Topics) -> list[str]:
    """The ids of the first records nobody has done."""
    ids: list[str] = []
    if unread:
        async for record in topics.walk(None):
            place = topics.name_of(record.topic), record.partition
            if place in unread and record.offset >= unread[place]:
                ids += [(value or b"").decode("utf-8", "replace") for name, value in record.headers if name == "ce_id"]
            if len(ids) >= MOST_UNREAD:
                break
    return ids


def _text_of(trail: Trail) -> str:
    console = Console(width=WIDTH, file=io.StringIO(), force_terminal=False)
    with console.capture() as capture:
        console.print(tree_of(trail))
    return capture.get().rstrip()
