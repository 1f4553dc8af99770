"""Every sentence of the README's promise has a test, and every test that is named there exists."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NODE = re.compile(r"`(tests/[\w/]+\.py::test_\w+)`")
NOT_PROMISED = re.compile(r"\(How: [^)]*\)|How: .*?\.(?= |$)")
"""Where the README says how."""


def plain(markdown: str) -> str:
    """The words alone: no marks, one space between words, links by their text."""
    linked = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", markdown)
    bare = re.sub(r"^\s*- |\*\*|`", "", linked, flags=re.MULTILINE)
    return " ".join(bare.split())


def promised() -> str:
    """The section of the README."""
    text = (ROOT / "README.md").read_text("utf-8")
    _, _, after = text.partition("## What is promised\n")
    return NOT_PROMISED.sub("", plain(after.partition("\n## ")[0]))


def table() -> dict[str, list[str]]:
    """The tests of each sentence."""
    lines = (ROOT / "docs" / "promise.md").read_text("utf-8").splitlines()
    rows = [line.strip("| ").split(" | ") for line in lines if line.startswith("| ") and "::" in line]
    return {plain(sentence): NODE.findall(tests) for sentence, tests in rows}


def defined(file: Path) -> set[str]:
    """The functions a file of tests defines."""
    tree = ast.parse(file.read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_no_sentence_of_the_promise_is_without_a_test() -> None:
    left = promised()
    for sentence in table():
        left = left.replace(sentence, "")

    assert " ".join(left.split()) == ""


@pytest.mark.parametrize("sentence", table())
def test_every_sentence_of_the_table_is_promised(sentence: str) -> None:
    assert sentence in plain((ROOT / "README.md").read_text("utf-8"))


@pytest.mark.parametrize("node", sorted({node for nodes in table().values() for node in nodes}))
def test_every_test_of_the_table_exists(node: str) -> None:
    file, _, name = node.partition("::")

    assert name in defined(ROOT / file)


@pytest.mark.parametrize("sentence", table())
def test_every_sentence_has_tests(sentence: str) -> None:
    assert table()[sentence]
