"""OpenTelemetry spans: one per transaction with links to what it handles, one per message when sampled.

This module and the SDK are imported only where traces have somewhere to go (`OTEL_EXPORTER_OTLP_ENDPOINT`);
else a message's traceparent travels on untouched and nothing here costs anything. Spans carry types,
places and opaque ids. They end when the transaction is committed: what was undone is not told.
"""

import threading
import time
from collections.abc import Sequence

from opentelemetry.context import Context
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased, Sampler, SamplingResult, TraceIdRatioBased
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    Tracer,
    TraceState,
    set_span_in_context,
)
from opentelemetry.util.types import Attributes

from chassis.envelope import traceparent_in
from chassis.items import Item, Kind

_MOST_LINKS = 1000
_EXPORT_SECONDS = 3.0


class Tracing:
    """Makes the spans of one service. `open_tracing` makes one that sends them to a collector."""

    def __init__(self, service: str, ratio: float, exporter: SpanExporter) -> None:
        self._provider = TracerProvider(
            sampler=ParentBased(root=_Roots(ratio)),
            resource=Resource.create({SERVICE_NAME: service}),
            shutdown_on_exit=False,
            span_limits=SpanLimits(max_links=_MOST_LINKS),
        )
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("casebus")

    def transaction(self, items: Sequence[Item]) -> "TransactionTrace":
        """The spans of one try of one transaction over these messages."""
        return TransactionTrace(self._tracer, items)

    def flush(self) -> None:
        """Send what is kept. Blocks."""
        self._provider.force_flush()

    def close(self) -> None:
        """Send what is kept, within bounds: a collector that is away must not hold the service."""
        last = threading.Thread(target=self._provider.shutdown, name="traces", daemon=True)
        last.start()
        last.join(_EXPORT_SECONDS)


def open_tracing(service: str, ratio: float) -> Tracing:
    """Spans go where the standard `OTEL_EXPORTER_OTLP_*` variables say, as protobuf over HTTP."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return Tracing(service, ratio, OTLPSpanExporter(timeout=_EXPORT_SECONDS))


class TransactionTrace:
    """Spans of one transaction: the one of all, and one for each message."""

    def __init__(self, tracer: Tracer, items: Sequence[Item]) -> None:
        self._tracer = tracer
        links = [Link(context) for item in items if (context := context_of(item.traceparent)) is not None]
        self._whole = tracer.start_span(
            "transaction",
            Context(),
            SpanKind.CLIENT,
            {"messaging.batch.message_count": len(items), "messaging.operation.type": "receive"},
            links,
        )
        self._link = Link(self._whole.get_span_context())
        self._ended: list[tuple[Span, int]] = []

    def begin(self, item: Item) -> Span:
        """A message is about to be handled: what it causes carries the trace on from here."""
        parent = context_of(item.traceparent)
        within = Context() if parent is None else set_span_in_context(NonRecordingSpan(parent), Context())
        name = f"handle {item.name}" if item.answer is None else "handle what cannot be run"
        span = self._tracer.start_span(name, within, SpanKind.CONSUMER, None, [self._link])
        item.onward = traceparent_of(span.get_span_context())
        return span

    def done(self, span: Span, item: Item, failure: Exception | None) -> None:
        """The message has been handled, or its handling has raised."""
        if not span.is_recording():
            return
        span.set_attributes(_about(item))
        if failure is not None:
            span.set_status(Status(StatusCode.ERROR, type(failure).__name__))
        self._ended.append((span, time.time_ns()))

    def committed(self) -> None:
        """Everything has come true."""
        for span, at in self._ended:
            span.end(at)
        self._whole.end()


class _Roots(Sampler):
    """Of messages that bring no decision a share; of transactions those with a sampled message, and a share."""

    def __init__(self, ratio: float) -> None:
        self._share = TraceIdRatioBased(ratio)

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        wanted = kind is SpanKind.CLIENT and any(link.context.trace_flags.sampled for link in links or ())
        sampler = ALWAYS_ON if wanted else self._share
        return sampler.should_sample(parent_context, trace_id, name, kind, attributes, links)

    def get_description(self) -> str:
        return f"casebus: {self._share.get_description()}"


def context_of(traceparent: str) -> SpanContext | None:
    """The context a traceparent names; None when there is none."""
    if not traceparent_in(traceparent):
        return None
    _, trace, span, flags = traceparent.split("-")
    return SpanContext(int(trace, 16), int(span, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16)))


def traceparent_of(context: SpanContext) -> str:
    """The W3C text form."""
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def _about(item: Item) -> dict[str, str | int]:
    topic, partition, position = item.origin
    about: dict[str, str | int] = {
        "messaging.operation.type": "process",
        "messaging.destination.name": topic,
        "messaging.message.id": item.id,
        "messaging.message.conversation_id": item.correlation,
        "messaging.kafka.message.key": item.key,
    }
    if item.kind in (Kind.COMMAND, Kind.FACT) and topic != "http":
        about |= {
            "messaging.system": "kafka",
            "messaging.destination.partition.id": str(partition),
            "messaging.kafka.offset": position,
        }
    if item.receipt is not None:
        about["casebus.outcome"] = item.receipt["outcome"]
    return about
