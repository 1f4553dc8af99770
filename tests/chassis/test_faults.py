"""Points at which a test has a process killed: it falls there once, at the passing asked for, or not at all."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from chassis.exposure import refuse_exposure
from chassis.failures import CannotStart
from chassis.settings import Settings

PASSING = """
import sys, pathlib
from chassis import faults
faults.arm(pathlib.Path(sys.argv[1]) if sys.argv[1] else None)
for number in range(1, 6):
    print(number, flush=True)
    faults.point("after-commit")
"""


def pass_five_times(file: Path | str) -> tuple[int, list[str]]:
    """Exit status, and the passings that were begun."""
    done = subprocess.run([sys.executable, "-c", PASSING, str(file)], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.split()


def written(folder: Path, points: dict[str, int]) -> Path:
    file = folder / "points.json"
    file.write_text(json.dumps(points))
    return file


def test_the_process_dies_at_the_passing_that_was_asked_for(tmp_path: Path) -> None:
    assert pass_five_times(written(tmp_path, {"after-commit": 3})) == (-signal.SIGKILL, ["1", "2", "3"])


def test_whoever_comes_after_it_lives(tmp_path: Path) -> None:
    file = written(tmp_path, {"after-commit": 3, "before-commit": 2})
    pass_five_times(file)

    assert json.loads(file.read_text()) == {"before-commit": 2}
    assert pass_five_times(file)[0] == 0


def test_other_points_are_passed(tmp_path: Path) -> None:
    assert pass_five_times(written(tmp_path, {"before-commit": 1}))[0] == 0


@pytest.mark.parametrize("file", ["", "no-such-file.json"])
def test_without_a_file_every_point_is_passed(file: str) -> None:
    assert pass_five_times(file)[0] == 0


@pytest.mark.parametrize(
    "exposed",
    [
        {"http": "0.0.0.0:8080"},
        {"kafka": "broker.example.org:9092"},
        {"database": "postgresql://app@db.example.org/intake"},
        {"http_tls_cert": "cert.pem", "http_tls_key": "key.pem"},
    ],
    ids=lambda exposed: min(exposed),
)
def test_beyond_loopback_the_points_are_refused(exposed: dict[str, str]) -> None:
    settings = {
        "kafka": "127.0.0.1:9092",
        "database": "postgresql://app@127.0.0.1/intake",
        "jwks": "jwks.json",
        "senders": "senders.json",
        "trusted_network": True,
        "fault_points": "points.json",
    }

    with pytest.raises(CannotStart, match="CASEBUS_FAULT_POINTS kills this process for tests on one machine"):
        refuse_exposure(Settings(**{**settings, **exposed}))  # type: ignore[arg-type]
