"""One clock for the whole system, moved through a file that keeps its history."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from casebus_testing.clock import SystemClock
from chassis.clock import Clock

HOUR = timedelta(hours=1)


def test_without_a_file_time_is_real() -> None:
    moment = datetime.now(UTC)

    assert Clock().at(moment) == moment


def test_a_move_counts_for_the_very_next_moment(tmp_path: Path) -> None:
    moved = SystemClock(tmp_path / "clock.json")
    clock = Clock(moved.path)

    for hours in range(1, 6):
        moved.shift(HOUR)
        moment = datetime.now(UTC)
        assert clock.at(moment) - moment == hours * HOUR


def test_what_was_appended_before_a_move_keeps_its_time(tmp_path: Path) -> None:
    moved = SystemClock(tmp_path / "clock.json")
    clock = Clock(moved.path)
    before = datetime.now(UTC)

    moved.shift(HOUR)

    assert clock.at(before) == before


def test_a_move_begins_at_a_whole_millisecond_as_append_times_are_cut_to(tmp_path: Path) -> None:
    moved = SystemClock(tmp_path / "clock.json")
    moved.shift(HOUR)

    appended = datetime.now(UTC)
    cut = appended.replace(microsecond=appended.microsecond // 1000 * 1000)

    assert Clock(moved.path).at(cut) == cut + HOUR
