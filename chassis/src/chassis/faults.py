"""Named points at which a test has this process end, as by a power cut. Off unless CASEBUS_FAULT_POINTS names a file.

The file holds `{"point": n}`: at its n-th passing of that point since the file was written the process kills itself.
It takes the entry out before, so that whoever comes after it lives.
"""

import json
import os
import signal
from collections import Counter
from pathlib import Path

INSIDE_TRANSACTION = "inside-transaction"
BEFORE_COMMIT = "before-commit"
AFTER_COMMIT = "after-commit"
BEFORE_OFFSET_COMMIT = "before-offset-commit"
RELAY_AFTER_SEND = "relay-after-send"
RELAY_BEFORE_DELETE = "relay-before-delete"


class _Points:
    """What the file says, and how often each point was passed since."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int] | None = None
        self._wanted: dict[str, int] = {}
        self._passed: Counter[str] = Counter()

    def passed(self, name: str) -> None:
        self._look()
        self._passed[name] += 1
        if self._passed[name] == self._wanted.get(name):
            self._take_out(name)
            os.kill(os.getpid(), signal.SIGKILL)

    def _look(self) -> None:
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            return
        if (stat.st_mtime_ns, stat.st_ino) != self._stamp:
            self._stamp = (stat.st_mtime_ns, stat.st_ino)
            self._wanted = json.loads(self._path.read_text())
            self._passed.clear()

    def _take_out(self, name: str) -> None:
        rest = {point: number for point, number in self._wanted.items() if point != name}
        temporary = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        temporary.write_text(json.dumps(rest))
        temporary.replace(self._path)


_points: _Points | None = None


def point(name: str) -> None:
    """The process passes this point."""
    if _points is not None:
        _points.passed(name)


def arm(path: Path | None) -> None:
    """Have the points looked up in this file from now on; with None they cost nothing."""
    global _points
    _points = None if path is None else _Points(path)
