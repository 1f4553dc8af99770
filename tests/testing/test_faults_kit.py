"""The fault plan and the comparison of endings, as far as no server is needed."""

from collections import Counter

import pytest

from casebus_cli.orders import Order
from casebus_testing.faults import FaultPlan
from casebus_testing.faults.states import differences, leveled_row

REQUESTS = ("01a20200-0000-7000-8000-000000000001", "01a20200-0000-7000-8000-000000000002")


def orders(number: int) -> list[Order]:
    """For each of two requests so many commands, one request after the other."""
    return [Order("CheckIn", {"request_id": each, "number": n}, "adair-es") for each in REQUESTS for n in range(number)]


def test_the_same_seed_gives_the_same_moments() -> None:
    moments = [[fault.moment(1000) for fault in FaultPlan(seed)] for seed in (7, 7, 8)]

    assert moments[0] == moments[1] != moments[2]


@pytest.mark.parametrize("seed", range(20))
def test_a_fault_comes_neither_before_the_play_nor_after_it(seed: int) -> None:
    assert all(2 <= fault.moment(10) <= 9 for fault in FaultPlan(seed))


@pytest.mark.parametrize("commands", [1, 2])
def test_the_shortest_play_has_a_middle(commands: int) -> None:
    assert all(1 <= fault.moment(commands) <= commands for fault in FaultPlan(1))


@pytest.mark.parametrize("seed", range(20))
def test_keys_overtake_one_another_and_keep_their_own_order(seed: int) -> None:
    sent = orders(10)

    arranged = FaultPlan(seed).reordered().arrange(sent)

    for request in REQUESTS:
        numbers = [order.data["number"] for order in arranged if order.data["request_id"] == request]
        assert numbers == list(range(10))
    assert list(arranged) != sent


def test_commands_of_one_key_cannot_be_reordered_and_that_shows() -> None:
    fault = FaultPlan(1).reordered()
    fault.arrange(orders(10)[:10])

    assert not fault.fell


NAMES = {REQUESTS[0]: "id 1"}


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ({"id": REQUESTS[0]}, '{"id": "id 1"}'),
        ({"id": REQUESTS[1]}, '{"id": "(id)"}'),
        ({"text": f"Request: {REQUESTS[0]}."}, '{"text": "Request: id 1."}'),
        ({"at": "2026-11-22T07:26:47.461+00:00"}, '{"at": "(time)"}'),
        ({"at": "2026-11-22T07:26:47Z", "day": "2026-11-22"}, '{"at": "(time)", "day": "(day)"}'),
        (
            {"wait_seconds": 61, "times": [{"seconds": 7}]},
            '{"times": [{"seconds": "(duration)"}], "wait_seconds": "(duration)"}',
        ),
        ({"version": 3, "priority": 2, "open": True}, '{"open": true, "priority": 2, "version": 3}'),
        ({"head": "a hash", "ticket": 7}, '{"ticket": 7}'),
        ({"seconds_left": 3, "note": None}, '{"note": null, "seconds_left": 3}'),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_what_differs_between_two_plays_is_leveled_and_nothing_else(row: dict[str, object], text: str) -> None:
    assert leveled_row(row, NAMES) == text


def test_a_column_can_be_left_out() -> None:
    assert leveled_row({"ticket": 7, "priority": 2}, {}, {"ticket"}) == '{"priority": 2}'


def test_what_is_missing_and_what_is_too_much_is_told() -> None:
    expected = {"intake.requests": Counter(["a", "a", "b"]), "answers": Counter(["x"])}
    found = {"intake.requests": Counter(["a", "c"]), "answers": Counter(["x"])}

    assert differences(expected, found) == [
        "intake.requests: missing a",
        "intake.requests: missing b",
        "intake.requests: too much c",
    ]
