"""What the README shows to other programs works as it stands there."""

import asyncio
import re
import sys
from pathlib import Path

import pytest

from casebus_testing.system import System

README = Path(__file__).parents[2] / "README.md"
RUN_SECONDS = 60


def shown(language: str) -> str:
    """The README's block of code in this language."""
    (block,) = re.findall(rf"^```{language}\n(.*?)^```$", README.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return str(block)


@pytest.fixture
def checkout(system: System, tmp_path: Path) -> Path:
    """A folder that finds the running system as a checkout does."""
    (tmp_path / ".run").symlink_to(system.run_dir)
    return tmp_path


async def printed(folder: Path, *command: str) -> str:
    """What a program prints that runs in `folder`; it must end well."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await asyncio.wait_for(process.communicate(), RUN_SECONDS)
    assert process.returncode == 0, output.decode()
    return output.decode()


async def test_the_program_reads_its_walk_in_and_its_receipts(checkout: Path) -> None:
    (checkout / "outsider.py").write_text(shown("python"))

    output = await printed(checkout, sys.executable, "-I", "outsider.py")

    topics = sorted(line.split()[0] for line in output.splitlines())
    assert topics == [*["receipts.guest"] * 3, "request.created", "visit.waiting", "walkin.timed"]


async def test_the_lines_for_a_terminal_are_accepted(checkout: Path) -> None:
    lines = shown("sh").replace(".venv/bin/casebus", f"{sys.executable} -m casebus_cli.main")
    (checkout / "lines.sh").write_text(lines.replace("--from-start", "--from-start --count 2"))

    output = await printed(checkout, "sh", "-e", "lines.sh")

    assert [line.split()[1] for line in output.splitlines() if line.startswith("accepted")] == [
        "CreateRequest",
        "CheckIn",
    ]
