"""A visit as a line of intervals."""

import pytest

from intake.examples import CALLED, CLERK, MINUTE, NINE, ON_HOLD, SERVED, SERVING, WAITING
from intake.intervals import Interval, Line, Stay, closed, moved, not_before, retimed, seconds, whole

IN, OUT = NINE + 10 * MINUTE, NINE + 30 * MINUTE
HELD = (*closed(ON_HOLD.intervals, NINE + 20 * MINUTE), Interval(Stay.SERVING, NINE + 20 * MINUTE, None, CLERK.id))


def told(line: Line) -> list[tuple[str, float, float | None]]:
    """Kind, beginning and end of each interval, in minutes after nine."""
    return [
        (each.kind.value, (each.start - NINE) / MINUTE, None if each.end is None else (each.end - NINE) / MINUTE)
        for each in line
    ]


@pytest.mark.rule("INV-I1")
def test_the_next_interval_begins_where_the_open_one_ends() -> None:
    line = moved(WAITING.intervals, Stay.CALLED, NINE + 5 * MINUTE, "adair-greeter")

    assert told(line) == [("waiting", 0, 5), ("called", 5, None)]
    assert [each.staff_id for each in line] == [CLERK.id, "adair-greeter"]


def test_service_ends_the_wait() -> None:
    assert told(retimed(CALLED.intervals, NINE, IN, None, CLERK.id)) == [
        ("waiting", 0, 8),
        ("called", 8, 10),
        ("serving", 10, None),
    ]


def test_service_that_began_before_the_call_was_written_down_leaves_no_call() -> None:
    line = retimed(CALLED.intervals, NINE, NINE + 7 * MINUTE, None, CLERK.id)

    assert told(line) == [("waiting", 0, 7), ("serving", 7, None)]


def test_who_is_served_on_arrival_waited_no_time() -> None:
    assert told(retimed(WAITING.intervals, NINE, NINE, None, CLERK.id)) == [("waiting", 0, 0), ("serving", 0, None)]


def test_a_later_beginning_of_service_makes_the_wait_longer() -> None:
    line = retimed(SERVED.intervals, NINE, NINE + 12 * MINUTE, NINE + 25 * MINUTE, CLERK.id)

    assert told(line) == [("waiting", 0, 12), ("serving", 12, 25)]


def test_holds_stay_where_they_were_when_the_ends_move() -> None:
    line = retimed(HELD, NINE, NINE + 5 * MINUTE, OUT, CLERK.id)

    assert told(line) == [("waiting", 0, 5), ("serving", 5, 15), ("on_hold", 15, 20), ("serving", 20, 30)]


def test_an_end_before_a_hold_leaves_no_hold() -> None:
    assert told(retimed(HELD, NINE, IN, NINE + 14 * MINUTE, CLERK.id)) == [("waiting", 0, 10), ("serving", 10, 14)]


def test_a_visit_that_was_never_timed_gets_both_parts_at_once() -> None:
    assert told(retimed((), NINE, IN, OUT, CLERK.id)) == [("waiting", 0, 10), ("serving", 10, 30)]


def test_who_began_service_stays_known_when_its_time_is_corrected() -> None:
    line = retimed(SERVING.intervals, NINE, NINE + 11 * MINUTE, None, "adair-supervisor")

    assert line[-1].staff_id == CLERK.id


def test_seconds_count_ended_intervals_of_the_kinds_asked_for() -> None:
    line = retimed(HELD, NINE, IN, OUT, CLERK.id)

    assert (seconds(line, Stay.WAITING), seconds(line, Stay.SERVING), seconds(line, Stay.ON_HOLD)) == (600, 900, 300)
    assert seconds(line, Stay.SERVING, Stay.ON_HOLD) == 1200
    assert seconds(WAITING.intervals, Stay.WAITING) == 0


def test_nothing_happens_before_the_last_beginning() -> None:
    assert not_before(SERVING.intervals, NINE) == IN
    assert not_before(SERVING.intervals, OUT) == OUT
    assert not_before((), NINE) == NINE


@pytest.mark.parametrize(
    ("line", "unbroken"),
    [
        (CALLED.intervals, True),
        ((), True),
        ((Interval(Stay.WAITING, NINE, IN), Interval(Stay.SERVING, OUT)), False),
        ((Interval(Stay.WAITING, NINE), Interval(Stay.SERVING, IN)), False),
        ((Interval(Stay.WAITING, IN, NINE),), False),
    ],
)
def test_a_gap_an_overlap_or_an_end_before_the_beginning_breaks_the_line(line: Line, unbroken: bool) -> None:
    assert whole(line) is unbroken
