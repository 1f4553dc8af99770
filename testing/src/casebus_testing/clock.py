"""Moves the time of a whole running system through its clock file."""

import json
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path


class SystemClock:
    """The clock file of a system: `{"offsets": [{"from": real moment, "offset_seconds": n}, ...]}`.

    The offset in force at a real moment is that of the last entry whose `from` is not later.
    The history stays in the file, so that a backlog keeps its times.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if not self.path.exists():
            self._write([])

    @property
    def offset(self) -> timedelta:
        """How far the system's time is ahead of the real time now."""
        entries = self._read()
        return timedelta(seconds=float(entries[-1]["offset_seconds"])) if entries else timedelta()

    def now(self) -> datetime:
        """The system's time now."""
        return datetime.now(UTC) + self.offset

    def shift(self, by: timedelta) -> None:
        """Moves the system's time on (or back) by so much.

        Returns when the move is in force. It is from a whole millisecond, as append times are:
        of two records around it each is on its own side.
        """
        total = (self.offset + by).total_seconds()
        moment = _next_millisecond(datetime.now(UTC))
        self._write([*self._read(), {"from": moment.isoformat(timespec="microseconds"), "offset_seconds": total}])
        while datetime.now(UTC) < moment:
            time.sleep(0.0002)

    def _read(self) -> list[dict[str, str | float]]:
        entries: list[dict[str, str | float]] = json.loads(self.path.read_text())["offsets"]
        return entries

    def _write(self, entries: list[dict[str, str | float]]) -> None:
        temporary = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        temporary.write_text(json.dumps({"offsets": entries}))
        temporary.replace(self.path)


def _next_millisecond(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000) + timedelta(milliseconds=1)
