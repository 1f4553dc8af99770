"""Where a batch comes apart: messages that share no state, lane or id may go in transactions of their own.

While one transaction waits for the database, the rules of the other run. Whatever has an order keeps it, being in one
part. They share no row but cells of roll-ups, which both take late and in one order: they may wait there, in no circle.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from typing import Final

from chassis.book import key_of
from chassis.items import Item
from chassis.wiring import Access, Service

PARTS: Final = 2
WORTH_PARTING: Final = 64
"""With fewer messages a second commit costs more than it gains."""


def parted(items: Sequence[Item], service: Service) -> list[list[Item]]:
    """The same messages in parts of like size, each in its order; one part where they hang together, or are few."""
    if len(items) < WORTH_PARTING or any(item.name in service.replicas for item in items):
        return [list(items)]
    parts: list[list[int]] = [[] for _ in range(PARTS)]
    for cluster in sorted(_clusters(items, service), key=len, reverse=True):
        min(parts, key=len).extend(cluster)
    return [[items[place] for place in sorted(part)] for part in parts if part]


def _clusters(items: Sequence[Item], service: Service) -> list[list[int]]:
    """The places of messages that hang together, directly or through others."""
    above = list(range(len(items)))
    first: dict[Hashable, int] = {}
    for place, item in enumerate(items):
        for thing in _touched(item, service):
            above[_top(above, place)] = _top(above, first.setdefault(thing, place))
    found = defaultdict(list)
    for place in range(len(items)):
        found[_top(above, place)].append(place)
    return list(found.values())


def _top(above: list[int], place: int) -> int:
    while above[place] != place:
        above[place] = place = above[above[place]]
    return place


def _touched(item: Item, service: Service) -> Iterator[Hashable]:
    """What another message of the batch must not touch in another transaction. Directories are only read."""
    yield item.lane
    yield item.id, item.sender
    handler = service.handlers.get(item.name)
    if handler is None or item.answer is not None:
        return
    for _, wanted, _ in handler.inputs:
        if wanted.access is not Access.READ_ALL and wanted.cls in service.tables:
            key = key_of(item, wanted)
            if key is not None:
                yield wanted.cls, key
