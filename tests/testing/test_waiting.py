"""Waiting: polls, has a deadline, says what was missing."""

import itertools

import pytest

from casebus_testing.waiting import eventually


async def test_the_first_true_answer_is_returned():
    answers = iter([0, 0, 7])

    assert await eventually(lambda: next(answers), within=5, every=0.001) == 7


async def test_a_failed_assert_means_not_yet():
    count = itertools.count()

    def three_times() -> bool:
        assert next(count) >= 3
        return True

    assert await eventually(three_times, within=5, every=0.001)


async def test_an_async_check_is_awaited():
    async def done() -> str:
        return "done"

    assert await eventually(done) == "done"


async def test_after_the_deadline_the_error_names_the_check_and_its_last_answer():
    async def rows() -> list[int]:
        return []

    with pytest.raises(AssertionError, match=r"not within 0\.01 s: .*rows.*last answer: \[\]"):
        await eventually(rows, within=0.01, every=0.001)


async def test_after_the_deadline_the_error_tells_the_last_failed_assert():
    def check() -> bool:
        raise AssertionError("two of three arrived")

    with pytest.raises(AssertionError, match="two of three arrived"):
        await eventually(check, within=0.01, every=0.001)
