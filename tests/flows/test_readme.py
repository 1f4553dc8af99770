"""What the README shows to other programs works as it stands there."""

import asyncio
import re
import sys
from pathlib import Path

import psycopg

from casebus_testing.sample import DIRECTORY, sample
from casebus_testing.stack import Stack
from casebus_testing.system import System
from casebus_testing.waiting import eventually

README = Path(__file__).parents[2] / "README.md"
RUN_SECONDS = 60


def shown(language: str) -> str:
    """The README's block of code in this language."""
    (block,) = re.findall(rf"^```{language}\n(.*?)^```$", README.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return str(block)


async def output(folder: Path, *command: str) -> str:
    """What a program prints that is run in `folder`; it must end well."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    printed, _ = await asyncio.wait_for(process.communicate(), RUN_SECONDS)
    assert process.returncode == 0, printed.decode()
    return printed.decode()


async def directory_known(system: System) -> None:
    """Load the sample directory, and wait until intake has its last entry."""
    await output(system.run_dir.parent, sys.executable, "-m", "casebus_cli.main", "bootstrap", str(DIRECTORY))
    last = sample().staff[sample().offices[-1]]["operator"]

    def known() -> bool:
        with psycopg.connect(system.database("intake")) as connection:
            return connection.execute("SELECT count(*) FROM staff WHERE id = %s", (last,)).fetchone() == (1,)

    await eventually(known, within=20)


async def test_the_readme_shows_how_to_send_and_read(stack: Stack, tmp_path: Path) -> None:
    (tmp_path / "outsider.py").write_text(shown("python"))
    shell = shown("sh").replace(".venv/bin/casebus", f"{sys.executable} -m casebus_cli.main")
    (tmp_path / "terminal.sh").write_text(shell.replace("--from-start", "--from-start --count 2"))

    async with await System.launch(tmp_path / ".run", stack=stack) as system:
        await directory_known(system)
        told = await output(tmp_path, sys.executable, "outsider.py")
        typed = await output(tmp_path, "sh", "terminal.sh")

    assert [told.count(topic) for topic in ("receipts.guest", "request.created", "visit.waiting")] == [3, 1, 1]
    assert '"action":"time_in"' in told
    assert typed.count("accepted") == 2
