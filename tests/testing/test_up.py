"""`make up` and `make down`, as a person runs them."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from casebus_testing.stack.processes import RunFile


def command(what: str, run_dir: Path) -> "subprocess.CompletedProcess[str]":
    words = [sys.executable, "-m", "casebus_testing", what, "--run-dir", str(run_dir)]
    return subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where everything was brought up; brought down in the end, whatever the tests did."""
    folder = tmp_path_factory.mktemp("up")
    brought_up = command("up", folder)
    assert brought_up.returncode == 0, brought_up.stderr
    yield folder
    command("down", folder)


def test_every_service_is_ready(run_dir: Path):
    services = json.loads((run_dir / "stack.json").read_text())["services"]

    answers = {name: httpx.get(f"{place['http']}/health/ready").status_code for name, place in services.items()}

    assert answers == {"staffing": 200, "intake": 200, "notifications": 200}


def test_a_second_up_says_that_it_is_up(run_dir: Path):
    again = command("up", run_dir)

    assert (again.returncode, again.stderr) == (1, f"casebus: it is up already in {run_dir}; `make down` ends it.\n")


def test_down_ends_every_process_and_removes_the_places(run_dir: Path):
    processes = RunFile(run_dir).read()

    assert command("down", run_dir).stdout == "casebus is down.\n"

    assert len(processes) == 2 + 1 + 3
    assert not any(process.alive for process in processes)
    assert not (run_dir / "stack.json").exists()
