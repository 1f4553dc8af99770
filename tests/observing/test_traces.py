"""Spans of running services, as a collector receives them."""

from collector import Collector
from flow import Flow, WalkIn

from casebus_testing.waiting import eventually

TRACE = "4bf92f3577b34da6a3ce929d0e0e4737"


async def test_one_trace_leads_from_a_command_to_the_service_that_hears_of_it(flow: Flow, collector: Collector) -> None:
    walk_in = WalkIn()
    await flow.accepted(walk_in.create(), walk_in.check_in())
    sampled = f"00-{TRACE}-00f067aa0ba902b7-01".encode()
    await flow.put(flow.record(walk_in.time_in()).with_headers(traceparent=sampled), partition=None)

    def whole() -> bool:
        found = {(service, name) for service, name, trace in collector.spans if trace == TRACE}
        return {("intake", "handle TimeIn"), ("notifications", "handle walkin.timed")} <= found

    await eventually(whole, within=20)
