"""A copy of one room laid out as mutmut wants it, so that the working tree is never touched."""

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from casebus_testing.mutation.rooms import Room

SECONDS_MAX: Final = 1_800
_SURVIVED, _NO_TESTS = 0, 33
"""How mutmut writes these down; anything else but None was noticed."""

_SETTINGS: Final = """\
[tool.mutmut]
source_paths = ["src"]
only_mutate = {modules}
also_copy = ["migrations"]
pytest_add_cli_args_test_selection = ["tests"]

[tool.pytest.ini_options]
addopts = "--import-mode=importlib -q -p no:cacheprovider"
asyncio_mode = "auto"
markers = ["rule(*ids): rules that the test proves"]
"""


class MutationError(Exception):
    """mutmut could not do its work; the message has the end of its output."""


@dataclass(frozen=True)
class Outcome:
    """What became of the mutants that were tried: how many, and the changes nobody noticed, by name."""

    tried: int
    survivors: Mapping[str, str]


def try_out(room: Room, folder: Path, sample: int | None, seed: int) -> Outcome:
    """Change the room's modules in a copy below `folder`: all changes, or a sample. Raises MutationError."""
    _lay_out(room, folder)
    _mutmut(folder, "run", "no such mutant", check=False)
    names = sorted(_exit_codes(folder))
    if not names:
        raise MutationError(f"{room.name}: no mutants were made")
    chosen = names if sample is None else random.Random(seed).sample(names, min(sample, len(names)))
    _mutmut(folder, "run", *chosen)
    codes = _exit_codes(folder)
    missed = [name for name in sorted(chosen) if codes[name] in (_SURVIVED, _NO_TESTS)]
    return Outcome(len(chosen), _diffs(folder, missed))


def _lay_out(room: Room, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(room.source, folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
    for path in room.tests:
        if path.is_dir():
            shutil.copytree(path, folder / "tests", dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            (folder / "tests").mkdir(exist_ok=True)
            shutil.copy(path, folder / "tests")
    for path in room.also:
        shutil.copytree(path, folder / path.name)
    modules = json.dumps([f"src/{module}" for module in room.modules])
    (folder / "pyproject.toml").write_text(_SETTINGS.format(modules=modules))


def _mutmut(folder: Path, *arguments: str, check: bool = True) -> None:
    program = Path(sys.executable).with_name("mutmut")
    children = ["--max-children", str(os.cpu_count() or 1)]
    command = [str(program), *arguments[:1], *children, *arguments[1:]]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=SECONDS_MAX, check=False)
    if check and done.returncode:
        raise MutationError((done.stdout + done.stderr)[-3_000:])


def _exit_codes(folder: Path) -> dict[str, int | None]:
    found: dict[str, int | None] = {}
    for file in (folder / "mutants/src").rglob("*.meta"):
        found |= json.loads(file.read_text("utf-8"))["exit_code_by_key"]
    return found


def _diffs(folder: Path, names: Sequence[str]) -> dict[str, str]:
    """The changed lines of each, as mutmut tells them."""
    program = (
        "import json, sys; from mutmut.__main__ import get_diff_for_mutant as diff; "
        "print(json.dumps({name: diff(name) for name in json.load(sys.stdin)}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, input=json.dumps(names), capture_output=True, text=True, check=True
    )
    return {name: _changed(diff) for name, diff in json.loads(done.stdout).items()}


def _changed(diff: str) -> str:
    lines = (line for line in diff.splitlines() if line[:1] in "+-" and not line.startswith(("+++", "---")))
    return "\n".join(line[0] + " " + line[1:].strip() for line in lines)
