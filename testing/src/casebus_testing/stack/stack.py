"""Kafka and PostgreSQL together, for one run directory."""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import IO, Protocol, TypeVar

import psycopg
from psycopg import sql

from casebus_testing.stack.errors import StackError
from casebus_testing.stack.kafka import Kafka, keep_java_cache
from casebus_testing.stack.postgres import Postgres
from casebus_testing.stack.processes import RunFile, Running
from casebus_testing.stack.secured import PASSWORDS, Secured, Tls
from casebus_testing.stack.versions import cache_home
from chassis.login import NOBODY, KafkaLogin

T = TypeVar("T")

TRIES = 3
CACHE_MEGABYTES, RUN_MEGABYTES = 350, 300


class Server(Protocol):
    """What a stack does with a server, wherever it runs."""

    def start(self) -> Running | None:
        """Starts it, on its old data if it ran before; the process, if it is one of ours."""

    def wait_ready(self) -> None:
        """Returns when it answers. Raises StackError."""

    def kill(self) -> None:
        """Ends it as a power cut would."""

    def stop(self) -> None:
        """Ends it in order."""


class KafkaServer(Server, Protocol):
    """A broker."""

    @property
    def address(self) -> str:
        """`host:port` for clients."""


class PostgresServer(Server, Protocol):
    """A database server."""

    @property
    def dsn(self) -> str:
        """Connection text of the superuser, database `postgres`."""


class Stack:
    """A broker and a database server that answer. Make one with `Stack.start`."""

    def __init__(
        self,
        run_dir: Path,
        kafka: KafkaServer | None,
        postgres: PostgresServer | None,
        lock: IO[str] | None = None,
        login: KafkaLogin = NOBODY,
    ) -> None:
        self.run_dir = run_dir
        self.run_file = RunFile(run_dir)
        self._kafka_server, self._postgres_server, self._lock = kafka, postgres, lock
        self.kafka = kafka.address if kafka else os.environ["CASEBUS_STACK_KAFKA"]
        self.login = login
        self.postgres = postgres.dsn if postgres else os.environ["CASEBUS_STACK_POSTGRES"]

    @classmethod
    def start(
        cls,
        run_dir: str | Path,
        *,
        background: bool = False,
        secure: bool = False,
        tls: Tls | None = None,
        kafka_detour: tuple[str, int] | None = None,
    ) -> "Stack":
        """Starts both servers on new data and returns when they answer.

        Ends servers that a killed run left in `run_dir`. In the foreground the servers die
        with the calling thread; in the background they stay until `end_run`. With
        CASEBUS_STACK_KAFKA and CASEBUS_STACK_POSTGRES set, those servers are used and none
        is started. With `secure` the broker asks everybody for user and password and knows
        access lists; `login` is its administrator. With `tls` it is also encrypted.
        `kafka_detour` is the address of a proxy in front of the broker, and the port at which
        the broker listens for what comes by it: those clients are told to come back by it.
        Raises StackError when something is missing, or the directory is in use.
        """
        run_dir = Path(run_dir).resolve()
        run_dir.mkdir(parents=True, exist_ok=True)
        lock = _take(run_dir)
        if os.environ.get("CASEBUS_STACK_KAFKA") and os.environ.get("CASEBUS_STACK_POSTGRES"):
            if secure:
                raise StackError("The secured profile is for servers of its own: unset CASEBUS_STACK_KAFKA.")
            return cls(run_dir, None, None, lock)
        _end_leftovers(run_dir)
        _check_disk(run_dir)
        shutil.rmtree(run_dir / "logs", ignore_errors=True)
        secured = Secured(run_dir / PASSWORDS, tls) if secure else None
        kafka = Kafka(run_dir, background=background, secured=secured, detour=kafka_detour)
        postgres = Postgres(run_dir, background=background)
        kafka.fetch()
        postgres.fetch()
        run_file = RunFile(run_dir)
        try:
            _start_both(kafka, postgres, run_file)
        except BaseException:
            end_run(run_dir)
            raise
        return cls(run_dir, kafka, postgres, lock, kafka.login)

    @property
    def password_file(self) -> Path:
        """Where the password of the broker's administrator lies, if it asks for one."""
        return self.run_dir / PASSWORDS / self.login.user

    def create_database(self, name: str, *, template: str = "template1") -> str:
        """Creates an empty database, or a copy of `template`, and returns its connection text."""
        try:
            self._admin("create database {} template {}", name, template)
        except psycopg.errors.DuplicateDatabase as error:
            raise StackError(f"There is a database {name} already on this server.") from error
        return self.dsn(name)

    def drop_database(self, name: str) -> None:
        """Removes a database together with the connections to it."""
        self._admin("drop database if exists {} with (force)", name)

    def dsn(self, name: str) -> str:
        """The connection text of a database."""
        return self.postgres.rpartition("/")[0] + "/" + name

    def kill_kafka(self) -> None:
        """kill -9 of the broker; its data stay."""
        _ours(self._kafka_server).kill()

    def kill_postgres(self) -> None:
        """kill -9 of the database server; its data stay."""
        _ours(self._postgres_server).kill()

    def start_kafka(self, *, wait: bool = True) -> None:
        """Starts the killed broker again, same data, same port. Call it from the thread that lives on."""
        self._start_again(_ours(self._kafka_server), wait)

    def start_postgres(self, *, wait: bool = True) -> None:
        """Starts the killed database server again, same data, same port."""
        self._start_again(_ours(self._postgres_server), wait)

    def stop(self) -> None:
        """Ends both servers in order and gives the run directory free. A second call does nothing."""
        for server in (self._kafka_server, self._postgres_server):
            if server is not None:
                server.stop()
        self.run_file.clear()
        self.release()

    def release(self) -> None:
        """Gives the run directory free without ending anything: what a starter in the background does last."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def __enter__(self) -> "Stack":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _start_again(self, server: Server, wait: bool) -> None:
        running = server.start()
        if running is not None:
            self.run_file.put(running)
        if wait:
            server.wait_ready()

    def _admin(self, statement: str, *names: str) -> None:
        with psycopg.connect(self.postgres, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def end_run(run_dir: str | Path) -> list[Running]:
    """Ends every process that `run.json` of this directory names and that still is that process.

    Returns those that were alive. Last started, first ended.
    """
    run_file = RunFile(Path(run_dir).resolve())
    alive = [running for running in reversed(run_file.read()) if running.alive]
    for running in alive:
        in_order = running.end(within_seconds=30)
        if running.name == "kafka" and in_order:
            keep_java_cache(run_file.path.parent / "kafka")
    run_file.clear()
    return alive


def _start_both(kafka: Kafka, postgres: Postgres, run_file: RunFile) -> None:
    both = (("Kafka", kafka.prepare()), ("PostgreSQL", postgres.prepare()))
    for name, preparing in both:
        _finish(name, preparing)
    for server in (kafka, postgres):
        run_file.put(server.start())
    _ready(postgres, run_file, postgres.start)
    _ready(kafka, run_file, lambda: _start_without_java_cache(kafka))
    run_file.put(_started(postgres))


def _ready(server: Kafka | Postgres, run_file: RunFile, start_again: Callable[[], Running]) -> None:
    for attempt in range(1, TRIES + 1):
        try:
            return server.wait_ready()
        except StackError:
            if attempt == TRIES or _started(server).alive:
                raise
        if server.port_was_taken():
            server.log.unlink()
            server.choose_ports()
            run_file.put(server.start())
        else:
            run_file.put(start_again())


def _start_without_java_cache(kafka: Kafka) -> Running:
    kafka.forget_java_cache()
    return kafka.start(trust_cache=False)


def _started(server: Kafka | Postgres) -> Running:
    if server.running is None:
        raise StackError("The server was not started.")
    return server.running


def _ours(server: T | None) -> T:
    if server is None:
        raise StackError("The servers were not started by this program, so it neither kills nor starts them.")
    return server


def _finish(name: str, preparing: "subprocess.Popen[str]") -> None:
    output, _ = preparing.communicate(timeout=60)
    if preparing.returncode:
        raise StackError(f"{name} cannot make its data folder: {output[-2000:].strip()}")


def _take(run_dir: Path) -> IO[str]:
    """Claims the run directory for as long as this process lives."""
    lock = (run_dir / ".lock").open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise StackError(f"Another run uses {run_dir}: end it first, or name another directory.") from None
    return lock


def _end_leftovers(run_dir: Path) -> None:
    processes = RunFile(run_dir).read()
    if processes and all(running.background and running.alive for running in processes):
        raise StackError(f"it is up already in {run_dir}; `make down` ends it.")
    end_run(run_dir)


def _check_disk(run_dir: Path) -> None:
    cache = cache_home()
    for folder, megabytes in ((_existing(cache), 0 if cache.exists() else CACHE_MEGABYTES), (run_dir, RUN_MEGABYTES)):
        free = shutil.disk_usage(folder).free // 1_000_000
        if free < megabytes:
            raise StackError(f"There is not enough disk space in {folder}: {free} MB free, {megabytes} MB needed.")


def _existing(folder: Path) -> Path:
    return folder if folder.exists() else _existing(folder.parent)
