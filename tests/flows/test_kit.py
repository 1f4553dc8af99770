"""The tester's kit on a running system: settled, expected, not expected."""

from datetime import timedelta

import pytest
from flow import Flow, WalkIn

from casebus_testing.expecting import Expect, listening
from casebus_testing.settling import settled
from casebus_testing.system import System


async def test_what_is_expected_is_handed_over_with_its_envelope(flow: Flow, expect: Expect) -> None:
    walk_in = WalkIn()
    await flow.accepted(walk_in.create(), walk_in.check_in())

    waiting = await expect("visit.waiting", request_id=walk_in.request_id)

    assert (waiting.subject, waiting.sequence, waiting["office_id"]) == (f"request/{walk_in.request_id}", 2, "adair")


async def test_only_what_comes_from_now_on_is_expected(flow: Flow, system: System) -> None:
    walk_in = WalkIn()
    await flow.accepted(walk_in.create())
    await settled(system)

    async with listening(system) as later:
        await later.none("request.created", request_id=walk_in.request_id)


async def test_what_does_not_come_is_told_with_what_came_instead(flow: Flow, expect: Expect) -> None:
    other = WalkIn()
    await flow.accepted(other.create())
    await expect("request.created", request_id=other.request_id)

    with pytest.raises(
        AssertionError, match=r"(?s)not within 0\.1 s: request\.created.*instead: .*" + other.request_id
    ):
        await expect("request.created", within=0.1, request_id=WalkIn().request_id)


async def test_what_must_not_come_and_came_is_told(flow: Flow, expect: Expect) -> None:
    walk_in = WalkIn()
    await flow.accepted(walk_in.create())

    with pytest.raises(AssertionError, match=r"request\.created with .* came"):
        await expect.none("request.created", request_id=walk_in.request_id)


async def test_a_fact_that_nobody_publishes_cannot_be_expected(expect: Expect) -> None:
    with pytest.raises(ValueError, match=r"no fact is called visit\.wating"):
        await expect("visit.wating")


async def test_a_system_is_settled_once_everything_that_follows_has_followed(flow: Flow, expect: Expect) -> None:
    flow.open_a_new_day()
    walk_in = WalkIn()
    await flow.accepted(walk_in.create(), walk_in.check_in())

    flow.system.clock.shift(timedelta(minutes=31))
    await settled(flow.system)

    # Clock, alert and mails of three services are done; nothing has to be waited for.
    alert = await expect("alert.raised", within=5, subject={"type": "request", "id": walk_in.request_id})
    sent = "SELECT count(*) FROM deliveries WHERE subject_id = $1 AND state = 'sent'"
    assert await flow.rows("notifications", sent, alert.key) == [(len(alert["recipients"]),)]


async def test_who_is_not_settled_is_named_with_what_led_to_what_is_under_way(flow: Flow, system: System) -> None:
    walk_in = WalkIn()
    await flow.accepted(walk_in.create())
    await settled(system)

    with system.asleep("intake"):
        command_id = await flow.sender.send(walk_in.check_in())
        with pytest.raises(AssertionError) as raised:
            await settled(system, within=0.5)

    report = str(raised.value)
    assert report.startswith("not settled within 0.5 s\n  intake: records of intake.commands[")
    (line,) = [line for line in report.splitlines() if "CheckIn" in line]
    assert command_id in line
    assert line.endswith("intake: not read yet")
    await settled(system)
