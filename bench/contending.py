"""Contenders as processes, each with a database and topics of its own."""

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeAlias

import asyncpg

from access.keys import NewSender, SenderFiles, write_senders
from bench import walkins
from casebus_deploy.topics import create_topics
from casebus_testing.stack import Stack
from chassis.migrate import migrate
from chassis.partitions import keep_partitions
from intake.app import MIGRATIONS

Processes: TypeAlias = "Sequence[subprocess.Popen[bytes]]"

EMPTY: Final = "bench_empty"
"""The database every run begins with a copy of: migrated, its directory filled, nothing else."""

_STOP_SECONDS_MAX: Final = 20.0


@dataclass(frozen=True)
class Contender:
    """Processes that handle the commands, and what they are told."""

    name: str
    modules: tuple[tuple[str, ...], ...]
    proofs: bool = False
    relay: str = "inside"
    settings: Mapping[str, str] = field(default_factory=dict)
    """What its environment has besides."""


OURS: Final = Contender("intake, relay inside", (("bench.ours",),))
HAND: Final = Contender("hand loop", (("bench.peers.hand",),))


@dataclass(frozen=True)
class Place:
    """Where one run happens."""

    dsn: str
    prefix: str
    log: Path


@dataclass(frozen=True)
class Ground:
    """What all runs share."""

    stack: Stack
    files: SenderFiles
    logs: Path

    @contextmanager
    def database(self, name: str, *, template: str = EMPTY) -> Iterator[str]:
        """A copy of the template, for as long as the block lasts: its connection text."""
        name = _plain(name)
        yield self.stack.create_database(name, template=template)
        self.stack.drop_database(name)

    @contextmanager
    def place(self, name: str, *, template: str = EMPTY) -> Iterator[Place]:
        """A copy of the template, and fresh topics."""
        name = _plain(name)
        asyncio.run(create_topics(self.stack.kafka, [walkins.SENDER], f"{name}."))
        with self.database(name, template=template) as dsn:
            yield Place(dsn, f"{name}.", self.logs / f"{name}.log")

    @contextmanager
    def running(self, contender: Contender, place: Place) -> Iterator[Processes]:
        """The contender's processes, ended in order afterwards."""
        with ExitStack() as ending:
            processes = []
            for module in contender.modules:
                processes.append(self._begin(contender, module, place))
                ending.callback(_end, processes[-1])
            yield processes

    def _begin(self, contender: Contender, module: tuple[str, ...], place: Place) -> "subprocess.Popen[bytes]":
        settings = {
            "CASEBUS_KAFKA": self.stack.kafka,
            "CASEBUS_DATABASE": place.dsn,
            "CASEBUS_TOPIC_PREFIX": place.prefix,
            "CASEBUS_SENDERS": str(self.files.senders),
            "CASEBUS_RELAY": contender.relay,
            "CASEBUS_LOG_LEVEL": "warning",
            **contender.settings,
        }
        if contender.proofs or not module[0].startswith("bench.peers"):
            settings["CASEBUS_JWKS"] = str(self.files.jwks)
        with place.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", *module], env={**os.environ, **settings}, stdout=log, stderr=log
            )


@contextmanager
def ground(stack: Stack) -> Iterator[Ground]:
    """Keys, a folder for logs, and the empty database, made on first use."""
    with tempfile.TemporaryDirectory(prefix="bench-runs-") as folder:
        stack.drop_database(EMPTY)
        asyncio.run(prepare(stack.create_database(EMPTY), MIGRATIONS))
        yield Ground(stack, write_senders(Path(folder), [NewSender(walkins.SENDER)]), Path(folder))


def _plain(name: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in name.lower())


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


async def prepare(dsn: str, migrations: Path) -> None:
    """A database as a service that has just been set up finds it, the directory in it."""
    await asyncio.to_thread(migrate, dsn, [migrations])
    connection = await asyncpg.connect(dsn)
    await keep_partitions(connection, datetime.now(UTC))
    await connection.close()
    await walkins.fill_directory(dsn)
