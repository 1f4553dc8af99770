"""Keys and topics that wait because Kafka did not take one of their rows.

A held key's rows leave the window. When its time has come the first of them alone is
tried; only when Kafka takes it do the others follow. So a row that can never be sent
costs one try a minute and stops nothing but its own key.
"""

import random
from dataclasses import dataclass
from enum import Enum
from typing import Final

_GONE_SECONDS: Final = 10.0


class _State(Enum):
    HELD = "held"
    READY = "ready"  # may be read, its first row tried
    TRYING = "trying"


@dataclass(slots=True)
class _Hold:
    until: float
    pause: float
    topic: str | None = None  # held with this topic, and not before it
    state: _State = _State.HELD


class Holds:
    """Held keys and topics. Times are seconds of one monotonic clock, given by the caller."""

    def __init__(self, retry_min_seconds: float, retry_max_seconds: float) -> None:
        self._min = retry_min_seconds
        self._max = retry_max_seconds
        self.keys: dict[str, _Hold] = {}
        self.topics: dict[str, _Hold] = {}

    def excluded_keys(self) -> list[str]:
        """Keys whose rows the next poll leaves out."""
        return [key for key, hold in self.keys.items() if hold.state is not _State.READY]

    def hold_key(self, key: str, now: float, topic: str | None = None) -> None:
        """Let the key wait, longer every time it fails again; with `topic`, until that is released."""
        self.keys[key] = self._longer(self.keys.get(key), now, topic)

    def hold_topic(self, topic: str, now: float) -> None:
        """Let every row of the topic wait, longer every time."""
        self.topics[topic] = self._longer(self.topics.get(topic), now, None)

    def release_topic(self, topic: str) -> None:
        """The broker has the topic."""
        self.topics.pop(topic, None)

    def due_topics(self, now: float) -> set[str]:
        """Topics to ask the broker about again."""
        return {topic for topic, hold in self.topics.items() if hold.until <= now}

    def ready(self, now: float) -> bool:
        """Let keys whose time has come be read again. True if there are any: begin at the first row."""
        due = [hold for hold in self.keys.values() if self._is_due(hold, now)]
        for hold in due:
            hold.state = _State.READY
            hold.until = now
        return bool(due)

    def may_try(self, key: str) -> bool:
        """Whether this row of a held key is the one to try. Only the first asked for is."""
        hold = self.keys[key]
        if hold.state is not _State.READY:
            return False
        hold.state = _State.TRYING
        return True

    def passed(self, key: str) -> bool:
        """The tried row was taken: free the key. True if it was held."""
        hold = self.keys.get(key)
        if hold is None or hold.state is not _State.TRYING:
            return False
        del self.keys[key]
        return True

    def forget_gone(self, now: float) -> None:
        """Keys that were ready for long and had no row: somebody removed it, or another relay owns them."""
        for key, hold in list(self.keys.items()):
            if hold.state is _State.READY and hold.until < now - _GONE_SECONDS:
                del self.keys[key]

    def again(self) -> None:
        """What was being tried is lost with its producer: it may be tried again."""
        for hold in self.keys.values():
            if hold.state is _State.TRYING:
                hold.state = _State.READY

    def _is_due(self, hold: _Hold, now: float) -> bool:
        return hold.state is _State.HELD and hold.until <= now and hold.topic not in self.topics

    def _longer(self, before: _Hold | None, now: float, topic: str | None) -> _Hold:
        pause = self._min if before is None else min(self._max, before.pause * 2)
        jitter = random.uniform(0.9, 1.1)  # suspects of one refused batch part ways
        return _Hold(now + pause * jitter, pause, topic)
