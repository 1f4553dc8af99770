"""Which rules of `docs/rules.csv` the tests prove, read from the test files without running them.

A rule counts as proven when a test that pytest would collect, and would not skip, carries its
id: `@pytest.mark.rule("I-36")`. `python -m casebus_testing.rules_coverage` prints covered of
total and exits with 1 when the table and the tests disagree.
"""

import ast
import csv
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

TABLE = Path("docs", "rules.csv")
TEST_FOLDERS = ("tests", "services/*/tests")
UNRUN = frozenset({"skip", "xfail"})


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of the table. Kind: S by software, C by configuration, H by people."""

    id: str
    rule: str
    owner: str
    kind: str
    built: bool

    @property
    def provable(self) -> bool:
        """Rules that only people can keep need no test."""
        return self.kind in ("S", "C")


@dataclass(frozen=True, slots=True)
class Coverage:
    """The table beside the tests that carry its ids."""

    rules: tuple[Rule, ...]
    tests: Mapping[str, tuple[str, ...]]

    @property
    def total(self) -> int:
        return sum(rule.provable for rule in self.rules)

    @property
    def covered(self) -> int:
        return sum(rule.provable and rule.id in self.tests for rule in self.rules)

    def problems(self) -> list[str]:
        """Built without a test, tested without being built, or carried by a test but unknown."""
        known = {rule.id for rule in self.rules}
        unproven = [f"{r.id}: built, but no test carries it" for r in self.rules if self._unproven(r)]
        unmarked = [f"{r.id}: not built, but tested by {self.tests[r.id][0]}" for r in self.rules if self._unmarked(r)]
        unknown = [f"{id_}: no such rule, in {names[0]}" for id_, names in self.tests.items() if id_ not in known]
        return unproven + unmarked + sorted(unknown)

    def _unproven(self, rule: Rule) -> bool:
        return rule.built and rule.provable and rule.id not in self.tests

    def _unmarked(self, rule: Rule) -> bool:
        return not rule.built and rule.id in self.tests


def read_rules(table: Path) -> tuple[Rule, ...]:
    """The rows of a rules table, in its order. Raises ValueError on another word than yes or no."""
    with table.open(encoding="utf-8", newline="") as lines:
        return tuple(_rule(row) for row in csv.DictReader(lines))


def _rule(row: Mapping[str, str]) -> Rule:
    if row["built"] not in ("yes", "no"):
        raise ValueError(f"{row['id']}: built must be yes or no")
    return Rule(row["id"], row["rule"], row["owner"], row["kind"], built=row["built"] == "yes")


def coverage(root: Path) -> Coverage:
    """The table and the tests of the repository at `root`."""
    tests: dict[str, tuple[str, ...]] = {}
    for folder in TEST_FOLDERS:
        for file in sorted(root.glob(f"{folder}/**/test_*.py")):
            for id_, name in carried(file.read_text(encoding="utf-8")):
                tests[id_] = (*tests.get(id_, ()), f"{file.relative_to(root)}::{name}")
    return Coverage(read_rules(root / TABLE), tests)


def carried(source: str) -> Iterator[tuple[str, str]]:
    """Pairs of rule id and test name in the source of one test file."""
    yield from _carried_by(ast.parse(source).body, above=[])


def _carried_by(body: list[ast.stmt], above: list[ast.expr]) -> Iterator[tuple[str, str]]:
    marks = above + [stmt.value for stmt in body if isinstance(stmt, ast.Assign) and _names_pytestmark(stmt)]
    for node in body:
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            yield from _carried_by(node.body, marks + node.decorator_list)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield from ((id_, node.name) for id_ in _ids(marks + node.decorator_list))


def _names_pytestmark(stmt: ast.Assign) -> bool:
    return any(isinstance(target, ast.Name) and target.id == "pytestmark" for target in stmt.targets)


def _ids(marks: list[ast.expr]) -> list[str]:
    """Ids in the marks, those on single parameters included; none if the test is skipped or may fail."""
    if any(_mark_name(mark) in UNRUN for mark in marks):
        return []
    calls = [node for mark in marks for node in ast.walk(mark) if isinstance(node, ast.Call)]
    texts = [arg for call in calls if _mark_name(call) == "rule" for arg in call.args]
    return [arg.value for arg in texts if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]


def _mark_name(node: ast.expr) -> str | None:
    """`rule` of `pytest.mark.rule(...)`; None when it is no mark."""
    target = node.func if isinstance(node, ast.Call) else node
    if isinstance(target, ast.Attribute) and ast.unparse(target.value) == "pytest.mark":
        return target.attr
    return None


def main(root: Path = Path()) -> int:
    """Print covered of total and every problem; 0 when there is none."""
    found = coverage(root)
    built = sum(rule.built for rule in found.rules)
    print(f"rules: covered {found.covered} of {found.total}, {built} marked built")
    for problem in found.problems():
        print(f"  {problem}")
    return 1 if found.problems() else 0


if __name__ == "__main__":
    sys.exit(main())
