"""Every number a service shows, as one typed list, and how a scrape reads them.

What happens per message is a plain addition to a number here, done once a batch; a scrape only
reads. Labels are topics, partitions, states, outcomes and reasons: never an id of anybody.
docs/observing.md says what each is for.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import TypeAlias

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

Labels: TypeAlias = tuple[str, ...]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True, eq=False)
class Counter:
    """A number that only grows. Its name gets `_total`."""

    name: str
    help: str
    labels: Labels = ()


@dataclass(frozen=True, slots=True, eq=False)
class Gauge:
    """A number as it stands."""

    name: str
    help: str
    labels: Labels = ()


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """How many values up to each bound."""

    name: str
    help: str
    bounds: tuple[float, ...]
    labels: Labels = ()


_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0)

EVENT_AGE = Histogram("casebus_event_age_seconds", "From a record's append to its consumption.", _SECONDS, ("topic",))
TRANSACTION = Histogram("casebus_transaction_seconds", "How long a batch's transaction took.", _SECONDS)
CLOCK_LATENESS = Histogram("casebus_clock_lateness_seconds", "From a clock's due moment to its firing.", _SECONDS)
RECEIPTS = Counter("casebus_receipts", "Answers to commands, by outcome.", ("outcome",))
SET_ASIDE = Counter("casebus_set_aside", "Records nobody could read or believe, by reason.", ("reason",))
PASSED_OVER = Counter("casebus_passed_over", "Facts of types this service does not know.")
UNAUTHORIZED = Counter("casebus_door_unauthorized", "Requests whose bearer token did not hold (401).")
LOG_DROPPED = Counter("casebus_log_values_dropped", "Values that the logs did not let pass.")
REDONE = Counter("casebus_transactions_redone", "Transactions done again after a lost race.")
GRACE_USED = Counter("casebus_clock_grace_used", "Times clocks fired although their inputs did not move.")
RELAY_SENT = Counter("casebus_relay_sent", "Outbox rows handed to Kafka, repeats included.")
RELAY_RESTARTS = Counter("casebus_relay_restarts", "Times the relay lost its connection or producer.")
RELAY_FAILURES = Counter("casebus_relay_failures", "Outbox rows Kafka did not take, by its error.", ("error",))
RELAY_BUCKETS = Gauge("casebus_relay_buckets_owned", "Buckets of the outbox this relay owns, of 64.")
RELAY_HELD_KEYS = Gauge("casebus_relay_held_keys", "Keys that wait because Kafka did not take their first row.")
RELAY_HELD_TOPICS = Gauge("casebus_relay_held_topics", "Topics that wait because Kafka takes nothing for them.")
CIRCUIT_OPEN = Gauge("casebus_circuit_open", "1 while no messages are taken in because too many fail.")
PAUSED = Gauge("casebus_consumer_paused", "1 while no messages are taken in: database away or circuit open.")
PARTITIONS = Gauge("casebus_partitions_assigned", "Partitions the consumer group has given to this copy.")
LAG_RECORDS = Gauge("casebus_lag_records", "Records not done yet.", ("topic", "partition"))
LAG_SECONDS = Gauge("casebus_lag_seconds", "For how long the first of them waits.", ("topic", "partition"))
LAG_STATE = Gauge("casebus_lag_state", "1 for the state the lag was judged to be in.", ("topic", "partition", "state"))
OUTBOX_ROWS = Gauge("casebus_outbox_rows", "Rows not in Kafka yet; counted up to 100,000.")
OUTBOX_OLDEST = Gauge("casebus_outbox_oldest_seconds", "Age of the oldest of them.")
LANES = Gauge("casebus_parked_lanes", "Parked lanes, by state.", ("state",))
LANE_OLDEST = Gauge("casebus_parked_lane_oldest_seconds", "For how long the first of them is parked.", ("state",))
PARKED = Gauge("casebus_parked_messages", "Messages in parked lanes, by state of the lane.", ("state",))
CLOCKS_DUE = Gauge("casebus_clocks_due", "Clocks that are due and have not fired; counted up to 10,000.")
CLOCK_OVERDUE = Gauge("casebus_clock_overdue_seconds", "For how long the first of them is due.")
DELIVERIES = Gauge("casebus_deliveries", "Deliveries that are not sent, by state.", ("state",))
LOOKED_AT = Gauge("casebus_looked_at_seconds", "When the numbers from tables were last read, in seconds of Unix time.")

ALL: tuple[Counter | Gauge | Histogram, ...] = tuple(
    each for each in list(globals().values()) if isinstance(each, Counter | Gauge | Histogram)
)
"""Every number, in the order above."""

Source: TypeAlias = Callable[[], Mapping[Labels, float] | float]
"""Reads, at a scrape, numbers that some part of the service keeps for itself."""


class Metrics(Collector):
    """The numbers of one process."""

    def __init__(self) -> None:
        self._counts: dict[Counter, dict[Labels, float]] = {}
        self._standing: dict[Gauge, Mapping[Labels, float]] = {}
        self._spread: dict[Histogram, dict[Labels, _Spread]] = {}
        self._sources: dict[Counter | Gauge, Source] = {}
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    def add(self, counter: Counter, amounts: Mapping[str, int]) -> None:
        """Add to a counter of one label, by its value."""
        counts = self._counts.setdefault(counter, defaultdict(float))
        for label, amount in amounts.items():
            counts[(label,)] += amount

    def observe(self, histogram: Histogram, values: Iterable[float], *labels: str) -> None:
        """Put values where they belong."""
        spreads = self._spread.setdefault(histogram, {})
        if (spread := spreads.get(labels)) is None:
            spread = spreads[labels] = _Spread(histogram.bounds)
        spread.take(values)

    def show(self, gauge: Gauge, values: Mapping[Labels, float] | float) -> None:
        """How it stands now: replaces everything shown before."""
        self._standing[gauge] = _labelled(values)

    def read(self, metric: Counter | Gauge, source: Source) -> None:
        """Ask `source` at each scrape."""
        self._sources[metric] = source

    def page(self) -> bytes:
        """What a scrape is given."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """Every number that has a value, for the registry."""
        for metric in ALL:
            if isinstance(metric, Histogram):
                yield self._histogram(metric)
            else:
                yield self._plain(metric)

    def _histogram(self, metric: Histogram) -> Metric:
        family = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
        for labels, spread in list(self._spread.get(metric, {}).items()):
            family.add_metric(labels, spread.buckets(), spread.total)
        return family

    def _plain(self, metric: Counter | Gauge) -> Metric:
        kind = CounterMetricFamily if isinstance(metric, Counter) else GaugeMetricFamily
        family: CounterMetricFamily | GaugeMetricFamily = kind(metric.name, metric.help, labels=metric.labels)
        for labels, value in self._values(metric).items():
            family.add_metric(labels, value)
        return family

    def _values(self, metric: Counter | Gauge) -> Mapping[Labels, float]:
        if (source := self._sources.get(metric)) is not None:
            return _labelled(source())
        if isinstance(metric, Counter):
            return dict(self._counts.get(metric, {}))
        return self._standing.get(metric, {})


class _Spread:
    """Values counted by bound, and their sum."""

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def take(self, values: Iterable[float]) -> None:
        bounds, counts = self._bounds, self._counts
        for value in values:
            counts[bisect_left(bounds, value)] += 1
            self.total += value

    def buckets(self) -> list[tuple[str, float]]:
        """Pairs of bound and how many values are not above it."""
        names = [*map(str, self._bounds), "+Inf"]
        return list(zip(names, map(float, accumulate(self._counts)), strict=True))


def _labelled(values: Mapping[Labels, float] | float) -> Mapping[Labels, float]:
    return values if isinstance(values, Mapping) else {(): values}
