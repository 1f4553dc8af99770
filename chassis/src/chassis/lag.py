"""Whether a reader of a partition keeps up, judged from a window of looks, without thresholds.

A lag of 10,000 records may be a healthy minute or a dead morning: what tells them apart is what
happened to it. The window is compared with itself: what waits now with what waited before, the
silence since the last commit with the time over which commits came. After LinkedIn's Burrow, but
from looks at the committed offset instead of the broker's own record of commits.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

WINDOW_LOOKS = 12
"""Looks kept of a partition; more would make a judgement late, fewer rash."""

_FEWEST_LOOKS = 3


class State(StrEnum):
    """How a reader of a partition does."""

    OK = "ok"
    FALLING_BEHIND = "falling behind"
    STALLED = "stalled"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen of one partition: next offset to be done, end of the partition, when (seconds, any clock)."""

    committed: int
    end: int
    at: float

    @property
    def lag(self) -> int:
        """Records that wait."""
        return max(0, self.end - self.committed)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A state and the sentence that says why."""

    state: State
    reason: str


def judge_lag(window: Sequence[Look]) -> Judgement:
    """Judge the looks at one partition, the oldest first, from the first to the last of them."""
    if not window:
        return Judgement(State.OK, "not looked at yet")
    last = window[-1]
    if last.lag == 0:
        return Judgement(State.OK, "nothing waits")
    looks = _since_it_was_last_made_anew(window)
    if len(looks) < _FEWEST_LOOKS:
        return Judgement(State.OK, f"{_waiting(last.lag)}; too few looks to judge")
    caught_up = _last_place(looks, lambda place: looks[place].lag == 0)
    since = looks[caught_up or 0 :]
    moved = _last_place(since, lambda place: place > 0 and since[place].committed > since[place - 1].committed)
    if moved is None:
        return _never_moved(since)
    if _fell_silent(since, moved):
        return _stopped(since, moved)
    if caught_up is not None:
        return Judgement(State.OK, f"{_waiting(last.lag)}; all was done {last.at - since[0].at:.0f} s ago")
    return _moving(looks)


def lag_seconds(window: Sequence[Look]) -> float:
    """For how long the first waiting record has been waiting; at least the window's length when it is older.

    Read from the ends seen: the record was written when the end passed the offset that is next to be done.
    """
    if not window or window[-1].lag == 0:
        return 0.0
    last = window[-1]
    for before, after in zip(window[-2::-1], window[:0:-1], strict=True):
        if before.end <= last.committed:
            share = (last.committed - before.end) / max(1, after.end - before.end)
            return last.at - (before.at + share * (after.at - before.at))
    return last.at - window[0].at


def _since_it_was_last_made_anew(window: Sequence[Look]) -> Sequence[Look]:
    """Without what was seen before offsets went back: a topic made anew, or offsets set by hand."""
    for place in range(len(window) - 1, 0, -1):
        before, after = window[place - 1], window[place]
        if after.end < before.end or after.committed < before.committed:
            return window[place:]
    return window


def _last_place(looks: Sequence[Look], holds: Callable[[int], bool]) -> int | None:
    """The newest place of the window of which it holds."""
    return next((place for place in range(len(looks) - 1, -1, -1) if holds(place)), None)


def _never_moved(looks: Sequence[Look]) -> Judgement:
    last, seconds = looks[-1], looks[-1].at - looks[0].at
    if len([look for look in looks if look.lag]) < _FEWEST_LOOKS:
        return Judgement(State.OK, f"{_waiting(last.lag)}, for less than {seconds:.0f} s")
    return Judgement(State.STALLED, f"{_waiting(last.lag)}, and nothing was committed for {seconds:.0f} s")


def _fell_silent(looks: Sequence[Look], moved: int) -> bool:
    """Whether no commit came for longer than commits had come before."""
    silence, working = looks[-1].at - looks[moved].at, looks[moved].at - looks[0].at
    return len(looks) - moved >= _FEWEST_LOOKS and silence > working


def _stopped(looks: Sequence[Look], moved: int) -> Judgement:
    first, commit, last = looks[0], looks[moved], looks[-1]
    return Judgement(
        State.STOPPED,
        f"{_waiting(last.lag)}; commits came for {commit.at - first.at:.0f} s, "
        f"and none for {last.at - commit.at:.0f} s since",
    )


def _moving(looks: Sequence[Look]) -> Judgement:
    """Compare the least that waited in the older half of the window with the least in the newer one."""
    middle = len(looks) // 2
    older, newer = min(look.lag for look in looks[:middle]), min(look.lag for look in looks[middle:])
    first, last = looks[0], looks[-1]
    seconds = max(last.at - first.at, 1e-9)
    come, done = (last.end - first.end) / seconds, (last.committed - first.committed) / seconds
    if newer > older and last.lag > first.lag:
        return Judgement(
            State.FALLING_BEHIND, f"{_waiting(last.lag)}, ever more: {come:.0f}/s come, {done:.0f}/s are done"
        )
    if done > come:
        left = last.lag / (done - come)
        return Judgement(State.OK, f"{_waiting(last.lag)}, ever fewer: done in {left:.0f} s at this rate")
    return Judgement(State.OK, f"{_waiting(last.lag)}, no more than before")


def _waiting(count: int) -> str:
    return "1 record waits" if count == 1 else f"{count:,} records wait"
