"""The floor of the relay's polls: never above a row that has not been read."""

from chassis.relay.floor import Floor


def test_it_rises_when_every_transaction_of_a_poll_has_ended() -> None:
    floor = Floor()
    floor.polled(xmin=10, highest=600)
    floor.passed(xid=13)
    floor.polled(xmin=12, highest=700)
    assert floor.id == 0

    floor.polled(xmin=13, highest=700)
    assert floor.id == 600


def test_a_poll_alone_tells_of_no_transaction_that_ended() -> None:
    floor = Floor()
    floor.polled(xmin=10, highest=600)

    floor.polled(xmin=12, highest=700)
    assert floor.id == 0


def test_it_stays_below_the_last_row_of_a_window_that_late_rows_have_filled() -> None:
    floor = Floor()
    floor.polled(xmin=10, highest=600)
    floor.passed(xid=12)

    floor.polled(xmin=12, highest=200)
    assert floor.id == 200


def test_a_transaction_that_stays_open_keeps_it_down() -> None:
    floor = Floor()
    for number in range(100):
        floor.polled(xmin=10, highest=600 + number)
        floor.passed(xid=12 + number)

    assert floor.id == 0
    floor.polled(xmin=111, highest=900)
    assert floor.id == 699


def test_begun_again_it_waits_for_a_poll_and_what_comes_after() -> None:
    floor = Floor()
    floor.polled(xmin=10, highest=600)
    floor.reset()
    floor.passed(xid=12)

    floor.polled(xmin=12, highest=700)
    assert floor.id == 0
