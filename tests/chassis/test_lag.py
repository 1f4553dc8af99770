"""Lag judged from a window of looks; each case is (committed, end) at one look every ten seconds."""

import pytest

from chassis.lag import Look, State, judge_lag, lag_seconds


def looks(*seen: tuple[int, int]) -> list[Look]:
    return [Look(committed, end, 10.0 * number) for number, (committed, end) in enumerate(seen)]


CASES = {
    "nobody has looked": ([], State.OK, "not looked at yet"),
    "nothing waits": ([(5, 5)], State.OK, "nothing waits"),
    "an idle topic": ([(5, 5)] * 6, State.OK, "nothing waits"),
    "a first look at a backlog": ([(0, 900)], State.OK, "too few looks"),
    "work comes and is done": ([(10, 10), (20, 25), (40, 40), (55, 60)], State.OK, "all was done 10 s ago"),
    "one record came just now": ([(5, 5), (5, 5), (5, 5), (5, 6)], State.OK, "1 record waits"),
    "a backlog that shrinks": ([(0, 900), (300, 910), (600, 920), (800, 930)], State.OK, "ever fewer: done in 5 s"),
    "a lag that stays": ([(0, 50), (100, 150), (200, 250), (300, 350)], State.OK, "no more than before"),
    "a lag that swings": ([(0, 50), (60, 150), (200, 230), (300, 350)], State.OK, "no more than before"),
    "more comes than is done": (
        [(0, 50), (100, 200), (200, 400), (300, 600)],
        State.FALLING_BEHIND,
        "300 records wait, ever more: 18/s come, 10/s are done",
    ),
    "more comes than is done, in bursts": (
        [(0, 50), (10, 200), (190, 400), (200, 600), (390, 800), (400, 1000)],
        State.FALLING_BEHIND,
        "ever more",
    ),
    "nothing is ever done": ([(7, 9), (7, 9), (7, 9), (7, 9)], State.STALLED, "2 records wait, and nothing"),
    "nothing is done since it was caught up": ([(7, 7), (7, 8), (7, 9), (7, 9)], State.STALLED, "for 30 s"),
    "nothing is done since, after much work": (
        [(3, 3), (7, 7), (7, 8), (7, 9), (7, 9)],
        State.STALLED,
        "2 records wait, and nothing was committed for 30 s",
    ),
    "it was caught up, worked, and then no more": (
        [(7, 7), (8, 20), (8, 20), (8, 20)],
        State.STOPPED,
        "12 records wait; commits came for 10 s",
    ),
    "it worked and then no more": (
        [(0, 900), (100, 900), (100, 900), (100, 900)],
        State.STOPPED,
        "800 records wait; commits came for 10 s, and none for 20 s since",
    ),
    "a pause shorter than the work before": ([(0, 90), (10, 90), (20, 90), (20, 90)], State.OK, "ever fewer"),
    "a topic made anew": ([(500, 600), (500, 700), (0, 10), (5, 10), (10, 20)], State.OK, "10 records wait"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_window_of_looks_says_how_the_reader_does_and_why(case: str) -> None:
    seen, state, reason = CASES[case]

    judgement = judge_lag(looks(*seen))

    assert judgement.state is state
    assert reason in judgement.reason


def test_a_judgement_stays_when_the_window_moves_on() -> None:
    seen = looks((0, 900), (100, 900), *[(100, 900)] * 20)

    assert {judge_lag(seen[start : start + 12]).state for start in range(10)} == {State.STOPPED, State.STALLED}


@pytest.mark.parametrize(
    ("seen", "seconds"),
    [
        ([], 0.0),
        ([(5, 5), (9, 9)], 0.0),
        ([(5, 5), (5, 6)], 10.0),
        ([(0, 0), (0, 100), (50, 100)], 15.0),
        ([(0, 100), (50, 200), (150, 200)], 15.0),
        ([(0, 100), (20, 200), (50, 300)], 20.0),
    ],
)
def test_the_ends_seen_say_since_when_the_first_record_waits(seen: list[tuple[int, int]], seconds: float) -> None:
    assert lag_seconds(looks(*seen)) == pytest.approx(seconds)
