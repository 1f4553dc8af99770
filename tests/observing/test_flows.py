"""`casebus flows --once` on a running system."""

import re

from flow import Flow, WalkIn
from terminal import casebus

from casebus_testing.waiting import eventually


def line_of(out: str, begin: str) -> str:
    (found,) = [line for line in out.splitlines() if line.strip().startswith(begin)]
    return found


async def test_one_look_shows_every_reader_and_every_service_at_rest(flow: Flow) -> None:
    await flow.accepted(WalkIn().create())

    async def at_rest() -> str:
        said = await casebus(flow.system, "flows", "--once")
        assert said.status == 0, said.out + said.err
        return said.out

    out = await eventually(at_rest, within=30)

    assert re.search(r"^ intake\.commands +\d+ +\d+\.\d +intake +ok", out, re.MULTILINE)
    assert re.findall(r"^ (\w+) +1 .* ready *$", out, re.MULTILINE) == ["staffing", "intake", "notifications"]


async def test_topics_that_nothing_flows_through_are_shown_when_asked_for(flow: Flow) -> None:
    some, every = [(await casebus(flow.system, "flows", "--once", *words)).out for words in ((), ("--all",))]

    assert "notifications.dead" not in some
    assert "notifications.dead" in every


async def test_a_service_that_is_down_is_stalled_and_says_since_when(flow: Flow) -> None:
    flow.system.kill("notifications")
    walk_in = WalkIn()
    await flow.accepted(walk_in.create(), walk_in.check_in(), walk_in.time_in())
    await flow.witness.saw("walkin.timed", walk_in.request_id)

    said = await casebus(flow.system, "flows", "--once")

    await flow.system.start("notifications")
    assert said.status == 1
    assert re.search(r"notifications +1 +\d.* s +stalled: \[\d\] 1 record waits, and nothing was committed", said.out)
    assert "does not answer" in said.out
