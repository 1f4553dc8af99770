"""The states of one batch, in memory: the second message of an aggregate sees the first one's result."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

from chassis.database import Connection
from chassis.failures import RuleError
from chassis.items import Item
from chassis.rules import Aggregate, Counts, Refused, unknown
from chassis.tables import Table
from chassis.tallies import Changes, add, file_also
from chassis.wiring import Access, Handler, Input, Service, Tally

_Ids: TypeAlias = dict[type[Aggregate], set[str]]
_Counted: TypeAlias = tuple[tuple[str, ...], str, date, date]
"""Tallies, place, first and last day."""

COUNTED = """
SELECT tally, label, sum(n)::bigint AS n FROM tallies
WHERE tally = ANY($1::text[]) AND place = $2 AND day BETWEEN $3 AND $4 GROUP BY tally, label"""


@dataclass(slots=True)
class Slot:
    """One state: as the last rule left it, and as it was loaded."""

    state: Aggregate | None
    loaded: Aggregate | None
    locked: bool
    dirty: bool = False


class Book:
    """Loads what the wiring of the batch's messages names, hands it to rules, keeps what they decide."""

    def __init__(self, service: Service, tables: Mapping[type[Aggregate], Table]) -> None:
        self._order = (*service.tables, *service.replica_tables)
        self._tables = tables
        self._tallies = service.tallies
        self._coarser = service.coarser
        self._slots: dict[type[Aggregate], dict[str, Slot]] = {cls: {} for cls in self._order}
        self._sets: dict[tuple[type[Aggregate], str, str], tuple[Aggregate, ...]] = {}
        self._counts: dict[_Counted, Counts] = {}

    async def load(self, connection: Connection, items: Iterable[tuple[Item, Handler]]) -> None:
        """One query per table: first all locks in the declared order, then what is only read."""
        locks, reads, sets, counts = self._wanted(items)
        for cls in self._order:
            if ids := locks.get(cls):
                self._keep(cls, ids, await self._tables[cls].lock(connection, list(ids)), locked=True)
        for cls in self._order:
            if ids := reads.get(cls, set()) - set(self._slots[cls]):
                self._keep(cls, ids, await self._tables[cls].read(connection, list(ids)), locked=False)
        for cls, column, value in sorted(sets, key=lambda each: (each[0].TABLE, each[1], each[2])):
            self._sets[cls, column, value] = await self._tables[cls].read_where(connection, column, value)
        for counted in sorted(counts):
            rows = await connection.fetch(COUNTED, *counted)
            self._counts[counted] = {(row["tally"], row["label"]): row["n"] for row in rows}

    def arguments(self, item: Item, handler: Handler) -> dict[str, Any] | Refused:
        """The inputs of the rule, or the refusal because one does not exist."""
        arguments: dict[str, Any] = {}
        for parameter, wanted, may_be_none in handler.inputs:
            state = self._state(item, wanted)
            if state is None and not may_be_none:
                return _nothing_there(wanted)
            arguments[parameter] = state
        return arguments

    def slot(self, state: Aggregate) -> Slot:
        """The slot a decided state belongs to. RuleError when it was not loaded to be changed."""
        slot = self._slots[type(state)].get(state.id)
        if slot is None or not slot.locked:
            raise RuleError(f"{type(state).__name__} was decided but not loaded with `change`")
        return slot

    @property
    def changed(self) -> set[str]:
        """The ids of every state a rule has changed."""
        return {key for slots in self._slots.values() for key, slot in slots.items() if slot.dirty}

    async def save(self, connection: Connection) -> None:
        """Write every changed state, table by table. An aggregate made and changed here is one INSERT."""
        for cls in self._order:
            made: list[Aggregate] = []
            changed: list[tuple[Aggregate, Aggregate]] = []
            for slot in self._slots[cls].values():
                if slot.dirty and slot.state is not None:
                    if slot.loaded is None:
                        made.append(slot.state)
                    else:
                        changed.append((slot.loaded, slot.state))
            if made or changed:
                await self._tables[cls].save(connection, made, changed)

    def tallied(self) -> Changes:
        """By how much each cell changes: what the new states count, less what the loaded ones did."""
        changes: Changes = {}
        for cls, tallies in self._tallies.items():
            for slot in self._slots[cls].values():
                if slot.dirty and slot.state is not None:
                    _tally(changes, tallies, slot.loaded, slot.state)
        file_also(changes, self._coarser)
        return changes

    def _wanted(
        self, items: Iterable[tuple[Item, Handler]]
    ) -> "tuple[_Ids, _Ids, set[tuple[type[Aggregate], str, str]], set[_Counted]]":
        locks: dict[type[Aggregate], set[str]] = defaultdict(set)
        reads: dict[type[Aggregate], set[str]] = defaultdict(set)
        sets: set[tuple[type[Aggregate], str, str]] = set()
        counts: set[_Counted] = set()
        for item, handler in items:
            for _, wanted, _ in handler.inputs:
                key = key_of(item, wanted)
                if key is None or key in wanted.constants:
                    continue
                if wanted.access is Access.READ_ALL:
                    sets.add((wanted.cls, wanted.of, key))
                elif wanted.access is Access.COUNT:
                    counts.add(_counted(item, wanted, key))
                else:
                    (locks if wanted.access is Access.CHANGE else reads)[wanted.cls].add(key)
        return locks, reads, sets, counts

    def _keep(self, cls: type[Aggregate], ids: Iterable[str], found: Iterable[Aggregate], *, locked: bool) -> None:
        slots = self._slots[cls]
        for state in found:
            slots[state.id] = Slot(state, state, locked)
        for missing in ids:
            slots.setdefault(missing, Slot(None, None, locked))

    def _set(self, cls: type[Aggregate], column: str, value: str) -> tuple[Aggregate, ...]:
        """The set as it was loaded, with what this batch has changed since."""
        loaded = self._sets[cls, column, value]
        changed = {id_: slot.state for id_, slot in self._slots[cls].items() if slot.dirty and slot.state is not None}
        if not changed:
            return loaded
        now = {state.id: state for state in loaded} | changed
        return tuple(now[id_] for id_ in sorted(now) if not column or getattr(now[id_], column) == value)

    def _state(self, item: Item, wanted: Input) -> Any:
        key = key_of(item, wanted)
        if wanted.access is Access.READ_ALL:
            return () if key is None else self._set(wanted.cls, wanted.of, key)
        if wanted.access is Access.COUNT:
            return {} if key is None else self._counts[_counted(item, wanted, key)]
        if key is None:
            return None
        if (constant := wanted.constants.get(key)) is not None:
            return constant
        state = self._slots[wanted.cls][key].state
        return wanted.new(key) if state is None and wanted.new is not None else state


def _tally(changes: Changes, tallies: Iterable[Tally], loaded: Aggregate | None, now: Aggregate) -> None:
    for tally in tallies:
        if loaded is None:
            add(changes, tally.cells(now), 1)
        elif tally.may_differ(loaded, now):
            add(changes, tally.cells(loaded), -1)
            add(changes, tally.cells(now), 1)


def _counted(item: Item, wanted: Input, place: str) -> _Counted:
    first, last = wanted.days(item.now) if wanted.days else (date.min, date.max)
    return wanted.tallies, place, first, last


def key_of(item: Item, wanted: Input) -> str | None:
    """The id an input of this message stands for; None when the message names none."""
    if callable(wanted.key):
        return wanted.key(item.message, item.actor, item.now)
    if wanted.key == "actor":
        return item.actor
    value = getattr(item.message, wanted.key)
    return None if value is None else str(value)


def _nothing_there(wanted: Input) -> Refused:
    if wanted.missing is not None:
        return Refused(wanted.missing, "not in the directory")
    return unknown(wanted.key if isinstance(wanted.key, str) else f"{wanted.cls.NAME}_id")
