"""Watching contenders from outside while they drain a topic."""

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench import walkins
from bench.drain_check import on_topics

_DRAIN_SECONDS_MAX: Final = 150.0
_LOOK_SECONDS: Final = 0.4


@dataclass
class Watch:
    """One run: looks rarely, for the machine is the contender's."""

    bootstrap: str
    prefix: str
    commands: int
    warm_up: int
    processes: "Sequence[subprocess.Popen[bytes]]"
    processor_us: int = 0
    """Processor time of the contender's processes per command, start and warm-up left out."""

    def until_drained(self) -> bool:
        """Wait until every receipt and fact is there. False when time is up, or a process has ended."""
        deadline = time.monotonic() + _DRAIN_SECONDS_MAX
        facts_wanted = self.commands // walkins.STEPS * walkins.FACTS_PER_VISIT
        warm: tuple[int, float] | None = None
        while time.monotonic() < deadline and all(process.poll() is None for process in self.processes):
            time.sleep(_LOOK_SECONDS)
            receipts, facts = on_topics(self.bootstrap, self.prefix)
            if warm is None and receipts >= self.warm_up:
                warm = receipts, self._processor_seconds()
            if receipts >= self.commands and facts >= facts_wanted:
                if warm is not None and warm[0] < self.commands:
                    used = self._processor_seconds() - warm[1]
                    self.processor_us = round(used / (self.commands - warm[0]) * 1e6)
                return True
        return False

    def until_answered(self) -> bool:
        """Wait until every receipt is there. False when time is up, or a process has ended."""
        deadline = time.monotonic() + _DRAIN_SECONDS_MAX
        while time.monotonic() < deadline and all(process.poll() is None for process in self.processes):
            time.sleep(_LOOK_SECONDS)
            if on_topics(self.bootstrap, self.prefix)[0] >= self.commands:
                return True
        return False

    def _processor_seconds(self) -> float:
        return sum(_processor_seconds(process.pid) for process in self.processes)


def _processor_seconds(pid: int) -> float:
    """User and system time of a process; 0 where there is no /proc."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return 0.0
    user, system = stat.read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
