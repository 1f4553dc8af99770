"""Habits of the house that a program can check: short code, plain SQL, no fixed waits, no traces of one machine."""

import ast
import re
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
THIS = Path(__file__)
UNTRACKED = frozenset(
    {".git", ".venv", ".run", "__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", "dist"}
)
PACKAGES = sorted(file.parent for file in ROOT.glob("*/pyproject.toml")) + sorted((ROOT / "services").iterdir())
FUNCTION_LINES_LIMIT = 60
FILE_LINES_LIMIT = 400
DECISION_PARTS = ("Context", "Choice", "Refused", "When to look again")

ALL_COLUMNS = re.compile(
    r"\b(?:select|returning)\s+(?:\w+\.)?\*(?!\s+from\s+(?:unnest|json_to_recordset)\()", re.IGNORECASE
)
"""A star over a table. Over `unnest` and `json_to_recordset` it stands for exactly what the statement passes in."""
ONE_MACHINE = re.compile(r"(?<![\w.$}])/(?:work|root|tmp|home/\w+|Users/\w+)(?=[/\"'`\s]|$)")
REGISTRIES = re.compile(
    r"\b(?:pypi\.org|pythonhosted\.org|maven\.org|maven\.apache\.org|npmjs\.(?:org|com)|docker\.io|proxy\.golang\.org)\b"
)
LINK = re.compile(r"\[[^\]]*\]\((?!\w+:|#)([^)#\s]+)")


def files(*suffixes: str) -> list[Path]:
    """Files of the repository with these suffixes, without what is built or downloaded."""
    found = (file for file in ROOT.rglob("*") if file.suffix in suffixes or not suffixes)
    return sorted(file for file in found if file.is_file() and not UNTRACKED & set(file.relative_to(ROOT).parts))


def text(file: Path) -> str:
    return file.read_text("utf-8")


def place(file: Path) -> str:
    return str(file.relative_to(ROOT))


def function_lengths(source: str) -> list[tuple[str, int]]:
    """Name and lines of each function, docstring included, decorators not."""
    functions = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [(node.name, (node.end_lineno or node.lineno) - node.lineno + 1) for node in functions]


def fixed_waits(source: str) -> Iterator[str]:
    """Calls of sleep with anything but 0, or a random moment of a storm, which waits for nothing."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or ast.unparse(node.func).split(".")[-1] != "sleep":
            continue
        pauses = [ast.unparse(pause) for pause in node.args]
        if pauses != ["0"] and ".uniform(" not in pauses[0]:
            yield f"line {node.lineno}: {ast.unparse(node)}"


def traces(content: str) -> list[str]:
    """Registry hosts and absolute paths of one machine."""
    return [match.group() for pattern in (ONE_MACHINE, REGISTRIES) for match in pattern.finditer(content)]


def missing_links(page: Path) -> list[str]:
    """Relative links of a page that lead nowhere."""
    targets = LINK.findall(text(page))
    return [target for target in targets if not (page.parent / target).exists()]


def test_no_function_is_long(capsys: pytest.CaptureFixture[str]) -> None:
    lengths = [(lines, f"{place(f)}: {name}") for f in files(".py") for name, lines in function_lengths(text(f))]
    median = statistics.median(lines for lines, _ in lengths)
    with capsys.disabled():
        print(f"\nfunctions: {len(lengths)}, median {median} lines, longest {max(lengths)}")

    assert [entry for entry in sorted(lengths) if entry[0] > FUNCTION_LINES_LIMIT] == []


def test_no_file_is_long() -> None:
    lengths = {place(file): len(text(file).splitlines()) for file in files(".py", ".sql")}

    assert {name: lines for name, lines in lengths.items() if lines > FILE_LINES_LIMIT} == {}


def test_sql_names_its_columns() -> None:
    pages = [file for file in files(".py", ".sql") if file != THIS]

    assert [place(file) for file in pages if ALL_COLUMNS.search(text(file))] == []


def test_no_test_waits_for_a_fixed_time() -> None:
    tests = [*(ROOT / "tests").rglob("*.py"), *(ROOT / "services").glob("*/tests/**/*.py")]

    assert [f"{place(file)}: {wait}" for file in tests for wait in fixed_waits(text(file))] == []


@pytest.mark.parametrize("package", PACKAGES, ids=place)
def test_a_package_can_be_read_and_installed_alone(package: Path) -> None:
    assert (package / "README.md").is_file()
    assert (package / "pyproject.toml").is_file()


@pytest.mark.parametrize("package", PACKAGES, ids=place)
def test_the_page_of_a_package_names_files_that_exist(package: Path) -> None:
    named = re.findall(r"`(\w+\.py|\w+/)`", text(package / "README.md"))

    assert [name for name in named if not any(package.rglob(name.rstrip("/"))) and name != "docs/"] == []


def test_nothing_names_a_registry_or_a_path_of_one_machine() -> None:
    contents = [(place(file), file.read_bytes().decode("utf-8", "replace")) for file in files() if file != THIS]

    assert [(name, found) for name, content in contents if (found := traces(content))] == []


def test_links_between_pages_lead_somewhere() -> None:
    assert [(place(page), missing) for page in files(".md") if (missing := missing_links(page))] == []


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = [int(page.name[:4]) for page in sorted((ROOT / "docs/decisions").glob("*.md"))]

    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("page", sorted((ROOT / "docs/decisions").glob("*.md")), ids=lambda page: page.stem)
def test_a_decision_says_what_was_refused_and_when_to_look_again(page: Path) -> None:
    headings = re.findall(r"^## (.+)$", text(page), re.MULTILINE)

    assert headings == list(DECISION_PARTS)


def test_function_lengths_count_from_def_to_the_last_line() -> None:
    assert function_lengths("@mark\ndef short():\n    '''Doc.'''\n    return 1\n") == [("short", 3)]


@pytest.mark.parametrize("sql", ["SELECT * FROM inbox", "select r.* from requests r", "DELETE FROM timers RETURNING *"])
def test_a_star_is_seen(sql: str) -> None:
    assert ALL_COLUMNS.search(sql)


@pytest.mark.parametrize("sql", ["SELECT count(*) FROM inbox", "SELECT 2 * 3", "SELECT *\nFROM unnest($1::text[])"])
def test_counts_products_and_arrays_are_no_stars(sql: str) -> None:
    assert not ALL_COLUMNS.search(sql)


@pytest.mark.parametrize("call", ["time.sleep(0.1)", "await asyncio.sleep(pause)", "sleep(1)"])
def test_a_fixed_wait_is_seen(call: str) -> None:
    assert list(fixed_waits(f"async def test_it():\n    {call}")) != []


@pytest.mark.parametrize("pause", ["0", "chance.uniform(0, 0.03)"])
def test_giving_way_to_others_and_random_moments_are_no_waits(pause: str) -> None:
    assert list(fixed_waits(f"async def test_it():\n    await asyncio.sleep({pause})")) == []


@pytest.mark.parametrize(
    "content", ['open("/work/main/x")', "cd /tmp/x", "see /root/.cache", "https://pypi.org/simple"]
)
def test_a_trace_of_one_machine_is_seen(content: str) -> None:
    assert traces(content) != []


@pytest.mark.parametrize("content", ["services/work/", "${TMPDIR}/tmp/x", "/usr/bin/java", "docs/root/"])
def test_an_ordinary_path_is_no_trace(content: str) -> None:
    assert traces(content) == []
