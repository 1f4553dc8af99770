"""The table of rules is complete, and what it calls built is proven by tests."""

import csv
from pathlib import Path

import pytest

from casebus_testing.rules_coverage import Coverage, Rule, carried, coverage, read_rules

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "docs" / "rules.csv"
KINDS = ROOT / "tests" / "rule_kinds.csv"
"""Id, owner and kind as the specification has them; a change here needs a decision file."""

BUILT = Rule("I-01", "somebody comes in", "intake", "S", built=True)
PLANNED = Rule("I-03", "a letter comes in", "intake", "S", built=False)
BY_PEOPLE = Rule("P-15", "stay calm", "none", "H", built=True)


def test_every_rule_of_the_specification_is_in_our_table_with_its_owner_and_kind() -> None:
    with KINDS.open(encoding="utf-8", newline="") as lines:
        specified = [(row["id"], row["owner"], row["kind"]) for row in csv.DictReader(lines)]

    assert [(rule.id, rule.owner, rule.kind) for rule in read_rules(TABLE)] == specified


def test_every_rule_says_in_8_to_30_words_what_it_asks() -> None:
    assert [rule.id for rule in read_rules(TABLE) if not 8 <= len(rule.rule.split()) <= 30] == []


def test_built_rules_are_proven_and_only_they(capsys: pytest.CaptureFixture[str]) -> None:
    found = coverage(ROOT)
    with capsys.disabled():
        print(f"\nrules: covered {found.covered} of {found.total}")

    assert found.problems() == []


def test_a_built_rule_without_a_test_is_a_problem() -> None:
    assert Coverage((BUILT,), {}).problems() == ["I-01: built, but no test carries it"]


def test_a_tested_rule_that_is_not_marked_built_is_a_problem() -> None:
    assert Coverage((PLANNED,), {"I-03": ("test_x",)}).problems() == ["I-03: not built, but tested by test_x"]


def test_an_id_that_no_rule_has_is_a_problem() -> None:
    assert Coverage((), {"I-99": ("test_x",)}).problems() == ["I-99: no such rule, in test_x"]


def test_a_rule_that_people_keep_needs_no_test() -> None:
    assert Coverage((BY_PEOPLE,), {}).problems() == []


def test_covered_and_total_count_only_rules_that_software_can_keep() -> None:
    found = Coverage((BUILT, PLANNED, BY_PEOPLE), {"I-01": ("test_x",)})

    assert (found.covered, found.total) == (1, 2)


@pytest.mark.parametrize(
    ("source", "ids"),
    [
        ("@pytest.mark.rule('I-01', 'I-26')\ndef test_it(): ...", ["I-01", "I-26"]),
        ("@pytest.mark.rule('I-01')\nasync def test_it(): ...", ["I-01"]),
        ("pytestmark = pytest.mark.rule('I-01')\ndef test_it(): ...", ["I-01"]),
        ("@pytest.mark.rule('I-01')\nclass TestIt:\n    def test_one(self): ...", ["I-01"]),
        (
            "@pytest.mark.parametrize('n', [pytest.param(1, marks=pytest.mark.rule('I-01'))])\ndef test_it(n): ...",
            ["I-01"],
        ),
        ("@pytest.mark.rule('I-01')\ndef helper(): ...", []),
        ("@pytest.mark.skip\n@pytest.mark.rule('I-01')\ndef test_it(): ...", []),
        ("@pytest.mark.xfail(reason='later')\n@pytest.mark.rule('I-01')\ndef test_it(): ...", []),
        ("pytestmark = pytest.mark.rule('I-01')", []),
        ("# @pytest.mark.rule('I-01')\ndef test_it(): ...", []),
    ],
)
def test_only_tests_that_run_carry_a_rule(source: str, ids: list[str]) -> None:
    assert [id_ for id_, _ in carried(source)] == ids
