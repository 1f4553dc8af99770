"""How the bench counts: latencies by thirds, backlogs by seconds, pictures of runs."""

from bench import preload, walkins
from bench.drain_check import Drained
from bench.open_loop import Load, percentile, told
from bench.plots import picture

LOAD = Load(10, seconds=6, warm_up_seconds=2)
IDS = [str(number) for number in range(80)]


def answered(late_ms: dict[str, float]) -> Drained:
    """Every command is answered 5 ms after its moment, some later."""
    moments = {id_: int(1_000_000 + number * 100 + late_ms.get(id_, 5)) for number, id_ in enumerate(IDS)}
    return Drained(answered=moments)


def test_latency_counts_from_the_scheduled_moment_and_by_thirds() -> None:
    found = told(answered({"20": 900, "79": 90}), IDS, 1_000.0, LOAD)

    assert [round(third[-1]) for third in found.latencies_ms] == [900, 5, 90]
    assert [len(third) for third in found.latencies_ms] == [20, 20, 20]


def test_what_is_answered_late_is_backlog_until_then() -> None:
    found = told(answered({str(number): 3_000 for number in range(30, 40)}), IDS, 1_000.0, LOAD)

    assert found.backlogs == [0, 10, 10, 10, 0, 0]


def test_a_backlog_that_grows_is_seen() -> None:
    late = {str(number): 1_000.0 * number for number in range(20, 80)}

    assert told(answered(late), IDS, 1_000.0, LOAD).growth > 20


def test_a_percentile_is_one_of_the_values() -> None:
    assert [percentile(range(100), share) for share in (0.5, 0.99, 1)] == [50, 99, 99]


def test_four_commands_of_each_visit_come_in_their_order() -> None:
    orders = walkins.orders(50, lag=3)

    assert len(orders) == 200
    for key in {order.key for order in orders}:
        steps = [order.type for order in orders if order.key == key]
        assert steps == ["CreateRequest", "CheckIn", "TimeIn", "TimeOut"]


def test_ids_of_loaded_rows_are_the_same_each_time_and_all_different() -> None:
    ids = [preload.request_id(number) for number in range(1_000)]

    assert ids == [preload.request_id(number) for number in range(1_000)]
    assert len(set(ids)) == 1_000


def test_a_picture_has_a_bar_for_each_run_and_leaves_out_what_did_not_finish() -> None:
    runs = [{"contender": name, "rate": rate, "notes": {}} for name, rate in (("ours", 5.0), ("peer", float("nan")))]

    drawn = picture("B1", {"bar": "as fast as can be", "unit": "1/s", "runs": runs})

    assert (drawn.count("<rect"), "peer" in drawn) == (2, False)
