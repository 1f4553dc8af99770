"""Looks at a service from time to time: what stands in its tables, and whether its lag is healthy.

A scrape only reads what was seen last, so that no number of scrapes costs the database anything.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import asyncpg
import structlog
from fastapi import APIRouter, FastAPI, Response
from fastapi.responses import PlainTextResponse

from chassis import metrics
from chassis.clock import Clock
from chassis.consumer import Consumer
from chassis.door import Door, Vitals, add_health
from chassis.lag import WINDOW_LOOKS, Judgement, Look, State, judge_lag, lag_seconds
from chassis.logs import allow_list
from chassis.metrics import Labels, Metrics
from chassis.operations import Operations
from chassis.pipeline import Pipeline
from chassis.reading import Reader
from chassis.relay import RelayCounters
from chassis.workers import Clocks

log = structlog.get_logger()

LOOK_SECONDS = 5.0
_QUERY_SECONDS = 5.0

# Counts stop at a bound: a table that has grown must not make looking at it a burden.
OUTBOX = """
SELECT (SELECT count(*) FROM (SELECT FROM outbox LIMIT 100000) AS counted) AS rows,
       extract(epoch FROM clock_timestamp() - (SELECT at FROM outbox ORDER BY id LIMIT 1))::float8 AS age"""

LANES = """
SELECT l.state, count(DISTINCT l.lane) AS lanes, count(p.id) AS messages,
       extract(epoch FROM clock_timestamp() - min(l.since))::float8 AS age
FROM lanes l LEFT JOIN parked p USING (lane) GROUP BY l.state"""

CLOCKS = """
SELECT count(*) AS due, min(due_at) AS first
FROM (SELECT due_at FROM timers WHERE due_at <= $1 ORDER BY due_at LIMIT 10000) AS counted"""

# Two halves, each along a partial index: what was sent stays in the table for good.
DELIVERIES = """
SELECT state, count(*) AS deliveries FROM deliveries WHERE state IN ('waiting', 'sending') GROUP BY state
UNION ALL
SELECT 'failed', count(*) FROM deliveries WHERE state = 'failed'"""

_LANE_STATES = ("retrying", "quarantined")
_DELIVERY_STATES = ("waiting", "sending", "failed")


class Observer:
    """Fills in the numbers that nobody counts as they happen."""

    def __init__(self, pool: "asyncpg.Pool[Any]", pipeline: Pipeline, clock: Clock, consumer: Consumer) -> None:
        self._pool = pool
        self._circuit = pipeline.circuit
        self._numbers = pipeline.metrics
        self._clock = clock
        self._consumer = consumer
        self._windows: dict[tuple[str, int], deque[Look]] = {}
        self._judgements: dict[tuple[str, int], Judgement] = {}

    async def run(self) -> None:
        """Until cancelled. A look that fails leaves the numbers of the last one, and their time."""
        while True:
            # Whatever goes wrong here must not end the service that is being looked at.
            try:
                self.look_at_lag(time.monotonic())
                await self.look_at_tables()
            except Exception as error:
                log.info("not looked at", error=type(error).__name__)
            await asyncio.sleep(LOOK_SECONDS)

    async def look_at_tables(self) -> None:
        """Read what stands in the chassis' own tables."""
        async with self._pool.acquire(timeout=_QUERY_SECONDS) as connection:
            outbox = await connection.fetchrow(OUTBOX, timeout=_QUERY_SECONDS)
            lanes = await connection.fetch(LANES, timeout=_QUERY_SECONDS)
            clocks = await connection.fetchrow(CLOCKS, self._clock.now(), timeout=_QUERY_SECONDS)
            deliveries = await connection.fetch(DELIVERIES, timeout=_QUERY_SECONDS)
        if outbox is not None and clocks is not None:
            self._show(outbox, lanes, clocks, deliveries)

    def look_at_lag(self, now: float) -> None:
        """Take one more look at each partition of this copy and judge it anew."""
        standing = self._consumer.standing()
        for place in self._windows.keys() - standing.keys():
            del self._windows[place]
        for place, (committed, end) in standing.items():
            self._windows.setdefault(place, deque(maxlen=WINDOW_LOOKS)).append(Look(committed, end, now))
        self._judgements = {place: judge_lag(tuple(window)) for place, window in self._windows.items()}
        self._show_lag()

    def details(self) -> dict[str, Any]:
        """What is worth knowing beside readiness: why the circuit is open, partitions whose lag is not ok and why."""
        lag = {
            f"{topic}/{partition}": f"{judgement.state}: {judgement.reason}"
            for (topic, partition), judgement in sorted(self._judgements.items())
            if judgement.state is not State.OK
        }
        return {"circuit": self._circuit.reason or "closed", "lag": lag}

    def _show(
        self,
        outbox: Mapping[str, Any],
        lanes: list[asyncpg.Record],
        clocks: Mapping[str, Any],
        deliveries: list[asyncpg.Record],
    ) -> None:
        show, first = self._numbers.show, clocks["first"]
        show(metrics.OUTBOX_ROWS, outbox["rows"])
        show(metrics.OUTBOX_OLDEST, outbox["age"] or 0.0)
        show(metrics.LANES, _by_state(_LANE_STATES, lanes, "lanes"))
        show(metrics.PARKED, _by_state(_LANE_STATES, lanes, "messages"))
        show(metrics.LANE_OLDEST, _by_state(_LANE_STATES, lanes, "age"))
        show(metrics.CLOCKS_DUE, clocks["due"])
        show(metrics.CLOCK_OVERDUE, 0.0 if first is None else (self._clock.now() - first).total_seconds())
        show(metrics.DELIVERIES, _by_state(_DELIVERY_STATES, deliveries, "deliveries"))
        show(metrics.LOOKED_AT, time.time())

    def _show_lag(self) -> None:
        windows = {(topic, str(number)): window for (topic, number), window in self._windows.items()}
        states = {(topic, str(number)): judged.state for (topic, number), judged in self._judgements.items()}
        self._numbers.show(metrics.LAG_RECORDS, {place: window[-1].lag for place, window in windows.items()})
        self._numbers.show(metrics.LAG_SECONDS, {place: lag_seconds(tuple(each)) for place, each in windows.items()})
        self._numbers.show(
            metrics.LAG_STATE,
            {(*place, state.value): float(state is now) for place, now in states.items() for state in State},
        )


def connect(numbers: Metrics, pipeline: Pipeline, reader: Reader, door: Door, operations: Operations) -> None:
    """Show what these parts count for themselves."""
    numbers.read(metrics.REDONE, lambda: pipeline.redone)
    numbers.read(metrics.CIRCUIT_OPEN, lambda: pipeline.circuit.is_open)
    numbers.read(metrics.PASSED_OVER, lambda: reader.passed_over)
    numbers.read(metrics.UNAUTHORIZED, lambda: door.unauthorized + operations.unauthorized)
    numbers.read(metrics.LOG_DROPPED, lambda: allow_list.dropped)


def connect_relay(numbers: Metrics, counters: RelayCounters) -> None:
    """Show how a relay stands."""
    numbers.read(metrics.RELAY_SENT, lambda: counters.sent)
    numbers.read(metrics.RELAY_RESTARTS, lambda: counters.restarts)
    numbers.read(metrics.RELAY_FAILURES, lambda: {(name,): count for name, count in counters.failures.items()})
    numbers.read(metrics.RELAY_BUCKETS, lambda: counters.owned_buckets)
    numbers.read(metrics.RELAY_HELD_KEYS, lambda: counters.held_keys)
    numbers.read(metrics.RELAY_HELD_TOPICS, lambda: counters.held_topics)


def connect_inputs(numbers: Metrics, consumer: Consumer, clocks: Clocks) -> None:
    """Show how consumer and clocks stand."""
    numbers.read(metrics.PARTITIONS, lambda: consumer.partitions)
    numbers.read(metrics.PAUSED, lambda: consumer.paused)
    numbers.read(metrics.GRACE_USED, lambda: clocks.grace.used)


def relay_http(counters: RelayCounters, problems: Callable[[], list[str]]) -> FastAPI:
    """What a relay of its own shows: health and metrics."""
    http, numbers = FastAPI(title="casebus", docs_url=None, redoc_url=None), Metrics()
    connect_relay(numbers, counters)
    add_health(http, Vitals(problems, problems))
    http.include_router(metrics_page(numbers))
    return http


def metrics_page(numbers: Metrics) -> APIRouter:
    """`GET /metrics`."""
    router = APIRouter()

    @router.get("/metrics", response_class=PlainTextResponse)
    async def page() -> Response:
        return Response(numbers.page(), media_type=metrics.CONTENT_TYPE)

    return router


def _by_state(states: tuple[str, ...], rows: list[asyncpg.Record], column: str) -> dict[Labels, float]:
    found = {row["state"]: float(row[column]) for row in rows}
    return {(state,): found.get(state, 0.0) for state in states}
