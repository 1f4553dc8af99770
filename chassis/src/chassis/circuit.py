"""Stops a bad release before it empties a topic into the parking lot; one poison key stops nobody else."""

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from chassis.items import Item


@dataclass(frozen=True, slots=True)
class CircuitSettings:
    """When it opens: this many lanes and this share of them, among the latest first attempts; or a full lot."""

    attempts: int = 500
    window_seconds: float = 600.0
    lanes: int = 20
    share: float = 0.2
    parked_rows: int = 10_000


class Circuit:
    """Counts lanes whose messages fail at the first attempt. Open means: take no more messages in."""

    def __init__(
        self, settings: CircuitSettings | None = None, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings or CircuitSettings()
        self._monotonic = monotonic
        self._latest: deque[tuple[float, str, bool]] = deque(maxlen=self._settings.attempts)
        self.reason = ""

    @property
    def is_open(self) -> bool:
        """Whether messages are kept out."""
        return bool(self.reason)

    def note(self, items: Iterable[Item]) -> None:
        """Count the first attempts of a committed batch."""
        now = self._monotonic()
        self._latest.extend((now, item.lane, item.failed) for item in items if item.attempted)
        while self._latest and now - self._latest[0][0] > self._settings.window_seconds:
            self._latest.popleft()
        lanes = {lane for _, lane, _ in self._latest}
        failing = {lane for _, lane, failed in self._latest if failed}
        if len(failing) >= self._settings.lanes and len(failing) >= self._settings.share * len(lanes):
            self.reason = f"{len(failing)} of {len(lanes)} lanes fail"

    def note_parked(self, rows: int) -> None:
        """Count the rows of the parking lot."""
        if rows >= self._settings.parked_rows:
            self.reason = f"{rows} messages are parked"

    def close(self) -> None:
        """Take messages in again."""
        self._latest.clear()
        self.reason = ""
