"""The example on the page of the kit, as another team would run it: in a folder of its own, without our tests."""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

from casebus_testing.stack import Stack

PAGE = Path(__file__).parents[2] / "testing" / "README.md"
SETTINGS = """
[pytest]
asyncio_mode = auto
asyncio_default_fixture_loop_scope = session
asyncio_default_test_loop_scope = session
"""
CONFTEST = """
import pytest

@pytest.fixture(scope="session")
def system_options():
    return {"prefix": "outside."}
"""
DEADLINE_SECONDS = 180


async def test_the_example_of_the_page_passes_in_a_project_of_its_own(stack: Stack, tmp_path: Path) -> None:
    example = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)[0]
    (tmp_path / "pytest.ini").write_text(SETTINGS)
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_example.py").write_text(example)
    servers = {"CASEBUS_STACK_KAFKA": stack.kafka, "CASEBUS_STACK_POSTGRES": stack.postgres}

    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env={**os.environ, **servers},
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
    )

    assert "1 passed" in done.stdout, done.stdout + done.stderr
