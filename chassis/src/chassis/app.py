"""One service process: settings, start gate, migrations, pipeline, doors, workers, relay, graceful stop."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg
import structlog
from fastapi import APIRouter, FastAPI
from pydantic import ValidationError

from chassis import faults
from chassis.audit import AuditLog
from chassis.clock import Clock
from chassis.collector import spare_collector
from chassis.consumer import Consumer
from chassis.database import open_pool, open_reads
from chassis.door import Door, Vitals, make_http
from chassis.exposure import refuse_exposure
from chassis.failures import CannotGoOn, CannotStart
from chassis.forgetting import Forgetting
from chassis.http_server import HttpServer, open_http
from chassis.inside import Inside
from chassis.logs import set_up_logs
from chassis.observing import Observer, connect, connect_inputs, connect_relay, metrics_page, relay_http
from chassis.operations import Operations, make_operations
from chassis.pipeline import Pipeline
from chassis.preparing import keep_partitions_ahead, prepare_database, wait_for_outbox
from chassis.progress import Progress
from chassis.proofs import Verifier
from chassis.queries import Queries
from chassis.reading import Reader
from chassis.relay import Relay, RelaySettings
from chassis.retelling import Retelling
from chassis.retries import Retries
from chassis.seals import Sealer
from chassis.settings import RelayPlace, Settings
from chassis.start_gate import wait_for_kafka
from chassis.wiring import Service
from chassis.workers import Clocks, Deliveries

if TYPE_CHECKING:
    from chassis.tracing import Tracing

log = structlog.get_logger()

OpenVerifier: TypeAlias = Callable[[str, Path], Verifier]
"""Makes the verifier from the keys (a file or a URL) and the senders file."""

_TRACES_GO_TO = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_STALE_SECONDS = 30.0
_STOP_SECONDS = 10.0


def main(service: Service, open_verifier: OpenVerifier, migrations: Path) -> None:
    """Run the service (or, with the argument `relay`, its relay alone) until SIGTERM. Exits 1 when it cannot go on."""
    try:
        settings = Settings()
    except ValidationError as error:
        sys.exit("; ".join(f"CASEBUS_{str(each['loc'][0]).upper()}: {each['msg']}" for each in error.errors()))
    set_up_logs(service.name, settings.log_level)
    app = App(service, settings, open_verifier, migrations)
    try:
        refuse_exposure(settings)
        faults.arm(settings.fault_points)
        asyncio.run(app.relay_only() if sys.argv[1:] == ["relay"] else app.run())
    except CannotStart as error:
        log.error("cannot start", reason=str(error))
        sys.exit(f"{service.name} cannot start: {error}")
    except CannotGoOn as error:
        log.error("cannot go on", reason=str(error))
        sys.exit(f"{service.name} cannot go on: {error}")


class App:
    """Builds the parts of one service and runs them until told to stop or one of them fails."""

    def __init__(self, service: Service, settings: Settings, open_verifier: OpenVerifier, migrations: Path) -> None:
        self.service = service
        self.settings = settings
        self._open_verifier = open_verifier
        self._migrations = migrations
        self._stop = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._ready = False
        self._consumer: Consumer | None = None
        self._relay: Relay | None = None
        self._observer: Observer | None = None

    async def run(self) -> None:
        """Start everything, serve, stop in order. Raises CannotStart or what a part failed with."""
        self._listen_for_signals()
        verifier = self._verifier()
        clock = Clock(self.settings.clock_file)
        await self._prepare()
        async with contextlib.AsyncExitStack() as stack:
            pool = await open_pool(self.settings.database, name=self.service.name)
            stack.push_async_callback(_close_pool, pool)
            pipeline = await Pipeline.open(self.service, pool, self._open_tracing(stack))
            reader = Reader(self.service, verifier, clock, self.settings.topic_prefix)
            door = Door(self.service, reader, verifier, pipeline)
            operations = Operations(self.service, reader, verifier, pipeline)
            connect(pipeline.metrics, pipeline, reader, door, operations)
            reads = await open_reads(self.settings.database, name=self.service.name)
            stack.push_async_callback(_close_pool, reads)
            notes = await open_pool(self.settings.database, name=f"{self.service.name}-audit", size=4)
            stack.push_async_callback(_close_pool, notes)
            inside = Inside(self.service, verifier, pipeline, door, Queries(reads), AuditLog(notes, clock), clock)
            routes = (make(inside) for make in self.service.routes)
            http = self._open_http(door, make_operations(operations), metrics_page(pipeline.metrics), *routes)
            stack.push_async_callback(http.close)
            self._start_relay(pipeline)
            self._start("retries", Retries(pool, pipeline, self.service, self.settings.probe_seconds).run())
            if self.service.send is not None:
                self._start("deliveries", Deliveries(pool, pipeline, clock, self.service.send).run())
            self._start("partitions", keep_partitions_ahead(self.settings))
            self._start("seals", Sealer(pool).run())
            self._start("retelling", Retelling(pool, self.service.name, pipeline.wake).run())
            self._start("forgetting", self._forgetting(pool, clock).run())
            progress = Progress(pool, clock, self.service.topics, self.settings.topic_prefix)
            consumer = self._make_consumer(reader, pipeline, progress)
            await consumer.start()
            self._consumer = consumer
            clocks = Clocks(pool, pipeline, clock, progress, consumer)
            self._start("clocks", clocks.run())
            connect_inputs(pipeline.metrics, consumer, clocks)
            self._observer = Observer(pool, pipeline, clock, consumer)
            self._start("observer", self._observer.run())
            spare_collector()
            self._ready = True
            log.info("ready", http=self.settings.http)
            await self._serve(consumer)

    async def relay_only(self) -> None:
        """The relay as a process of its own."""
        self._listen_for_signals()
        await wait_for_outbox(self.settings)
        await self._wait_for_kafka({f"{self.settings.topic_prefix}{self.service.name}.dead": None})
        self._relay = self._make_relay()
        self._start("relay", self._relay.run())
        async with contextlib.AsyncExitStack() as stack:
            if self.settings.relay_http:
                page = relay_http(self._relay.counters, self._live_problems)
                stack.push_async_callback(self._serve_http(page, self.settings.relay_http).close)
            await self._until_told()
            await self._relay.stop()

    def stop(self) -> None:
        """Ask for a graceful stop."""
        self._stop.set()

    def _verifier(self) -> Verifier:
        try:
            return self._open_verifier(self.settings.jwks, self.settings.senders)
        except (OSError, ValueError, TypeError, KeyError) as error:
            files = f"{self.settings.jwks} and {self.settings.senders}"
            raise CannotStart(f"keys and senders cannot be read from {files} ({type(error).__name__})") from error

    async def _prepare(self) -> None:
        """Database migrated, partitions made, Kafka and its topics there."""
        await prepare_database(self.settings, self.service, self._migrations)
        await self._wait_for_kafka(self._wanted_topics())

    async def _wait_for_kafka(self, topics: dict[str, int | None]) -> None:
        told = self.settings
        await wait_for_kafka(told.kafka, topics, told.start_deadline_seconds, told.kafka_login)

    def _wanted_topics(self) -> dict[str, int | None]:
        prefix = self.settings.topic_prefix
        wanted: dict[str, int | None] = {prefix + topic: None for topic in self.service.topics}
        wanted[f"{prefix}{self.service.name}.dead"] = None
        wanted |= {prefix + fact.TOPIC: fact.PARTITIONS for fact in self.service.facts.values()}
        return wanted

    def _make_consumer(self, reader: Reader, pipeline: Pipeline, progress: Progress) -> Consumer:
        return Consumer(self.service.topics, self.settings, self._group, reader, pipeline, progress)

    def _forgetting(self, pool: "asyncpg.Pool[Any]", clock: Clock) -> Forgetting:
        own = [statement for _, statement in self.service.forgets]
        return Forgetting(pool, clock, self.settings, self._group, f"{self._group}.commands", own)

    @property
    def _group(self) -> str:
        """The consumer group of all copies of the service."""
        return f"{self.settings.topic_prefix}{self.service.name}"

    def _make_relay(self, wake: asyncio.Event | None = None) -> Relay:
        told = self.settings
        bounds = RelaySettings(kafka=told.kafka_login.librdkafka())
        return Relay(told.relay_dsn, told.kafka, topic_prefix=told.topic_prefix, wake=wake, settings=bounds)

    def _start_relay(self, pipeline: Pipeline) -> None:
        if self.settings.relay is RelayPlace.INSIDE:
            self._relay = self._make_relay(pipeline.wake)
            connect_relay(pipeline.metrics, self._relay.counters)
            self._start("relay", self._relay.run())

    async def _serve(self, consumer: Consumer) -> None:
        try:
            await self._until_told(consumer.failed)
        finally:
            self._ready = False
            await consumer.stop()
            if self._relay is not None:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._relay.stop(), _STOP_SECONDS)
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            log.info("stopped")

    async def _until_told(self, *failures: "asyncio.Future[None]") -> None:
        """Until a stop is asked for, or a part of the service ends by itself: that is a failure."""
        told = asyncio.create_task(self._wait_for_stop())
        parts: set[asyncio.Future[None]] = {*self._tasks, *failures}
        done, _ = await asyncio.wait({told, *parts}, return_when=asyncio.FIRST_COMPLETED)
        told.cancel()
        for part in done & parts:
            part.result()
            raise CannotGoOn("a part of the service ended by itself")

    async def _wait_for_stop(self) -> None:
        await self._stop.wait()

    def _open_http(self, door: Door, *routers: APIRouter) -> HttpServer:
        http = make_http(door, Vitals(self._live_problems, self._ready_problems, self._details), *routers)
        return self._serve_http(http, self.settings.http)

    def _serve_http(self, http: FastAPI, address: str) -> HttpServer:
        return open_http(http, address, self.settings.http_tls_cert, self.settings.http_tls_key)

    def _start(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(work, name=name))

    def _live_problems(self) -> list[str]:
        problems = [f"{task.get_name()} has ended" for task in self._tasks if task.done()]
        if self._consumer is not None and self._consumer.stalled_seconds > _STALE_SECONDS:
            problems.append(f"nothing consumed or polled for {self._consumer.stalled_seconds:.0f} s")
        return problems

    def _ready_problems(self) -> list[str]:
        problems = self._live_problems()
        if not self._ready or self._consumer is None:
            return [*problems, "starting or stopping"]
        if not self._consumer.assigned:
            problems.append("the consumer group has given this copy no partition")
        if self._consumer.paused:
            problems.append("no messages are taken in: the database is away or the circuit is open")
        return problems

    def _details(self) -> dict[str, Any]:
        return {} if self._observer is None else self._observer.details()

    def _open_tracing(self, stack: contextlib.AsyncExitStack) -> "Tracing | None":
        """Spans only where they have somewhere to go; the library is not even imported otherwise."""
        if not any(os.environ.get(name) for name in _TRACES_GO_TO):
            return None
        from chassis.tracing import open_tracing

        tracing = open_tracing(self.service.name, self.settings.trace_ratio)
        stack.callback(tracing.close)
        return tracing

    def _listen_for_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, self.stop)


async def _close_pool(pool: "asyncpg.Pool[Any]") -> None:
    try:
        await asyncio.wait_for(pool.close(), _STOP_SECONDS)
    except TimeoutError:
        pool.terminate()
