"""What the mutation tests change, and which survivors are words for people."""

import pytest

from casebus_testing.mutation.__main__ import only_words
from casebus_testing.mutation.rooms import ROOT, edges, rooms, rule_modules


def test_rules_are_changed_and_wiring_is_not() -> None:
    modules = set(rule_modules(ROOT / "services/intake/src"))

    assert {"intake/walk_in.py", "intake/times.py", "intake/voters/log.py"} <= modules
    assert not {"intake/handlers.py", "intake/app.py", "intake/counter.py", "intake/examples.py"} & modules


def test_edges_are_those_of_the_house() -> None:
    assert {"handlers", "store", "routes"} <= edges()


def test_every_module_and_test_that_is_named_is_there() -> None:
    named = [
        path for room in rooms() for path in (*room.tests, *room.also, *(room.source / each for each in room.modules))
    ]

    assert [str(path) for path in named if not path.exists()] == []


@pytest.mark.parametrize(
    "change",
    [
        '- return refuse("INV-I1", "nobody waits")\n+ return refuse("INV-I1", "XXnobody waitsXX")',
        '- return refuse("INV-I1", "nobody waits")\n+ return refuse("INV-I1", None)',
        '- return invalid("stage", f"the visit is {status}")\n+ return invalid("stage", None)',
        "- return unchanged(request)\n+ return unchanged(None)",
    ],
)
def test_the_text_of_an_answer_is_words(change: str) -> None:
    assert only_words(change)


@pytest.mark.parametrize(
    "change",
    [
        '- return refuse("INV-I1", "nobody waits")\n+ return refuse("XXINV-I1XX", "nobody waits")',
        '- return refuse("INV-I1", "nobody waits")\n+ return refuse(None, "nobody waits")',
        "- if request.time_in is None:\n+ if request.time_in is not None:",
        '- letter = "Dear client"\n+ letter = None',
    ],
)
def test_a_rule_s_id_or_anything_else_is_more_than_words(change: str) -> None:
    assert not only_words(change)
