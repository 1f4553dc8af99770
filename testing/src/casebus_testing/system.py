"""The whole system on one machine: servers, databases, keys, topics, mail, and the services as processes."""

import asyncio
import json
import os
import secrets
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import httpx
from confluent_kafka.admin import AdminClient

from access.keys import NewSender, SenderFiles, write_senders
from casebus_deploy.databases import ROLES, create_roles, drop_roles
from casebus_deploy.topics import create_topics
from casebus_testing import places
from casebus_testing.clock import SystemClock
from casebus_testing.senders import GUEST
from casebus_testing.stack import Stack, StackError
from casebus_testing.stack.ports import LOOPBACK, free_ports, listens
from casebus_testing.stack.processes import RunFile, Running, spawn
from casebus_testing.stack.secured import PASSWORDS
from casebus_testing.users import KafkaUsers

SERVICES = ("staffing", "intake", "notifications")
READY_SECONDS = 45.0
STOP_SECONDS = 10.0
LOG_TAIL = 3000


@dataclass(slots=True)
class ServiceProcess:
    """One process of a service: where its door, its database and its log are."""

    service: str
    port: int
    database: str
    log: Path
    env: dict[str, str]
    running: Running | None = field(default=None)

    @property
    def http(self) -> str:
        """The base URL of its door."""
        return f"http://{LOOPBACK}:{self.port}"


class System:
    """A running casebus. Make one with `await System.launch(run_dir)`, end it with `await system.stop()`.

    Process names are service names; a further copy of a service has a name of its own.
    """

    def __init__(self, run_dir: Path, stack: Stack, files: SenderFiles, *, prefix: str, background: bool) -> None:
        self.run_dir, self.stack, self.files, self.prefix = run_dir, stack, files, prefix
        self.clock = SystemClock(run_dir / "clock.json")
        self.mailbox = run_dir / "mailbox"
        self.processes: dict[str, ServiceProcess] = {}
        self.users = KafkaUsers(stack, run_dir / PASSWORDS, prefix)
        self._background = background
        self._owns_stack = False
        self._run_file = RunFile(run_dir)
        self._databases: list[str] = []
        self._roles: dict[str, dict[str, str]] = {}
        self._topics: list[str] = []
        self._smtp: Running | None = None
        self._smtp_port = 0

    @classmethod
    async def launch(
        cls,
        run_dir: str | Path,
        *,
        stack: Stack | None = None,
        services: Sequence[str] = SERVICES,
        senders: Sequence[NewSender] = (GUEST,),
        prefix: str = "",
        env: Mapping[str, str] | None = None,
        env_of: Mapping[str, Mapping[str, str]] | None = None,
        background: bool = False,
        secure: bool = False,
    ) -> "System":
        """Starts everything and returns when every service says that it is ready.

        With `stack` that one is used, and `prefix` keeps its topics and databases apart from
        others'; else a new one is started in `run_dir`. `env` goes to every service, `env_of` to
        the service it names. With `secure` (or a secured stack) everybody at the broker has a user
        and the rights it needs. Raises StackError when something is missing or a service does not
        become ready.
        """
        place = Path(run_dir)
        started = stack or Stack.start(place, background=background, secure=secure)
        system = cls._prepare(place, started, senders, prefix, background)
        system._owns_stack = stack is None
        try:
            await system._set_up(
                services, senders, {name: {**(env or {}), **(env_of or {}).get(name, {})} for name in services}
            )
        except BaseException:
            await system.stop()
            raise
        return system

    @classmethod
    def _prepare(
        cls, place: Path, stack: Stack, senders: Sequence[NewSender], prefix: str, background: bool
    ) -> "System":
        run_dir = place.resolve()
        run_dir.mkdir(parents=True, exist_ok=True)
        places.remove(run_dir)
        shutil.rmtree(run_dir / "mailbox", ignore_errors=True)
        (run_dir / "clock.json").unlink(missing_ok=True)
        return cls(run_dir, stack, write_senders(run_dir, senders), prefix=prefix, background=background)

    async def start(
        self, service: str, *, name: str | None = None, module: str = "", env: Mapping[str, str] | None = None
    ) -> ServiceProcess:
        """Starts a service that was killed or ended, or a further copy under `name`, and waits until it is ready.

        `module` is another release of it, run this time as `python -m module`, with `env` beside the settings.
        """
        process = self.processes[name or service] if (name or service) in self.processes else self._copy(service, name)
        self._spawn(name or service, process, module, env or {})
        await self._ready(name or service, process)
        places.write(self)
        return process

    def kill(self, name: str) -> None:
        """kill -9 of one process."""
        running = self.processes[name].running
        if running is not None:
            running.kill()

    @contextmanager
    def asleep(self, name: str) -> Iterator[None]:
        """One process stands still meanwhile, as by SIGSTOP."""
        running = self.processes[name].running
        if running is None:
            raise StackError(f"{name} does not run.")
        os.kill(running.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            if running.alive:
                os.kill(running.pid, signal.SIGCONT)

    async def end(self, name: str) -> None:
        """Asks one process to stop and waits for it."""
        running = self.processes[name].running
        if running is not None:
            await asyncio.to_thread(running.end, STOP_SECONDS)

    async def stop(self) -> None:
        """Ends services, mail and, if they are its own, the servers. A second call does nothing.

        On servers of others it takes its databases and topics away.
        """
        places.remove(self.run_dir)
        await asyncio.gather(*(self.end(name) for name in self.processes))
        if self._smtp is not None:
            await asyncio.to_thread(self._smtp.end, STOP_SECONDS)
        self._run_file.clear()
        if self._owns_stack:
            self.stack.stop()
        else:
            await asyncio.to_thread(self._clear_stack)

    def release(self) -> None:
        """Leaves everything running in the background; `casebus_testing.stack.end_run` ends it later."""
        self.stack.release()

    def database(self, service: str, role: str | None = None) -> str:
        """The connection text of a service's database: of the server's superuser, or of the database's role `role`."""
        name = self._database_name(service)
        return self.stack.dsn(name) if role is None else self._roles[name][role]

    @property
    def smtp(self) -> str:
        """`host:port` of the mail server."""
        return f"{LOOPBACK}:{self._smtp_port}"

    async def __aenter__(self) -> "System":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _set_up(
        self, services: Sequence[str], senders: Sequence[NewSender], env: Mapping[str, Mapping[str, str]]
    ) -> None:
        self._start_mail()
        for service in services:
            await asyncio.to_thread(self._create_database, self._database_name(service))
        names = [sender.name for sender in senders]
        self._topics = await create_topics(self.stack.kafka, names, self.prefix, login=self.stack.login)
        await asyncio.to_thread(self.users.make, services, json.loads(self.files.senders.read_text()))
        for service, port in zip(services, free_ports(len(services)), strict=True):
            self.processes[service] = self._process(service, port, env[service])
            self._spawn(service, self.processes[service])
        await self._mail_ready()
        await asyncio.gather(*(self._ready(name, process) for name, process in self.processes.items()))
        places.write(self)

    def _create_database(self, name: str) -> None:
        self.stack.create_database(name)
        self._databases.append(name)
        passwords = {f"{name}_{role}": secrets.token_urlsafe(12) for role in ROLES}
        self._roles[name] = create_roles(self.stack.postgres, name, passwords)

    def _clear_stack(self) -> None:
        while self._databases:
            name = self._databases.pop()
            self.stack.drop_database(name)
            drop_roles(self.stack.postgres, name)
        self.users.remove()
        if self._topics:
            admin = AdminClient({**self.stack.login.librdkafka(), "bootstrap.servers": self.stack.kafka})
            deleting = admin.delete_topics(self._topics)
            self._topics = [name for name, deleted in deleting.items() if deleted.exception()]

    def _database_name(self, service: str) -> str:
        return self.prefix.replace("-", "_").replace(".", "_") + service

    def _process(self, service: str, port: int, extra: Mapping[str, str]) -> ServiceProcess:
        env = {
            "CASEBUS_KAFKA": self.stack.kafka,
            "CASEBUS_DATABASE": self.database(service, "app"),
            "CASEBUS_DATABASE_OWNER": self.database(service, "owner"),
            "CASEBUS_DATABASE_RELAY": self.database(service, "relay"),
            "CASEBUS_HTTP": f"{LOOPBACK}:{port}",
            "CASEBUS_JWKS": str(self.files.jwks),
            "CASEBUS_SENDERS": str(self.files.senders),
            "CASEBUS_CLOCK_FILE": str(self.clock.path),
            "CASEBUS_TOPIC_PREFIX": self.prefix,
            "CASEBUS_SMTP": self.smtp,
            "CASEBUS_MAIL_FROM": "casebus@localhost",
            **self.users.settings(service),
            **extra,
        }
        return ServiceProcess(service, port, self.database(service), self._log(service), env)

    def _copy(self, service: str, name: str | None) -> ServiceProcess:
        first = self.processes[service]
        (port,) = free_ports(1)
        env = first.env | {"CASEBUS_HTTP": f"{LOOPBACK}:{port}"}
        copy = ServiceProcess(service, port, first.database, self._log(name or service), env)
        self.processes[name or service] = copy
        return copy

    def _log(self, name: str) -> Path:
        return self.run_dir / "logs" / f"{name}.log"

    def _spawn(
        self, name: str, process: ServiceProcess, module: str = "", extra: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        command = [sys.executable, "-m", module or process.service]
        env = {**os.environ, **process.env, **extra}
        process.running = spawn(name, command, process.log, background=self._background, env=env)
        self._run_file.put(process.running)

    async def _ready(self, name: str, process: ServiceProcess) -> None:
        deadline = time.monotonic() + READY_SECONDS
        async with httpx.AsyncClient(timeout=2, trust_env=False) as client:
            while not await _says_ready(client, process.http):
                if process.running is None or not process.running.alive:
                    raise StackError(f"{name} ended while it started; the end of {process.log}:\n{_tail(process.log)}")
                if time.monotonic() > deadline:
                    raise StackError(f"{name} is not ready after {READY_SECONDS:.0f} s; see {process.log}")
                await asyncio.sleep(0.05)

    def _start_mail(self) -> None:
        (self._smtp_port,) = free_ports(1)
        command = [sys.executable, "-m", "casebus_testing.smtp", str(self._smtp_port), str(self.mailbox)]
        self._smtp = spawn("smtp", command, self._log("smtp"), background=self._background)
        self._run_file.put(self._smtp)

    async def _mail_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not await asyncio.to_thread(listens, self._smtp_port):
            if self._smtp is None or not self._smtp.alive or time.monotonic() > deadline:
                raise StackError(f"The mail server does not start:\n{_tail(self._log('smtp'))}")
            await asyncio.sleep(0.05)


async def _says_ready(client: httpx.AsyncClient, base: str) -> bool:
    try:
        return (await client.get(f"{base}/health/ready")).status_code == 200
    except httpx.HTTPError:
        return False


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-LOG_TAIL:] if log.exists() else ""
