"""OpenTelemetry spans: one per transaction with links to what it handles, one per message when sampled.

This module and the SDK are imported only where traces have somewhere to go (`OTEL_EXPORTER_OTLP_ENDPOINT`);
else a message's traceparent travels on untouched and nothing here costs anything. Spans carry types,
places and opaque ids. They end when the transaction is committed: what was undone is not told.
"""

import random
import threading
import time
from collections.abc import Sequence

from opentelemetry.context import Context
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
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
    set_span_in_context,
)
from opentelemetry.util.types import Attributes

from chassis.envelope import traceparent_in
from chassis.items import Item, Kind

_MOST_LINKS = 1000
_EXPORT_SECONDS = 3.0
_ODD = frozenset("13579bdf")
"""Last digits of flags whose lowest bit says that the trace is sampled."""


class Tracing:
    """Makes the spans of one service. `open_tracing` makes one that sends them to a collector."""

    def __init__(self, service: str, ratio: float, exporter: SpanExporter) -> None:
        self._ratio = ratio
        # Whatever is not to be recorded never reaches the library, whose every span costs 10 us and more.
        self._provider = TracerProvider(
            sampler=ALWAYS_ON,
            resource=Resource.create({SERVICE_NAME: service}),
            shutdown_on_exit=False,
            span_limits=SpanLimits(max_links=_MOST_LINKS),
        )
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("casebus")

    def transaction(self, items: Sequence[Item]) -> "TransactionTrace":
        """The spans of one try of one transaction over these messages."""
        return TransactionTrace(self._tracer, self._ratio, items)

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
    """Spans of one transaction: one of all, if any message in it is sampled, and one for each that is.

    A message is sampled when its sender said so; when it brought no traceparent, by chance.
    """

    def __init__(self, tracer: Tracer, ratio: float, items: Sequence[Item]) -> None:
        self._tracer = tracer
        self._ratio = ratio
        self._ended: list[tuple[Span, int]] = []
        self._whole: Span | None = None
        if random.random() < ratio or any(_is_sampled(item.traceparent) for item in items):
            self._whole = self._begin_whole(items)
        self._links = [] if self._whole is None else [Link(self._whole.get_span_context())]

    def begin(self, item: Item) -> Span | None:
        """A message is about to be handled: what it causes carries the trace on from here. None without a span."""
        came = traceparent_in(item.traceparent)
        if not (_is_sampled(came) if came else random.random() < self._ratio):
            item.onward = _unsampled(came)
            return None
        parent = context_of(came)
        within = Context() if parent is None else set_span_in_context(NonRecordingSpan(parent), Context())
        name = f"handle {item.name}" if item.answer is None else "handle what cannot be run"
        span = self._tracer.start_span(name, within, SpanKind.CONSUMER, None, self._links)
        item.onward = traceparent_of(span.get_span_context())
        return span

    def done(self, span: Span | None, item: Item, failure: Exception | None) -> None:
        """The message has been handled, or its handling has raised."""
        if span is None:
            return
        span.set_attributes(_about(item))
        if failure is not None:
            span.set_status(Status(StatusCode.ERROR, type(failure).__name__))
        self._ended.append((span, time.time_ns()))

    def committed(self) -> None:
        """Everything has come true."""
        for span, at in self._ended:
            span.end(at)
        if self._whole is not None:
            self._whole.end()

    def _begin_whole(self, items: Sequence[Item]) -> Span:
        about: Attributes = {"messaging.batch.message_count": len(items), "messaging.operation.type": "receive"}
        links = [Link(context) for item in items if (context := context_of(item.traceparent)) is not None]
        return self._tracer.start_span("transaction", Context(), SpanKind.CLIENT, about, links)


def context_of(traceparent: str) -> SpanContext | None:
    """The context a traceparent names; None when there is none."""
    if not traceparent_in(traceparent):
        return None
    _, trace, span, flags = traceparent.split("-")
    return SpanContext(int(trace, 16), int(span, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16)))


def traceparent_of(context: SpanContext) -> str:
    """The W3C text form."""
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def _is_sampled(traceparent: str) -> bool:
    return traceparent[-1:] in _ODD


def _unsampled(came: str) -> str:
    """A child of what came, or the root of a new trace, that nobody records."""
    trace_id = came[3:35] or f"{random.getrandbits(128) | 1:032x}"
    return f"00-{trace_id}-{random.getrandbits(64) | 1:016x}-00"


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
