"""The day of the demo, before anybody plays it."""

from datetime import UTC, datetime

import pytest

from casebus_contracts import COMMANDS
from casebus_testing.demo.stage import opening_after
from casebus_testing.demo.story import (
    CLOSING,
    COVERED,
    GONE,
    NOT_ASKED,
    OVERLOOKED,
    WAIT_LIMIT_MINUTES,
    Minute,
    one_more_visitor,
    whole_day,
)

DAY = whole_day()


def test_more_than_a_hundred_visitors_come_from_opening_to_closing():
    assert len(DAY.visits) == 112
    assert {step.type for step in DAY.steps if step.minute > CLOSING - 60} >= {"CheckIn", "TimeIn", "TimeOut"}
    assert max(step.minute for step in DAY.steps) < CLOSING


def test_one_visitor_is_not_timed_out_and_one_not_asked():
    asked = {step.data["request_id"] for step in DAY.steps if step.type == "LogVoterRegistration"}
    to_be_asked = {visit.request_id for visit in DAY.visits if visit.reason in COVERED}

    assert [visit.office for visit in DAY.visits if visit.ends is None] == ["adair"]
    assert to_be_asked - asked == {DAY.not_asked.request_id}
    assert DAY.not_asked.place == NOT_ASKED


def test_only_the_overlooked_one_waits_as_long_as_the_limit():
    served = [visit for visit in DAY.visits if visit.place != GONE]

    assert [visit.place for visit in served if visit.begins - visit.arrives >= WAIT_LIMIT_MINUTES] == [OVERLOOKED]


def test_somebody_else_has_to_wait_too():
    assert sum(visit.begins - visit.arrives > 3 for visit in DAY.visits) > 5


def test_steps_come_in_the_order_of_their_minutes():
    minutes = [step.minute for step in DAY.steps]

    assert minutes == sorted(minutes)


@pytest.mark.parametrize("type_", sorted({step.type for step in DAY.steps}))
def test_every_step_is_a_command_of_the_contracts(type_: str):
    fields = {name for step in DAY.steps if step.type == type_ for name in step.data}

    known = COMMANDS[type_].model_fields
    assert fields <= set(known) | {field.alias for field in known.values()}


def test_one_step_is_sent_twice_and_one_is_not_allowed():
    unusual = sorted((step.type, step.expect, step.rule) for step in DAY.steps if step.expect != "accepted")

    assert unusual == [("CheckIn", "duplicate", None), ("CreateRequest", "refused", "I-38")]


def test_only_corrected_times_name_a_moment():
    assert [step.type for step in DAY.steps if any(isinstance(value, Minute) for value in step.data.values())] == [
        "CorrectTimes"
    ]


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-07-02T12:59:00Z", "2026-07-02T13:00:00Z"),
        ("2026-07-02T13:00:00Z", "2026-07-03T13:00:00Z"),
        ("2026-07-10T15:00:00Z", "2026-07-13T13:00:00Z"),
        ("2026-11-22T06:30:00Z", "2026-11-23T14:00:00Z"),
    ],
)
def test_offices_open_at_eight_from_monday_to_friday(now: str, opens: str):
    assert opening_after(datetime.fromisoformat(now)) == datetime.fromisoformat(opens).astimezone(UTC)


def test_the_file_to_try_is_one_more_walk_in():
    assert [entry["type"] for entry in one_more_visitor()] == ["CreateRequest", "CheckIn"]
