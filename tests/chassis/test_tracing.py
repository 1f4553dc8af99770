"""Traces through inbox and outbox: two services on real databases, their spans kept in memory."""

from dataclasses import replace

import pytest_asyncio
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pipeline_rig import FakeRecord, Rig, command, make_rig, small_service

import staffing.app
from access.directory import Region
from casebus_contracts import RegionUpserted
from casebus_testing.plugin import NewDatabase
from chassis.pipeline import Pipeline
from chassis.rules import Decision, decide
from chassis.tracing import Tracing
from chassis.wiring import Service, change

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SENDER = "00f067aa0ba902b7"
SAMPLED, UNSAMPLED = f"00-{TRACE}-{SENDER}-01", f"00-{TRACE}-{SENDER}-00"


class Traced:
    """A service whose spans are kept."""

    def __init__(self, rig: Rig, tracing: Tracing, kept: InMemorySpanExporter) -> None:
        self.rig, self._tracing, self._kept = rig, tracing, kept

    def spans(self, name: str) -> list[ReadableSpan]:
        """The finished spans whose name begins so."""
        self._tracing.flush()
        return [span for span in self._kept.get_finished_spans() if span.name.startswith(name)]

    async def facts(self) -> list[FakeRecord]:
        """What lies in the outbox for others, as their consumer would see it."""
        return await facts_of(self.rig)


async def facts_of(rig: Rig) -> list[FakeRecord]:
    rows = await rig.rows(
        "SELECT topic, aggregateid, headers, payload FROM outbox WHERE topic NOT LIKE 'receipts.%' ORDER BY id"
    )
    return [
        FakeRecord(topic, key.encode(), payload.encode(), [pair(line) for line in headers.splitlines()])
        for topic, key, headers, payload in rows
    ]


def pair(line: str) -> tuple[str, bytes | None]:
    name, _, value = line.partition("\t")
    return name, value.encode()


def traceparent(record: FakeRecord) -> str:
    return (dict(record.headers).get("traceparent") or b"").decode()


def copy_region(region: Region | None, fact: RegionUpserted) -> Decision:
    """The rule of the second service: it keeps what the first one said, and says it again."""
    kept = Region(fact.region_id, fact.name) if region is None else replace(region, name=fact.name)
    return decide(kept, RegionUpserted(region_id=fact.region_id, name=fact.name))


def second_service() -> Service:
    service = Service("staffing", tables=(Region,))
    service.on(RegionUpserted, copy_region, region=change(Region, "region_id"))
    return service


async def traced(dsn: str, service: Service, ratio: float = 0.0) -> Traced:
    rig, kept = await make_rig(dsn, service), InMemorySpanExporter()
    tracing = Tracing(service.name, ratio, kept)
    rig.pipeline = await Pipeline.open(service, rig.pool, tracing)
    return Traced(rig, tracing, kept)


@pytest_asyncio.fixture
async def first(new_database: NewDatabase):
    service = await traced(await new_database([staffing.app.MIGRATIONS]), small_service())
    yield service
    await service.rig.pool.close()


@pytest_asyncio.fixture
async def second(new_database: NewDatabase):
    service = await traced(await new_database([staffing.app.MIGRATIONS]), second_service())
    yield service
    await service.rig.pool.close()


async def test_a_command_its_fact_and_what_another_service_makes_of_it_are_one_trace(first, second):
    await first.rig.feed(command("north", traceparent=SAMPLED.encode()))
    await second.rig.feed(*await first.facts())
    (last,) = await second.facts()

    (asked,) = first.spans("handle UpsertRegion")
    (heard,) = second.spans("handle region.upserted")
    assert {f"{asked.context.trace_id:032x}", f"{heard.context.trace_id:032x}", traceparent(last)[3:35]} == {TRACE}
    assert (f"{asked.parent.span_id:016x}", heard.parent.span_id) == (SENDER, asked.context.span_id)
    assert traceparent(last)[36:52] == f"{heard.context.span_id:016x}"


async def test_the_span_of_a_transaction_links_to_each_message(first):
    others = [f"00-{number:032x}-{SENDER}-01" for number in range(1, 4)]
    await first.rig.feed(*[command(f"r{text[34]}", traceparent=text.encode()) for text in others])

    (transaction,) = first.spans("transaction")

    assert {link.context.trace_id for link in transaction.links} == {1, 2, 3}
    assert all(span.links[0].context == transaction.context for span in first.spans("handle"))


async def test_a_message_that_is_not_sampled_has_no_span_but_goes_on_in_its_trace(first):
    await first.rig.feed(command("north", traceparent=UNSAMPLED.encode()))

    (fact,) = await first.facts()

    assert first.spans("") == []
    assert (traceparent(fact)[3:35], traceparent(fact)[-2:]) == (TRACE, "00")


async def test_a_trace_begins_here_when_the_sender_brought_none(first):
    await first.rig.feed(command("north"), command("south", traceparent=b"no traceparent at all"))

    traces = {traceparent(fact)[3:35] for fact in await first.facts()}

    assert len(traces) == 2
    assert "" not in traces


async def test_a_span_tells_ids_types_and_places_and_no_values(first):
    (item,) = await first.rig.feed(command("north", name="Secret", traceparent=SAMPLED.encode()))

    (span,) = first.spans("handle")

    assert span.attributes["messaging.message.id"] == item.id
    assert span.attributes["casebus.outcome"] == "accepted"
    assert "Secret" not in span.to_json()


async def test_a_rule_that_raises_is_told_by_the_name_of_its_error_alone(first):
    await first.rig.feed(command("north", name="raise", traceparent=SAMPLED.encode()))

    (span,) = first.spans("handle")

    assert span.status.description == "ValueError"
    assert "must not be seen" not in span.to_json()


async def test_without_tracing_a_traceparent_travels_on_as_it_came(rig):
    await rig.feed(command("north", traceparent=SAMPLED.encode()), command("south"), command("east", traceparent=b"x"))

    assert sorted(traceparent(fact) for fact in await facts_of(rig)) == ["", "", SAMPLED]
