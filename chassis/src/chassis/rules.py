"""The words a rule is written in. Pure values: no clock, no I/O, no randomness.

A rule takes the states it may change or read, the message, the actor and `now`, and
returns a `Decision`: what is decided, refused, invalid, unchanged, or to be tried later.
"""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from operator import attrgetter
from typing import Any, ClassVar, TypeAlias, TypeVar
from uuid import UUID

from casebus_contracts.base import Fact


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A state with an id, kept in one row of the table the class names.

    `version`, `loaded_version` and `head` belong to the pipeline; rules never touch them.
    A `GUARD` aggregate decides over a set: it has a version, but no facts and no journal.
    """

    NAME: ClassVar[str]
    TABLE: ClassVar[str]
    GUARD: ClassVar[bool] = False
    PERSONAL: ClassVar[frozenset[str]] = frozenset()
    """Columns with data of persons, or with free text: reports do not see them."""

    id: str
    version: int = dataclasses.field(default=0, kw_only=True, compare=False, repr=False)
    loaded_version: int = dataclasses.field(default=0, kw_only=True, compare=False, repr=False)
    head: str = dataclasses.field(default="", kw_only=True, compare=False, repr=False)


State = TypeVar("State", bound=Aggregate)

Cell: TypeAlias = tuple[str, str, date, str, int]
"""Where something is counted: (tally, place, day, label, value). Plain tuples: there are several for each message."""

Cells: TypeAlias = tuple[tuple[Cell, int], ...]
"""The cells in which one state counts once, each with what it adds to the sum there."""

Coarser: TypeAlias = Callable[[Cell], Cell | None]
"""The cell that sums up many of its kind, such as that of the month; None where there is none."""

Counts: TypeAlias = Mapping[tuple[str, str], int]
"""(tally, label): how many count there, at one place over some days."""


def replace(state: State, /, **changes: Any) -> State:
    """The state with some fields changed, as `dataclasses.replace`, in a quarter of its time.

    Writes the slots directly: a wide state is otherwise the dearest part of a rule. Raises TypeError for no field.
    """
    read, slots = _slots(type(state))
    copy = object.__new__(type(state))
    for write, value in zip(slots.values(), read(state), strict=True):
        write(copy, value)
    for name, value in changes.items():
        if name not in slots:
            raise TypeError(f"{type(state).__name__} has no field {name}")
        slots[name](copy, value)
    return copy


_Slots: TypeAlias = tuple[Callable[[Aggregate], tuple[Any, ...]], dict[str, Callable[..., None]]]
_SLOTS: dict[type[Aggregate], _Slots] = {}
"""How to read and write each class seen so far."""


def _slots(cls: type[Aggregate]) -> _Slots:
    if cls not in _SLOTS:
        names = [field.name for field in dataclasses.fields(cls)]
        _SLOTS[cls] = attrgetter(*names), {name: getattr(cls, name).__set__ for name in names}
    return _SLOTS[cls]


@dataclass(frozen=True, slots=True)
class TimerChange:
    """A clock of the decided aggregate: set (again) to `due_at`, or cancelled when that is None.

    `of` names another saved aggregate's id; None means the first one the decision saves.
    """

    name: str
    due_at: datetime | None
    of: str | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """A clock that has run out. `now` of its rule is `due_at`."""

    aggregate_id: str
    name: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """An outside effect to carry out after commit, at least once.

    `address` is what the channel needs (an e-mail address); `recipient` is an opaque id.
    """

    subject_id: str
    channel: str
    recipient: str
    address: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Delivered:
    """A delivery that the channel took. `subject_id` is the aggregate that asked for it."""

    subject_id: str
    channel: str
    recipient: str


@dataclass(frozen=True, slots=True)
class Decided:
    """States to save (the subject first), facts to publish, clocks to set, effects to carry out."""

    states: tuple[Aggregate, ...]
    facts: tuple[Fact, ...] = ()
    timers: tuple[TimerChange, ...] = ()
    deliveries: tuple[Delivery, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """The rule says no. `rule` is its id; something unknown or already existing has a `field` instead."""

    rule: str | None
    reason: str = dataclasses.field(compare=False)
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Invalid:
    """The command contradicts itself or what it speaks of."""

    field: str
    reason: str = dataclasses.field(compare=False)


@dataclass(frozen=True, slots=True)
class Unchanged:
    """Accepted; nothing to do."""


@dataclass(frozen=True, slots=True)
class Later:
    """A fact whose predecessor has not arrived: tried again when `aggregate_id` moves."""

    aggregate_id: str
    reason: str = dataclasses.field(compare=False)


Decision: TypeAlias = Decided | Refused | Invalid | Unchanged | Later


def decide(
    state: Aggregate,
    *facts: Fact,
    guard: Aggregate | None = None,
    others: tuple[Aggregate, ...] = (),
    timers: tuple[TimerChange, ...] = (),
    deliveries: tuple[Delivery, ...] = (),
) -> Decided:
    """Save `state` (and `guard`, `others`) and publish `facts` in this order."""
    guards = () if guard is None else (guard,)
    return Decided((state, *others, *guards), facts, timers, deliveries)


def also(decided: Decided, *facts: Fact, others: tuple[Aggregate, ...] = ()) -> Decided:
    """The same decision with more to publish and to save, behind what it has."""
    return dataclasses.replace(decided, states=(*decided.states, *others), facts=(*decided.facts, *facts))


def refuse(rule: "str | Refused", reason: str = "") -> Refused:
    """Refuse by a rule id, or pass a refusal on."""
    return rule if isinstance(rule, Refused) else Refused(rule, reason)


def unknown(field_name: str) -> Refused:
    """The thing the field names does not exist."""
    return Refused(None, f"{field_name}: unknown", field_name)


def existing(field_name: str) -> Refused:
    """The thing the field names exists already."""
    return Refused(None, f"{field_name}: exists already", field_name)


def invalid(field_name: str, reason: str) -> Invalid:
    """The named field cannot be right."""
    return Invalid(field_name, reason)


def unchanged(_state: Any = None) -> Unchanged:
    """Accepted without effect."""
    return Unchanged()


def later(aggregate_id: str, reason: str) -> Later:
    """Try again when the named aggregate moves."""
    return Later(aggregate_id, reason)


def set_timer(name: str, due_at: datetime, of: str | None = None) -> TimerChange:
    """Set or replace the clock of that name."""
    return TimerChange(name, due_at, of)


def cancel_timer(name: str, of: str | None = None) -> TimerChange:
    """Stop the clock of that name, if it runs."""
    return TimerChange(name, None, of)


def derived_id(moment: datetime, *parts: str) -> str:
    """A uuid7-shaped id for a new aggregate: the same moment and parts always give the same one."""
    digest = sha256("\n".join(parts).encode()).digest()
    number = (int(moment.timestamp() * 1000) << 80) | int.from_bytes(digest[:10], "big")
    number = (number & ~(0xF << 76)) | (7 << 76)
    number = (number & ~(0x3 << 62)) | (2 << 62)
    return str(UUID(int=number))
