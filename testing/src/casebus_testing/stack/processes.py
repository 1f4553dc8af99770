"""Processes we start, and the list of them that outlives us (`run.json`): who runs, since when, how to end it."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

LAUNCH = Path(__file__).parent / "launch.py"
POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Running:
    """A process as the list keeps it. `started` tells it from a later process with the same id."""

    name: str
    pid: int
    started: str
    stop_signal: int
    last_signal: int
    background: bool

    @property
    def alive(self) -> bool:
        """Whether this very process still runs (a zombie does not)."""
        return start_time(self.pid) == self.started

    def end(self, within_seconds: float = 20.0) -> bool:
        """Asks the process to stop, insists after the deadline. True if asking was enough."""
        for number, seconds in ((self.stop_signal, within_seconds), (self.last_signal, 5.0), (signal.SIGKILL, 5.0)):
            if self._gone_after(number, seconds):
                return number == self.stop_signal
        return False

    def kill(self) -> None:
        """Ends it as a power cut would, with everything in its process group."""
        if self.alive:
            _quietly(os.killpg, self.pid, signal.SIGKILL)
        self._gone_after(signal.SIGKILL, 5.0)

    def _gone_after(self, number: int, seconds: float) -> bool:
        if self.alive:
            _quietly(os.kill, self.pid, number)
        deadline = time.monotonic() + seconds
        while self.alive and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        return not self.alive


def spawn(
    name: str,
    command: Sequence[str | Path],
    log: Path,
    *,
    background: bool,
    as_user: str = "self",
    env: Mapping[str, str] | None = None,
    stop_signal: int = signal.SIGTERM,
    last_signal: int = signal.SIGKILL,
    death_signal: int = signal.SIGKILL,
) -> Running:
    """Starts a server in a session of its own, its output in `log`.

    Unless `background`, it gets `death_signal` when the thread that calls this ends: only the
    main thread lives as long as the program, so another one raises RuntimeError.
    """
    if not background and threading.current_thread() is not threading.main_thread():
        raise RuntimeError(f"{name} would end together with this thread: start it from the main thread")
    log.parent.mkdir(parents=True, exist_ok=True)
    death = "0" if background else str(int(death_signal))
    launch = [sys.executable, "-I", "-S", str(LAUNCH), death, as_user, str(os.getpid())]
    with log.open("ab") as output:
        child = subprocess.Popen(
            [*launch, *map(str, command)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=None if env is None else dict(env),
        )
    _reap_later(child)
    return Running(name, child.pid, start_time(child.pid) or "", int(stop_signal), int(last_signal), background)


_children: list["subprocess.Popen[bytes]"] = []


def _reap_later(child: "subprocess.Popen[bytes]") -> None:
    _children[:] = [earlier for earlier in _children if earlier.poll() is None] + [child]


def start_time(pid: int) -> str | None:
    """When the process started, in the system's own words; None when it is gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None if Path("/proc/self").exists() else _start_time_by_ps(pid)
    return None if fields[0] in "ZX" else fields[19]


def _start_time_by_ps(pid: int) -> str | None:
    answer = subprocess.run(["ps", "-o", "lstart=,stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    words = answer.stdout.split()
    return None if not words or words[-1].startswith("Z") else " ".join(words[:-1])


def _quietly(send: Callable[[int, int], None], pid: int, number: int) -> None:
    """Sends a signal to a process that may just have ended."""
    with contextlib.suppress(ProcessLookupError):
        send(pid, number)


class RunFile:
    """`run.json` of a run directory: the processes of the run, for whoever has to end them later."""

    def __init__(self, run_dir: Path) -> None:
        self.path = run_dir / "run.json"

    def read(self) -> list[Running]:
        """The processes of the last run, in the order they were started; none if there was no run."""
        try:
            return [Running(**entry) for entry in json.loads(self.path.read_text())]
        except FileNotFoundError:
            return []

    def put(self, running: Running) -> None:
        """Adds a process, in place of an earlier one of the same name."""
        self._write([entry for entry in self.read() if entry.name != running.name] + [running])

    def remove(self, name: str) -> None:
        """Forgets the process of that name."""
        self._write([entry for entry in self.read() if entry.name != name])

    def clear(self) -> None:
        """Forgets the run."""
        self.path.unlink(missing_ok=True)

    def _write(self, entries: list[Running]) -> None:
        temporary = self.path.with_suffix(".tmp")
        temporary.write_text(json.dumps([asdict(entry) for entry in entries], indent=1))
        temporary.replace(self.path)
