"""Fixtures for tests on real servers: one stack and one system a session; a database, a topic prefix, an ear a test."""

import asyncio
import hashlib
import itertools
import os
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import pytest
import pytest_asyncio

from casebus_testing.stack import Stack, StackError

if TYPE_CHECKING:
    # Loaded by the tests that need them: a plugin is loaded by every pytest of the environment.
    from casebus_testing.expecting import Expect
    from casebus_testing.system import System

_numbers = itertools.count(1)


ExpectNone: TypeAlias = Callable[..., Awaitable[None]]
"""What the fixture `expect_none` gives: called as `expect`."""


class NewDatabase(Protocol):
    """What the fixture `new_database` gives."""

    async def __call__(self, migrations: Sequence[Path | str] = ()) -> str:
        """Creates a database, applies the folders of migrations in order, returns its connection text."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--stack containers`: the servers come from a container engine."""
    parser.addoption(
        "--stack",
        choices=("packages", "containers"),
        default=os.environ.get("CASEBUS_STACK_FROM", "packages"),
        help="where Kafka and PostgreSQL come from (CASEBUS_STACK_FROM)",
    )


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Kafka and PostgreSQL, running; they end with the session."""
    try:
        started = start_stack(request.config.getoption("--stack"), tmp_path_factory.mktemp("stack"))
    except StackError as error:
        pytest.exit(str(error), returncode=3)
    with started:
        yield started


def start_stack(kind: str, run_dir: Path) -> Stack:
    """A stack in `containers` if an engine answers, else from packages."""
    if kind == "containers":
        from casebus_testing import containers

        if containers.engine_answers():
            return containers.start(run_dir)
        warnings.warn("No container engine answers: Kafka and PostgreSQL come from packages.", stacklevel=2)
    return Stack.start(run_dir)


@pytest.fixture
def topic_prefix() -> str:
    """In front of the names of topics and groups: a broker for several tests, none meets another's records."""
    return f"t{os.getpid()}-{next(_numbers)}."


@pytest_asyncio.fixture
async def new_database(stack: Stack) -> AsyncIterator[NewDatabase]:
    """Makes databases for one test: `dsn = await new_database(migrations=[folder])`. They are dropped after it."""
    made: list[str] = []

    async def create(migrations: Sequence[Path | str] = ()) -> str:
        name = f"t{os.getpid()}_{next(_numbers)}"
        dsn = await asyncio.to_thread(_create, stack, name, [Path(folder) for folder in migrations])
        made.append(name)
        return dsn

    yield create
    for name in made:
        await asyncio.to_thread(stack.drop_database, name)


@pytest.fixture(scope="session")
def system_options() -> dict[str, Any]:
    """What `System.launch` is given for the fixture `system`. Override it: other senders, services, settings."""
    return {}


@pytest_asyncio.fixture(scope="session")
async def system(
    stack: Stack, tmp_path_factory: pytest.TempPathFactory, system_options: dict[str, Any]
) -> "AsyncIterator[System]":
    """Every service as a process of its own, with the sample directory; one for the session."""
    from casebus_testing.sample.loading import load_sample_directory
    from casebus_testing.system import System

    place = tmp_path_factory.mktemp("system") / ".run"
    async with await System.launch(place, stack=stack, **system_options) as running:
        await load_sample_directory(running)
        yield running


@pytest_asyncio.fixture
async def expect(system: "System") -> "AsyncIterator[Expect]":
    """`await expect("visit.waiting", request_id=...)`: what is told from the beginning of the test on."""
    from casebus_testing.expecting import listening

    async with listening(system) as ear:
        yield ear


@pytest.fixture
def expect_none(expect: "Expect") -> ExpectNone:
    """`await expect_none("alert.raised", office_id=...)`: once all is settled, no such fact has come."""
    return expect.none


_templates: dict[tuple[str, str], str] = {}


def _create(stack: Stack, name: str, migrations: list[Path]) -> str:
    """Migrates once per set of folders; every further database is a copy."""
    if not migrations:
        return stack.create_database(name)
    key = (stack.postgres, _digest(migrations))
    if key not in _templates:
        _templates[key] = _migrated(stack, f"template_{os.getpid()}_{key[1]}", migrations)
    return stack.create_database(name, template=_templates[key])


def _migrated(stack: Stack, name: str, migrations: list[Path]) -> str:
    from chassis.migrate import migrate

    migrate(stack.create_database(name), migrations)
    return name


def _digest(migrations: list[Path]) -> str:
    digest = hashlib.sha256()
    for file in (file for folder in migrations for file in sorted(folder.glob("*"))):
        digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()[:12]
