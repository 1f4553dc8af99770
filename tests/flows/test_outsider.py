"""A program that knows only docs/events.md sends a walk-in and reads what became of it."""

import asyncio
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from casebus_testing.system import System

ROOT = Path(__file__).parents[2]
RUN_SECONDS = 60


def the_page() -> str:
    """The program as docs/events.md shows it."""
    (shown,) = re.findall(r"^```python\n(.*?)^```$", (ROOT / "docs/events.md").read_text("utf-8"), re.M | re.S)
    return str(shown)


def the_example() -> str:
    """The program as the contracts keep it."""
    return (ROOT / "contracts/examples/first_walk_in.py").read_text("utf-8")


@pytest.mark.parametrize("program", [the_page, the_example])
async def test_a_program_that_knows_only_the_page_sees_its_walk_in_through(
    system: System, tmp_path: Path, program: Callable[[], str]
) -> None:
    (tmp_path / "program.py").write_text(program())
    (tmp_path / ".run").symlink_to(system.run_dir)

    # Isolated: the program finds nothing of ours but what is installed, and imports none of that.
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "program.py"),
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await asyncio.wait_for(process.communicate(), RUN_SECONDS)

    assert process.returncode == 0, printed.decode()
    topics = sorted(line.split()[0] for line in printed.decode().splitlines())
    assert topics == ["receipts.guest", "receipts.guest", "receipts.guest", "request.created", "walkin.timed"]
    assert printed.decode().count('"outcome":"accepted"') == 3


@pytest.mark.parametrize("program", [the_page, the_example])
def test_the_program_imports_nothing_of_ours(program: Callable[[], str]) -> None:
    imported = set(re.findall(r"^(?:import|from) (\w+)", program(), re.M))

    assert imported <= set(sys.stdlib_module_names) | {"aiokafka", "jwt"}
