"""The floor of the relay's polls: never above a row that has not been read."""

from chassis.relay.floor import Floor


def test_it_rises_when_every_transaction_of_a_poll_has_ended() -> None:
    floor = Floor()
    floor.polled(xmin=10, xmax=12, highest=600)
    assert floor.id == 0

    floor.polled(xmin=12, xmax=14, highest=700)
    assert floor.id == 600


def test_it_stays_below_the_last_row_of_a_window_that_late_rows_have_filled() -> None:
    floor = Floor()
    floor.polled(xmin=10, xmax=12, highest=600)

    floor.polled(xmin=12, xmax=14, highest=200)
    assert floor.id == 200


def test_a_transaction_that_stays_open_keeps_it_down() -> None:
    floor = Floor()
    for number in range(100):
        floor.polled(xmin=10, xmax=12 + number, highest=600 + number)

    assert floor.id == 0
