"""Tables kept equal to what their owner last told: the newest directory fact of each key, never an older one."""

import json
from collections.abc import Mapping, Sequence

from chassis.database import Connection
from chassis.items import Item
from chassis.rules import Aggregate
from chassis.tables import Table
from chassis.wiring import Service


async def follow_directory(
    connection: Connection, service: Service, tables: Mapping[type[Aggregate], Table], items: Sequence[Item]
) -> set[str]:
    """Bring replicas up to the directory facts of a batch; the ids of the rows they are about."""
    newest: dict[tuple[str, str], Item] = {}
    for item in items:
        place = (item.name, item.key)
        if item.name in service.replicas and (place not in newest or newest[place].sequence < item.sequence):
            newest[place] = item
    for replica in service.replicas.values():
        rows = [_row(item) for (name, _), item in sorted(newest.items()) if name == replica.fact.TYPE]
        if rows:
            await tables[replica.cls].follow(connection, json.dumps(rows))
    return {key for _, key in newest}


def _row(item: Item) -> dict[str, object]:
    fact = item.message
    row: dict[str, object] = fact.__pydantic_serializer__.to_python(fact, mode="json")
    row["id"] = row.pop(fact.KEY)
    return {**row, "version": item.sequence, "head": ""}
