"""The lobby of an office: tickets, order of the queue, estimates."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from intake.examples import EIGHT, EMPTY, MINUTE, NINE, ONE_IS_SERVED, ONE_WAITS, SECOND, TODAY, WAITING, request_id
from intake.lobby import Lobby, Place, ServiceTime

YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)
QUARTER = 15 * MINUTE


def come(lobby: Lobby, number: int, priority: int = 2, day: date = TODAY, now: datetime = NINE) -> tuple[Lobby, Place]:
    return lobby.join(request_id(number), priority, day, now, QUARTER)


def crowd(count: int) -> Lobby:
    lobby = EMPTY
    for number in range(count):
        lobby, _ = come(lobby, number)
    return lobby


def served_in(*minutes: float, ended_at: datetime = EIGHT) -> Lobby:
    """An empty lobby that has seen services of these lengths, one ending a second after the other."""
    lobby = EMPTY
    for number, length in enumerate(minutes):
        lobby = lobby.finish(request_id(100 + number), ended_at + number * SECOND, int(length * 60), accurate=True)
    return lobby


@pytest.mark.rule("INV-I6")
def test_tickets_run_from_one_without_gaps() -> None:
    lobby, tickets = EMPTY, []
    for number in range(5):
        lobby, place = come(lobby, number)
        tickets.append(place.ticket)

    assert tickets == [1, 2, 3, 4, 5]


@pytest.mark.rule("INV-I6")
def test_a_visitor_who_leaves_does_not_give_the_ticket_back() -> None:
    lobby = ONE_WAITS.leave(WAITING.id)

    assert come(lobby, 2)[1].ticket == 2


@pytest.mark.rule("INV-I6", "D-03")
def test_a_new_day_begins_with_ticket_one() -> None:
    assert come(ONE_WAITS, 2, day=TOMORROW)[1].ticket == 1


@pytest.mark.rule("INV-I6", "D-03")
def test_a_check_in_of_yesterday_that_comes_late_gets_a_ticket_of_yesterday() -> None:
    lobby, _ = come(EMPTY, 1, day=YESTERDAY)
    lobby, _ = come(lobby, 2)

    lobby, late = come(lobby, 3, day=YESTERDAY)

    assert (late.ticket, come(lobby, 4)[1].ticket) == (2, 2)


@pytest.mark.rule("INV-I6")
def test_the_tickets_of_fifteen_days_are_remembered() -> None:
    lobby = EMPTY
    for days in range(20):
        lobby, _ = come(lobby, days, day=TODAY + timedelta(days=days))

    assert [each.day for each in lobby.ticket_days] == [TODAY + timedelta(days=days) for days in range(5, 20)]


@pytest.mark.rule("L-03")
def test_the_first_visitor_has_nobody_ahead_and_no_wait() -> None:
    assert come(EMPTY, 1)[1] == Place(ticket=1, people_ahead=0, estimate_minutes=0)


@pytest.mark.rule("L-03")
def test_who_came_earlier_is_ahead() -> None:
    assert come(ONE_WAITS, 2, now=NINE + SECOND)[1].people_ahead == 1


@pytest.mark.rule("L-03")
def test_of_two_who_came_at_the_same_moment_the_lower_ticket_is_ahead() -> None:
    assert come(ONE_WAITS, 2, now=NINE)[1].people_ahead == 1


@pytest.mark.rule("L-03")
def test_who_came_later_but_was_heard_of_earlier_is_not_ahead() -> None:
    assert come(ONE_WAITS, 2, now=NINE - SECOND)[1].people_ahead == 0


@pytest.mark.rule("L-03")
def test_a_more_urgent_visitor_overtakes() -> None:
    assert come(ONE_WAITS, 2, priority=1, now=NINE + SECOND)[1].people_ahead == 0


@pytest.mark.rule("L-03")
def test_a_less_urgent_visitor_is_behind_one_who_came_later() -> None:
    assert come(ONE_WAITS, 2, priority=3, now=NINE - SECOND)[1].people_ahead == 1


@pytest.mark.rule("L-03")
def test_who_is_served_is_not_ahead() -> None:
    assert come(ONE_IS_SERVED, 2)[1].people_ahead == 0


@pytest.mark.rule("L-03")
def test_who_stayed_overnight_is_not_ahead() -> None:
    lobby, place = come(ONE_WAITS, 2, day=TOMORROW)

    assert place.people_ahead == 0
    assert [each.request_id for each in lobby.waiting] == [request_id(2)]


@pytest.mark.rule("L-03")
def test_where_nobody_is_sent_home_who_stayed_overnight_is_ahead() -> None:
    lobby, place = ONE_IS_SERVED.join(request_id(2), 2, TODAY, NINE, QUARTER, overnight=True)
    lobby, place = lobby.join(request_id(3), 2, TOMORROW, NINE + timedelta(days=1), QUARTER, overnight=True)

    assert (place.ticket, place.people_ahead, lobby.serving) == (1, 1, (WAITING.id,))
    assert [each.request_id for each in lobby.waiting] == [request_id(2), request_id(3)]


@pytest.mark.rule("L-03")
def test_who_was_served_overnight_serves_nobody_today() -> None:
    assert come(ONE_IS_SERVED, 2, day=TOMORROW)[0].serving == ()


@pytest.mark.rule("L-03")
def test_a_late_check_in_of_yesterday_does_not_empty_the_lobby_of_today() -> None:
    lobby, late = come(ONE_WAITS, 2, day=YESTERDAY)

    assert late.people_ahead == 0
    assert [each.request_id for each in lobby.waiting] == [WAITING.id, request_id(2)]


@pytest.mark.rule("L-03")
def test_each_person_ahead_takes_the_usual_time_while_little_is_known() -> None:
    assert come(crowd(3), 9)[1].estimate_minutes == 45


@pytest.mark.rule("L-03")
def test_two_who_are_served_halve_the_wait() -> None:
    lobby = replace(crowd(3), serving=(request_id(50), request_id(51)))

    assert come(lobby, 9)[1].estimate_minutes == 23  # 22.5, rounded up


@pytest.mark.rule("L-03")
def test_one_who_is_served_counts_like_nobody() -> None:
    lobby = replace(crowd(3), serving=(request_id(50),))

    assert come(lobby, 9)[1].estimate_minutes == 45


@pytest.mark.rule("L-03")
@pytest.mark.parametrize(
    ("lengths", "minutes"),
    [((1, 1, 1, 1), 15), ((1, 2, 3, 4, 90), 3), ((2, 4, 6, 8, 10, 12), 7), ((7.02,) * 5, 8), ((0,) * 5, 0)],
    ids=["four are too few", "the middle one", "between the middle two", "rounded up", "no time at all"],
)
def test_the_median_service_time_is_told(lengths: tuple[float, ...], minutes: int) -> None:
    lobby = replace(served_in(*lengths), waiting=ONE_WAITS.waiting, ticket_days=ONE_WAITS.ticket_days)

    assert come(lobby, 9)[1].estimate_minutes == minutes


@pytest.mark.rule("L-03")
@pytest.mark.parametrize(("age", "minutes"), [(timedelta(days=30), 3), (timedelta(days=30, seconds=1), 15)])
def test_service_times_count_for_thirty_days(age: timedelta, minutes: int) -> None:
    times = tuple(ServiceTime(request_id(number), NINE - age, 180) for number in range(5))

    assert come(replace(ONE_WAITS, service_times=times), 9)[1].estimate_minutes == minutes


@pytest.mark.rule("L-03")
def test_the_last_twenty_service_times_are_kept() -> None:
    assert [each.seconds for each in served_in(*range(25)).service_times] == [60 * number for number in range(5, 25)]


@pytest.mark.rule("L-03")
def test_a_service_time_that_comes_late_takes_its_place_in_time() -> None:
    lobby = served_in(1, 2).finish(request_id(9), EIGHT - SECOND, 180, accurate=True)

    assert [each.seconds for each in lobby.service_times] == [180, 60, 120]


@pytest.mark.rule("L-03")
def test_an_inaccurate_service_time_does_not_count() -> None:
    assert EMPTY.finish(WAITING.id, NINE, 60, accurate=False).service_times == ()


@pytest.mark.rule("L-03")
def test_a_corrected_service_time_replaces_the_first() -> None:
    lobby = served_in(1).finish(request_id(100), EIGHT, 120, accurate=True)

    assert [each.seconds for each in lobby.service_times] == [120]


@pytest.mark.rule("L-03")
def test_a_service_time_corrected_to_be_inaccurate_is_taken_back() -> None:
    assert served_in(1).finish(request_id(100), EIGHT, 120, accurate=False).service_times == ()


def test_one_who_was_called_and_sent_back_stands_where_they_stood() -> None:
    lobby = crowd(3).leave(request_id(1)).come_back(request_id(1), 1, TODAY, NINE)

    assert [each.request_id for each in lobby.waiting] == [request_id(0), request_id(2), request_id(1)]
    assert come(lobby, 9, priority=1, now=NINE + SECOND)[1].people_ahead == 1


@pytest.mark.rule("L-03")
def test_one_who_waits_is_hurried() -> None:
    lobby = crowd(2).hurry(request_id(1), 0)

    assert [each.priority for each in lobby.waiting] == [2, 0]
    assert lobby.hurry("nobody", 9) == lobby


def test_who_is_timed_in_moves_from_waiting_to_served() -> None:
    lobby = crowd(2).begin(request_id(0))

    assert ([each.request_id for each in lobby.waiting], lobby.serving) == ([request_id(1)], (request_id(0),))


def test_who_is_timed_in_twice_is_served_once() -> None:
    assert ONE_IS_SERVED.begin(WAITING.id).serving == (WAITING.id,)


def test_who_is_timed_out_is_gone() -> None:
    lobby = ONE_IS_SERVED.finish(WAITING.id, NINE, 60, accurate=True)

    assert (lobby.waiting, lobby.serving) == ((), ())


def test_one_who_leaves_takes_nobody_along() -> None:
    lobby = replace(crowd(2), serving=(request_id(7), request_id(8))).leave(request_id(1)).leave(request_id(8))

    assert ([each.request_id for each in lobby.waiting], lobby.serving) == ([request_id(0)], (request_id(7),))


def test_the_examples_are_of_one_winter_morning() -> None:
    assert datetime(2026, 3, 2, 14, 0, tzinfo=UTC) == EIGHT
