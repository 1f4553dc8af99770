"""Time of the whole system: real time, moved by the offsets of a clock file when there is one.

The file keeps its history, so that a record that waited in a topic keeps the offset
that was in force when it was appended.
"""

import json
from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from pathlib import Path


class Clock:
    """`now()` for what is due, `at(moment)` for what was appended at a real moment."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._stamp: tuple[int, int] | None = None
        self._looked = datetime.fromtimestamp(0, UTC)
        self._from: list[float] = []
        self._offsets: list[timedelta] = []
        self._look()

    def now(self) -> datetime:
        """The system's time, aware, UTC."""
        return self.at(datetime.now(UTC))

    def at(self, moment: datetime) -> datetime:
        """The system's time at a real moment."""
        if self._path is None:
            return moment
        # The file may say something new about any moment since it was last looked at.
        if moment >= self._looked:
            self._look()
        place = bisect_right(self._from, moment.timestamp())
        return moment + self._offsets[place - 1] if place else moment

    def _look(self) -> None:
        if self._path is None:
            return
        self._looked = datetime.now(UTC)
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            return
        if (stat.st_mtime_ns, stat.st_ino) != self._stamp:
            self._stamp = (stat.st_mtime_ns, stat.st_ino)
            entries = json.loads(self._path.read_text())["offsets"]
            self._from = [datetime.fromisoformat(entry["from"]).timestamp() for entry in entries]
            self._offsets = [timedelta(seconds=entry["offset_seconds"]) for entry in entries]
