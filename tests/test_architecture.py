"""Who may import whom, and what a rule module may touch. Read from the source; nothing is imported."""

import ast
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SERVICES = {
    folder.name: folder / "src" / folder.name for folder in sorted((ROOT / "services").iterdir()) if folder.is_dir()
}
ROOMS = {
    "casebus_contracts": ROOT / "contracts/src/casebus_contracts",
    "chassis": ROOT / "chassis/src/chassis",
    "access": ROOT / "access/src/access",
    "casebus_testing": ROOT / "testing/src/casebus_testing",
    "casebus_cli": ROOT / "cli/src/casebus_cli",
    "casebus_deploy": ROOT / "deploy/src/casebus_deploy",
} | SERVICES
SHARED = frozenset({"casebus_contracts", "chassis", "access"})
MAY_IMPORT = {
    "casebus_contracts": frozenset[str](),
    "chassis": frozenset({"casebus_contracts.base", "casebus_contracts.receipts"}),
    "access": frozenset({"casebus_contracts", "chassis"}),
    "casebus_testing": SHARED | {"casebus_cli", "casebus_deploy"},
    "casebus_cli": frozenset({"casebus_contracts", "access", "chassis.lag", "chassis.login"}),
    "casebus_deploy": frozenset({"casebus_contracts", "chassis.login", "chassis.failures.CannotStart"}),
} | dict.fromkeys(SERVICES, SHARED)

EDGES = frozenset(
    {
        "__init__",
        "__main__",
        "app",
        "handlers",
        "store",
        "queries",
        "deliver",
        "counter",
        "reads",
        "routes",
        "rows",
        "examples",
    }
)
"""Modules of a service, or folders of them, that are no rules: they wire, store, serve, send, or hold examples."""

PURE = frozenset(
    {
        "__future__",
        "bisect",
        "collections",
        "dataclasses",
        "datetime",
        "decimal",
        "enum",
        "fractions",
        "functools",
        "itertools",
        "math",
        "operator",
        "re",
        "statistics",
        "string",
        "types",
        "typing",
        "unicodedata",
        "zoneinfo",
    }
)
RULES_MAY_IMPORT = PURE | {"casebus_contracts", "access", "chassis.rules"}
NOT_VALUES = frozenset({"access.asking", "access.proofs", "access.keys", "access.keyring", "access.jwks"})
TIME_CALLS = frozenset(
    {"now", "utcnow", "today", "time", "time_ns", "monotonic", "perf_counter", "localtime", "gmtime"}
)
DICE_CALLS = frozenset({"uuid1", "uuid4", "uuid7", "random", "randint", "choice", "shuffle", "urandom", "token_hex"})
OUTSIDE_CALLS = frozenset({"open", "print", "input", "eval", "exec", "__import__"})
IMPURE_CALLS = TIME_CALLS | DICE_CALLS | OUTSIDE_CALLS
BUSINESS_WORDS = frozenset(
    {
        "alert",
        "county",
        "greeter",
        "intake",
        "lobby",
        "notifications",
        "office",
        "offices",
        "staff",
        "staffing",
        "supervisor",
        "ticket",
        "visit",
        "visits",
        "walkin",
    }
)


def imports(source: str, package: str) -> Iterator[str]:
    """Dotted names that the source imports, relative ones made whole; `from a import b` gives `a.b`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = ".".join(filter(None, [package if node.level else "", node.module]))
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def under(name: str, allowed: frozenset[str]) -> bool:
    """Whether the dotted name is one of the allowed modules or lies in one."""
    return any(name == module or name.startswith(f"{module}.") for module in allowed)


def trespasses(source: str, room: str) -> list[str]:
    """Imports of ours that this room may not have."""
    ours = [name for name in imports(source, room) if name.split(".")[0] in ROOMS]
    return [name for name in ours if not under(name, MAY_IMPORT[room] | {room})]


def bought(source: str) -> list[str]:
    """Imports of other people's packages."""
    return [
        name
        for name in imports(source, "casebus")
        if (top := name.split(".")[0]) not in ROOMS and top not in sys.stdlib_module_names and top != "casebus"
    ]


def impurities(source: str, service: str) -> list[str]:
    """What a rule module may not import or call: edges, libraries, clocks, I/O, randomness."""
    names = list(imports(source, service))
    beyond = [name for name in names if not under(name, RULES_MAY_IMPORT | {service}) or under(name, NOT_VALUES)]
    edges = [name for name in names if under(name, frozenset(f"{service}.{edge}" for edge in EDGES))]
    return beyond + edges + list(_impure_calls(ast.parse(source)))


def _impure_calls(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name.split(".")[-1] in IMPURE_CALLS:
                yield f"{name}()"
            elif name.endswith(".astimezone") and not node.args and not node.keywords:
                yield f"{name}() of the machine's zone"


def business_words(source: str) -> list[str]:
    """Words of the domain among the names that the source defines or uses."""
    names = [
        getattr(node, field)
        for node in ast.walk(ast.parse(source))
        for field in ("id", "attr", "arg", "name")
        if isinstance(getattr(node, field, None), str)
    ]
    return [name for name in names if BUSINESS_WORDS & set(words(name))]


def words(name: str) -> list[str]:
    """The words of a snake_case or CamelCase name, in small letters."""
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z]+", name)]


def modules(room: str) -> list[Path]:
    return sorted(ROOMS[room].rglob("*.py"))


def found(check: Callable[..., list[str]], files: list[Path], *args: str) -> list[str]:
    """Every finding of one check over the files, each with its place."""
    return [f"{file.relative_to(ROOT)}: {what}" for file in files for what in check(file.read_text("utf-8"), *args)]


def reached(module: str) -> set[str]:
    """Dotted names that a module of the testing package imports, itself or through others of that package."""
    room = module.split(".")[0]
    names: set[str] = set()
    waiting = {module}
    while waiting:
        names |= waiting
        sources = [file.read_text("utf-8") for name in waiting for file in files_of(name)]
        imported = {name for source in sources for name in imports(source, room)}
        waiting = (imported | {name.rpartition(".")[0] for name in imported}) - names
    return names


def files_of(name: str) -> list[Path]:
    """The file of a module of the testing package; none for names inside a module, or of other packages."""
    path = ROOMS["casebus_testing"].parent / Path(*name.split("."))
    return [file for file in (path.with_suffix(".py"), path / "__init__.py") if file.exists()]


def rule_modules(service: str) -> list[Path]:
    return [file for file in modules(service) if not EDGES & {file.stem, *file.relative_to(ROOMS[service]).parts[:-1]}]


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_the_rooms_below_it(room: str) -> None:
    assert found(trespasses, modules(room), room) == []


def test_contracts_need_pydantic_and_nothing_else() -> None:
    needed = found(bought, modules("casebus_contracts"))

    assert [what for what in needed if ": pydantic" not in what] == []


@pytest.mark.parametrize("service", SERVICES)
def test_rules_are_values_in_and_values_out(service: str) -> None:
    assert found(impurities, rule_modules(service), service) == []


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_rules_and_their_wiring(service: str) -> None:
    stems = {file.stem for file in modules(service)}

    assert {"handlers", "app", "__main__"} <= stems
    assert stems - EDGES


def test_the_chassis_knows_no_word_of_the_business() -> None:
    assert found(business_words, modules("chassis")) == []


def test_the_checker_of_losses_shares_no_code_with_what_it_checks() -> None:
    judged = frozenset({"chassis", "access", "casebus_contracts", *SERVICES})
    checker = [f"casebus_testing.checker.{file.stem}" for file in (ROOMS["casebus_testing"] / "checker").glob("*.py")]

    assert "casebus_testing.checker.judge" in checker
    assert [name for module in checker for name in reached(module) if under(name, judged)] == []


@pytest.mark.parametrize(
    ("room", "source", "caught"),
    [
        ("intake", "from staffing.staff import hire", "staffing.staff.hire"),
        ("intake", "import notifications", "notifications"),
        ("intake", "def late():\n    from casebus_testing import stack", "casebus_testing.stack"),
        ("chassis", "from casebus_contracts.intake import CheckIn", "casebus_contracts.intake.CheckIn"),
        ("chassis", "from casebus_contracts import FACTS", "casebus_contracts.FACTS"),
        ("chassis", "import access.roles", "access.roles"),
        ("access", "from intake.walk_in import check_in", "intake.walk_in.check_in"),
        ("casebus_contracts", "from chassis.rules import decide", "chassis.rules.decide"),
        ("casebus_testing", "from intake import handlers", "intake.handlers"),
        ("casebus_cli", "from chassis import app", "chassis.app"),
    ],
)
def test_a_trespass_is_seen(room: str, source: str, caught: str) -> None:
    assert trespasses(source, room) == [caught]


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("intake", "from intake.lobby import Lobby\nfrom .lobby import Lobby"),
        ("intake", "from access.matrix import may\nfrom chassis.wiring import Service"),
        ("chassis", "from casebus_contracts.base import Fact\nfrom casebus_contracts import base"),
        ("casebus_deploy", "from casebus_contracts.topics import all_topics"),
    ],
)
def test_what_is_allowed_passes(room: str, source: str) -> None:
    assert trespasses(source, room) == []


@pytest.mark.parametrize(
    "source",
    [
        "import asyncpg",
        "import time",
        "from random import choice",
        "from uuid import uuid4",
        "from pathlib import Path",
        "from chassis.wiring import Service",
        "from access.proofs import sign_proof",
        "from intake.store import people_ahead",
        "from datetime import datetime\ndef rule(): return datetime.now()",
        "from datetime import datetime, UTC\nat = datetime.now(UTC)",
        "from datetime import date\ndef rule(): return date.today()",
        "def rule(at): return at.astimezone()",
        "def rule(): print('here')",
    ],
)
def test_a_rule_that_reaches_outside_its_values_is_seen(source: str) -> None:
    assert impurities(source, "intake") != []


def test_a_rule_of_values_passes() -> None:
    source = """
from dataclasses import replace
from zoneinfo import ZoneInfo
from access.matrix import may
from casebus_contracts.intake import TimeIn
from chassis.rules import Decision, decide
from intake.lobby import Lobby
def rule(command, now): return command.at.astimezone(ZoneInfo("America/Chicago")) or now
"""
    assert impurities(source, "intake") == []


def test_another_library_in_the_contracts_is_seen() -> None:
    assert bought("import aiokafka\nfrom pydantic import BaseModel\nimport json") == ["aiokafka", "pydantic.BaseModel"]


def test_an_import_is_seen_through_a_module_of_the_same_room() -> None:
    assert "ast" in reached("casebus_testing.rules_coverage")


def test_a_business_word_is_seen() -> None:
    source = "def next_visit(office_id): ...\nclass OutboxRow: ...\nclass StaffRow: ..."

    assert sorted(business_words(source)) == ["StaffRow", "next_visit", "office_id"]
