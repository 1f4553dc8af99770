"""`replace` of chassis.rules: what dataclasses.replace does, without running __init__."""

import dataclasses

import pytest

from chassis.rules import replace
from intake.examples import WALK_IN
from intake.request import VisitStatus


def test_it_changes_what_is_named_and_keeps_the_rest() -> None:
    changed = replace(WALK_IN, visit_status=VisitStatus.WAITING, ticket=7)

    assert changed == dataclasses.replace(WALK_IN, visit_status=VisitStatus.WAITING, ticket=7)


def test_the_state_it_came_from_stays_as_it_was() -> None:
    before = dataclasses.replace(WALK_IN)

    replace(WALK_IN, ticket=7)

    assert before == WALK_IN


def test_version_and_head_travel_along() -> None:
    stored = dataclasses.replace(WALK_IN, version=3, loaded_version=2, head="abc")

    moved = replace(stored, ticket=7)

    assert (moved.version, moved.loaded_version, moved.head) == (3, 2, "abc")


def test_a_field_there_is_none_of_is_an_error() -> None:
    with pytest.raises(TypeError, match="no field tikcet"):
        replace(WALK_IN, tikcet=7)
