"""What a scrape of running services says, read by Prometheus' own parser."""

import asyncio
import contextlib
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest
from flow import ADAIR, Flow, WalkIn
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from casebus_contracts import FACTS
from casebus_testing.stack.ports import free_ports
from casebus_testing.stack.processes import spawn
from casebus_testing.waiting import eventually
from chassis import metrics

PAGE = Path(__file__).parents[2] / "docs/observing.md"
OURS = {metric.name for metric in metrics.ALL}


async def scrape(flow: Flow, service: str = "intake") -> Mapping[str, Metric]:
    answer = await flow.http.get(f"{flow.system.processes[service].http}/metrics")
    answer.raise_for_status()
    return {family.name: family for family in text_string_to_metric_families(answer.text)}


async def value(flow: Flow, name: str, service: str = "intake", **labels: str) -> float:
    """One number; 0 where there is none yet."""
    family = (await scrape(flow, service))[name.removesuffix("_total").removesuffix("_count")]
    found = [s.value for s in family.samples if s.name == name and labels.items() <= s.labels.items()]
    return sum(found)


async def test_every_number_of_the_list_is_shown_with_its_type_and_meaning(flow: Flow) -> None:
    shown = await scrape(flow)

    assert {name for name in shown if name.startswith("casebus_")} == OURS
    assert all(shown[each.name].documentation == each.help for each in metrics.ALL)
    assert all(shown[each.name].type == type(each).__name__.lower() for each in metrics.ALL)


async def test_receipts_are_counted_by_outcome(flow: Flow) -> None:
    name = "casebus_receipts_total"
    accepted, refused = [await value(flow, name, outcome=each) for each in ("accepted", "refused")]

    await flow.accepted(WalkIn().create())
    assert (await flow.ask(WalkIn().check_in())).outcome == "refused"

    assert await value(flow, name, outcome="accepted") == accepted + 1
    assert await value(flow, name, outcome="refused") == refused + 1


async def test_the_age_of_each_record_is_counted_by_topic(flow: Flow) -> None:
    before = await value(flow, "casebus_event_age_seconds_count", topic="intake.commands")

    await flow.accepted(WalkIn().create())

    assert await value(flow, "casebus_event_age_seconds_count", topic="intake.commands") == before + 1


async def test_a_bad_token_at_the_door_is_counted(flow: Flow) -> None:
    before = await value(flow, "casebus_door_unauthorized_total")

    assert (await flow.post_event({}, "nobody", token="forged"))[0] == 401

    assert await value(flow, "casebus_door_unauthorized_total") == before + 1


async def test_a_record_without_a_proof_is_counted_by_reason(flow: Flow) -> None:
    before = await value(flow, "casebus_set_aside_total", reason="proof")

    await flow.put(flow.record(WalkIn().create()).without("ce_proof"))

    async def counted() -> bool:
        return await value(flow, "casebus_set_aside_total", reason="proof") == before + 1

    await eventually(counted)


async def test_one_relay_owns_all_buckets_and_has_sent_something(flow: Flow) -> None:
    await flow.accepted(WalkIn().create())

    async def owned() -> bool:
        return await value(flow, "casebus_relay_buckets_owned") == 64

    await eventually(owned)
    assert await value(flow, "casebus_relay_sent_total") > 0


async def test_a_relay_of_its_own_shows_health_and_the_buckets_it_shares(flow: Flow, tmp_path: Path) -> None:
    intake = flow.system.processes["intake"]
    (port,) = free_ports(1)
    env = {**os.environ, **intake.env, "CASEBUS_RELAY_HTTP": f"127.0.0.1:{port}"}
    relay_log = tmp_path / "relay.log"
    relay = spawn("relay", [sys.executable, "-m", "intake", "relay"], relay_log, background=False, env=env)

    async def shared() -> bool:
        with contextlib.suppress(httpx.HTTPError):
            page = (await flow.http.get(f"http://127.0.0.1:{port}/metrics")).text
            return "casebus_relay_buckets_owned 32.0" in page and await value(flow, "casebus_relay_buckets_owned") == 32
        return False

    await eventually(shared, within=45, what=f"two relays share the buckets; {relay_log}")
    assert (await flow.http.get(f"http://127.0.0.1:{port}/health/ready")).json() == {"problems": []}
    await asyncio.to_thread(relay.end, 10)


async def test_the_lag_of_each_partition_is_judged(flow: Flow) -> None:
    async def judged() -> bool:
        states = (await scrape(flow, "notifications"))["casebus_lag_state"].samples
        held = {(s.labels["topic"], s.labels["partition"]): s.labels["state"] for s in states if s.value}
        return held.get(("visit.overdue", "2")) == "ok"

    await flow.accepted((walk_in := WalkIn()).create(), walk_in.check_in())
    await eventually(judged, within=15)
    assert await value(flow, "casebus_lag_records", "notifications") == 0


async def test_what_stands_in_tables_is_looked_at_and_never_older_than_a_few_seconds(flow: Flow) -> None:
    first = await value(flow, "casebus_looked_at_seconds")

    async def looked_again() -> bool:
        return await value(flow, "casebus_looked_at_seconds") >= first + 4.9

    await eventually(looked_again, within=12)
    assert await value(flow, "casebus_outbox_rows") == 0
    assert await value(flow, "casebus_parked_lanes", state="quarantined") == 0


async def test_circuit_and_lag_are_told_beside_readiness(flow: Flow) -> None:
    answer = await flow.http.get(f"{flow.system.processes['intake'].http}/health/ready")

    assert answer.json() == {"problems": [], "circuit": "closed", "lag": {}}


@pytest.mark.parametrize("service", ["staffing", "intake", "notifications"])
async def test_labels_name_topics_states_and_reasons_and_nobody(flow: Flow, service: str) -> None:
    walk_in = WalkIn(ADAIR)
    await flow.accepted(walk_in.create(), walk_in.check_in())

    samples = [sample for family in (await scrape(flow, service)).values() for sample in family.samples]
    labels = {label for sample in samples for label in sample.labels.values()}

    assert not [label for label in labels if ADAIR in label or re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-", label)]
    topics = {sample.labels["topic"] for sample in samples if "topic" in sample.labels}
    assert topics <= {fact.TOPIC for fact in FACTS.values()} | {f"{service}.commands"}


def test_the_page_about_observing_names_every_number() -> None:
    named = set(re.findall(r"`(casebus_\w+?)(?:_total)?`", PAGE.read_text("utf-8")))

    assert named == OURS
