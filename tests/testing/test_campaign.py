"""What a campaign states, and that each mutant has a scenario."""

import os
import random
import subprocess
import sys
from pathlib import Path

from mutants.changes import MUTANTS

from casebus_testing import checker
from casebus_testing.campaign.blows import BLOWS, a_round
from casebus_testing.campaign.mutants import HELPERS, SCENARIOS
from casebus_testing.campaign.result import Result, bound
from casebus_testing.checker.verdict import Verdict


def test_zero_failures_are_stated_with_their_bound() -> None:
    assert bound({"kill": 20, "stop": 10}, clean=True) == (
        "zero failures in 30 faults: 95 % upper bound 3/30 = 0.100 per fault"
    )


def test_no_bound_is_stated_when_something_was_lost() -> None:
    assert bound({"kill": 20}, clean=False) == "no bound can be stated"


def test_the_longest_recovery_of_all_faults_is_kept(tmp_path: Path) -> None:
    result = Result(seed=1)
    result.struck("kill", 4.0)
    result.struck("kill", 3.0)
    result.struck("stop", 7.04)
    result.write(tmp_path / "faults.json")

    assert (result.faults, result.recovery_s) == ({"kill": 2, "stop": 1}, 7.0)
    assert '"recovery_s": 7.0' in (tmp_path / "faults.json").read_text()


CLEAN = Verdict((), (), (), (), {})


def test_a_recovery_of_more_than_thirty_seconds_fails_a_campaign() -> None:
    slow = Result(seed=1)
    slow.struck("kill", 30.1)
    slow.judged(CLEAN, unanswered=0)

    assert (slow.clean, slow.bound) == (False, "no bound can be stated")


def test_kinds_that_did_not_fall_are_counted_as_not_run_with_the_reason() -> None:
    result = Result(seed=1)
    result.struck("clock step backwards", 0.1)
    result.escaped("disk full", "needs root, to mount a file system of limited size")
    result.judged(CLEAN, unanswered=0)

    assert "clock step backwards" not in result.not_run
    assert result.not_run["disk full"] == "needs root, to mount a file system of limited size"
    assert result.not_run["rebalance storm"] == "the time was over"


def test_a_round_has_every_kind_of_fault_once() -> None:
    kinds = [kind for kind, _ in a_round(random.Random(1))]

    assert sorted(kinds) == sorted(kind for kind, _ in BLOWS)


def test_every_mutant_is_named_where_the_checker_says_what_it_finds() -> None:
    assert [name for name in MUTANTS if name not in (checker.__doc__ or "")] == []


def test_every_mutant_finds_what_it_changes() -> None:
    apply = "from mutants.changes import MUTANTS; [change() for change in MUTANTS.values()]"

    subprocess.run([sys.executable, "-c", apply], env={**os.environ, "PYTHONPATH": str(HELPERS)}, check=True)


def test_every_mutant_has_its_scenario() -> None:
    assert set(MUTANTS) == set(SCENARIOS)
