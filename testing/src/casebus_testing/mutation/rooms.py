"""What is changed, and which tests must notice: the rule modules of every service, and what decides without I/O."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[4]

_HOUSE: Final = ROOT / "tests/test_architecture.py"
"""Says which modules of a service are rules: those that are not `EDGES`."""


@dataclass(frozen=True)
class Room:
    """A package, its modules that are changed (paths below `src`), and its tests (paths below the repository)."""

    name: str
    source: Path
    modules: tuple[str, ...]
    tests: tuple[Path, ...]
    also: tuple[Path, ...] = ()
    rules: bool = True


def rooms() -> Iterator[Room]:
    """Services first, then the chassis and the permission matrix. No test here starts a process."""
    for folder in sorted((ROOT / "services").iterdir()):
        if (folder / "pyproject.toml").exists():
            source = folder / "src"
            yield Room(folder.name, source, tuple(rule_modules(source)), (folder / "tests",), (folder / "migrations",))
    chassis, tests = ("lag", "rules", "clock"), ("lag", "replace", "rule_values", "clock")
    yield Room(
        "chassis",
        ROOT / "chassis/src",
        tuple(f"chassis/{name}.py" for name in chassis),
        tuple(ROOT / f"tests/chassis/test_{name}.py" for name in tests),
        rules=False,
    )
    access = ("matrix", "calendars")
    yield Room(
        "access",
        ROOT / "access/src",
        tuple(f"access/{name}.py" for name in access),
        (*(ROOT / f"tests/access/test_{name}.py" for name in access), ROOT / "tests/access/matrix.md"),
        rules=False,
    )


def rule_modules(source: Path) -> Iterator[str]:
    """The modules of a service that decide, as paths below its `src`."""
    for file in sorted(source.rglob("*.py")):
        place = file.relative_to(source)
        if not edges() & {file.stem, *place.parts}:
            yield str(place)


@cache
def edges() -> frozenset[str]:
    """Modules, or folders of them, that wire, store, serve or send."""
    for node in ast.parse(_HOUSE.read_text("utf-8")).body:
        if (
            isinstance(node, ast.Assign)
            and ast.unparse(node.targets[0]) == "EDGES"
            and isinstance(node.value, ast.Call)
        ):
            return frozenset(ast.literal_eval(node.value.args[0]))
    raise LookupError(f"{_HOUSE} names no EDGES")
