"""What a campaign states, and that each mutant has a scenario."""

from pathlib import Path

from mutants.changes import MUTANTS

from casebus_testing.campaign.mutants import SCENARIOS
from casebus_testing.campaign.result import Result, bound


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


def test_every_mutant_has_its_scenario() -> None:
    assert set(MUTANTS) == set(SCENARIOS)
