"""A decision on its way into memory: what is checked, and how it takes its place."""

from collections.abc import Iterator, Sequence

from casebus_contracts.base import Fact
from chassis.book import Slot
from chassis.failures import RuleError
from chassis.rules import Aggregate, Decided, TimerChange


def body_of(fact: Fact) -> str:
    """The body as it is published and kept, byte for byte."""
    return fact.__pydantic_serializer__.to_json(fact, by_alias=True, exclude_none=True).decode()


def timers_of(decided: Decided) -> Iterator[tuple[Aggregate, TimerChange]]:
    """Each change with the aggregate whose clock it is."""
    for change in decided.timers:
        if change.of is None:
            yield decided.states[0], change
            continue
        owners = [state for state in decided.states if state.id == change.of]
        if not owners:
            raise RuleError("a clock of an aggregate that was not decided")
        yield owners[0], change


def check_lineage(slots: Sequence[Slot], states: Sequence[Aggregate]) -> None:
    """A decided state descends from the one that was loaded (`replace`), or is new where there was none."""
    for slot, state in zip(slots, states, strict=True):
        before = 0 if slot.state is None else slot.state.version
        if state.version != before:
            raise RuleError(f"{type(state).__name__} was made anew although it exists")


def take_over(slots: Sequence[Slot], states: Sequence[Aggregate]) -> None:
    """Put decided states into their slots; a guard's version counts its changes, having no facts."""
    for slot, state in zip(slots, states, strict=True):
        if state.GUARD:
            object.__setattr__(state, "version", state.version + 1)
        slot.state = state
        slot.dirty = True
