"""Which message needs what: one line of wiring per message, checked against the rule's signature at start.

A service author writes `service.on(CheckIn, walk_in.check_in, request=change(Request, "request_id"), ...)`.
A key is a field of the message, the word "actor", or a function of (message, actor id, now),
because a batch loads everything before any rule runs.
"""

import dataclasses
import inspect
import types
import typing
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from operator import attrgetter, is_not
from typing import Any, TypeAlias

from casebus_contracts.base import Command, Fact
from chassis.rules import Aggregate, Cells, Coarser, Counts, Decision, Delivered, Due

Rule: TypeAlias = Callable[..., Decision]
KeyFunction: TypeAlias = Callable[[Any, str, datetime], str | None]
Key: TypeAlias = str | KeyFunction
Days: TypeAlias = Callable[[datetime], tuple[date, date]]
"""The first and the last day."""
CellsOf: TypeAlias = Callable[[Any], Cells]
"""The cells one saved state counts in: a pure function of that state alone."""
Send: TypeAlias = Callable[[str, str, str, str, str], Awaitable[None]]
"""Carries out one delivery: (delivery id, channel, address, title, text). Raises when it failed."""


class WiringError(Exception):
    """A line of wiring and its rule do not fit together."""


class Access(Enum):
    """What a rule may do with an input."""

    CHANGE = "change"
    READ = "read"
    READ_ALL = "read_all"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class Input:
    """One state a rule asks for."""

    access: Access
    cls: type[Aggregate]
    key: Key
    new: Callable[[str], Aggregate] | None = None
    missing: str | None = None
    constants: Mapping[str, Aggregate] = field(default_factory=dict)
    of: str = ""
    tallies: tuple[str, ...] = ()
    days: Days | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """The cells of a state, and the fields they follow from: while those stay, nothing is counted anew."""

    cells: CellsOf
    fields: tuple[str, ...]
    read: Callable[[Aggregate], tuple[Any, ...]]

    def may_differ(self, loaded: Aggregate, now: Aggregate) -> bool:
        """Whether a rule gave one of the fields a new value. What a rule leaves alone stays the same object."""
        return any(map(is_not, self.read(loaded), self.read(now)))


def change(cls: type[Aggregate], key: Key, *, new: Callable[[str], Aggregate] | None = None) -> Input:
    """A state the rule may write: locked. `new` makes its empty value from the id."""
    return Input(Access.CHANGE, cls, key, new=new)


def read(
    cls: type[Aggregate], key: Key, *, missing: str | None = None, constants: Mapping[str, Aggregate] | None = None
) -> Input:
    """A state the rule looks at: not locked. `missing` is the rule id that refuses when there is none."""
    return Input(Access.READ, cls, key, missing=missing, constants=constants or {})


def read_all(cls: type[Aggregate], key: Key, *, of: str) -> Input:
    """All states whose column `of` equals the key, as a tuple ordered by id."""
    return Input(Access.READ_ALL, cls, key, of=of)


def read_every(cls: type[Aggregate]) -> Input:
    """The whole of a small table, as a tuple ordered by id."""
    return Input(Access.READ_ALL, cls, _the_one_set)


def count(place: Key, *tallies: str, days: Days) -> Input:
    """How many count in these tallies at a place, over the days that follow from `now`: a `Counts`, not locked.

    As it was when the batch began. What the batch itself changes is not in it.
    """
    return Input(Access.COUNT, Aggregate, place, tallies=tallies, days=days)


def _the_one_set(message: Any, actor: str, now: datetime) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Handler:
    """A wired rule."""

    name: str
    rule: Rule
    message: str | None
    wants_now: bool
    inputs: tuple[tuple[str, Input, bool], ...]
    """(parameter, input, may be None)"""


@dataclass(frozen=True, slots=True)
class Replica:
    """A table kept equal to the last directory fact of each key."""

    fact: type[Fact]
    cls: type[Aggregate]


@dataclass(frozen=True, slots=True)
class Operators:
    """The directory table of people, and the question whether one of them operates the system."""

    cls: type[Aggregate]
    allowed: Callable[[Any], bool]


def due_name(name: str) -> str:
    """The handler name of a clock."""
    return f"due:{name}"


DELIVERED = "delivered"


class Service:
    """What one service owns, listens to and does.

    `tables` are in lock order, guards last. `who_rules` are the rule ids that refuse because of who asks.
    """

    def __init__(
        self,
        name: str,
        *,
        tables: tuple[type[Aggregate], ...],
        replicas: tuple[type[Aggregate], ...] = (),
        who_rules: frozenset[str] = frozenset(),
    ) -> None:
        self.name = name
        self.tables = tables
        self.replica_tables = replicas
        self.who_rules = who_rules
        self.handlers: dict[str, Handler] = {}
        self.commands: dict[str, type[Command]] = {}
        self.facts: dict[str, type[Fact]] = {}
        self.replicas: dict[str, Replica] = {}
        self.send: Send | None = None
        self.operators: Operators | None = None
        self.routes: list[Callable[[Any], Any]] = []
        self.forgets: list[tuple[type[Aggregate], str]] = []
        self.tallies: dict[type[Aggregate], list[Tally]] = {}
        self.coarser: Coarser | None = None
        guards = [table.GUARD for table in tables]
        if guards != sorted(guards):
            raise WiringError(f"{name}: guards are declared last, so that their locks are the shortest")

    def on(self, message: type[Command] | type[Fact], rule: Rule, **inputs: Input) -> None:
        """Wire the rule of a command of ours or a fact of anybody."""
        if issubclass(message, Command):
            if message.SERVICE != self.name:
                raise WiringError(f"{message.TYPE} is a command of {message.SERVICE}, not of {self.name}")
            self.commands[message.TYPE] = message
            self._add(message.TYPE, "command", message, rule, inputs)
        else:
            self.facts[message.TYPE] = message
            self._add(message.TYPE, "fact", message, rule, inputs)

    def on_due(self, name: str, rule: Rule, **inputs: Input) -> None:
        """Wire the rule of a clock."""
        self._add(due_name(name), "due", Due, rule, inputs)

    def on_delivered(self, rule: Rule, **inputs: Input) -> None:
        """Wire the rule of a delivery that was carried out."""
        self._add(DELIVERED, "delivered", Delivered, rule, inputs)

    def deliver(self, send: Send) -> None:
        """Name the function that carries deliveries out."""
        self.send = send

    def offer(self, make_routes: Callable[[Any], Any]) -> None:
        """Routes of the service's own: made from a `chassis.inside.Inside` once it runs."""
        self.routes.append(make_routes)

    def forget(self, cls: type[Aggregate], statement: str) -> None:
        """Run `statement` on the table of `cls` now and then: it removes what may be kept no longer at `$1`.

        It may run any number of times, and counts up the version of a row it changes.
        """
        if cls not in self.tables:
            raise WiringError(f"{cls.__name__} is no table of {self.name}'s own")
        self.forgets.append((cls, statement))

    def tally(self, cls: type[Aggregate], cells: CellsOf, *fields: str) -> None:
        """Keep roll-ups of these states: `tallies` is the sum of `cells` over all of them, after every commit.

        Where a state counts may depend on nothing but these fields of it. Whoever forgets states takes their cells
        away too. Raises WiringError.
        """
        if cls not in self.tables:
            raise WiringError(f"{cls.__name__} is no table of {self.name}'s own")
        if not fields or any(cells is tally.cells for tally in self.tallies.get(cls, ())):
            raise WiringError(f"{cls.__name__} is tallied twice by {cells.__name__}, or by no field")
        if unknown := set(fields) - {each.name for each in dataclasses.fields(cls)}:
            raise WiringError(f"{cls.__name__} has no field {', '.join(sorted(unknown))}")
        self.tallies.setdefault(cls, []).append(Tally(cells, fields, attrgetter("id", *fields)))

    def tally_also(self, coarser: Coarser) -> None:
        """Every change of a cell changes its coarser cell by as much. Only cells that change are asked for theirs."""
        self.coarser = coarser

    def operated_by(self, cls: type[Aggregate], allowed: Callable[[Any], bool]) -> None:
        """Who may look into and move the parking lot: the staff `allowed` says yes to."""
        self.operators = Operators(cls, allowed)

    def replicate(self, fact: type[Fact], cls: type[Aggregate]) -> None:
        """Keep the table of `cls` equal to the last `fact` of each key."""
        self.facts[fact.TYPE] = fact
        self.replicas[fact.TYPE] = Replica(fact, cls)

    @property
    def topics(self) -> tuple[str, ...]:
        """Every topic this service reads."""
        return (f"{self.name}.commands", *sorted(fact.TOPIC for fact in self.facts.values()))

    def _add(self, name: str, word: str, message: type, rule: Rule, inputs: dict[str, Input]) -> None:
        if name in self.handlers:
            raise WiringError(f"{name} is wired twice")
        self.handlers[name] = _fit(name, word, message, rule, inputs, {*self.tables, *self.replica_tables})


def _fit(name: str, word: str, message: type, rule: Rule, inputs: dict[str, Input], known: set[type]) -> Handler:
    """Compare a line of wiring with the signature of its rule."""
    hints = typing.get_type_hints(rule)
    parameters = set(inspect.signature(rule).parameters)
    if missing := parameters - {*inputs, word, "now"}:
        raise WiringError(f"{name}: nothing wired for {sorted(missing)}")
    if word in parameters and hints.get(word) is not message:
        raise WiringError(f"{name}: `{word}` is {hints.get(word)}, the message is {message.__name__}")
    fitted = []
    for parameter, wanted in inputs.items():
        if parameter not in parameters:
            raise WiringError(f"{name}: the rule has no parameter {parameter}")
        if wanted.access is not Access.COUNT and wanted.cls not in known:
            raise WiringError(f"{name}: {wanted.cls.__name__} is no table of this service")
        fitted.append((parameter, wanted, _may_be_none(name, parameter, wanted, hints[parameter])))
    return Handler(name, rule, word if word in parameters else None, "now" in parameters, tuple(fitted))


def _expected(wanted: Input) -> Any:
    """The type of the parameter that takes an input."""
    if wanted.access is Access.COUNT:
        return Counts
    return tuple[wanted.cls, ...] if wanted.access is Access.READ_ALL else wanted.cls  # type: ignore[name-defined]


def _may_be_none(name: str, parameter: str, wanted: Input, hint: Any) -> bool:
    options = (
        typing.get_args(hint)
        if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union
        else (hint,)
    )
    expected = _expected(wanted)
    if expected not in options:
        raise WiringError(f"{name}: {parameter} is {hint}, wired is {expected}")
    return types.NoneType in options
