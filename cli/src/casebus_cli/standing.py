"""How a whole system stands: the lag of every reader, and each service's tables and health."""

import asyncio
import time
from collections import deque
from dataclasses import dataclass
from typing import Any, Final

import httpx

from casebus_cli.databases import Databases, Row
from casebus_cli.stack import Stack
from casebus_cli.topics import Place, Topics, readers
from casebus_contracts.topics import services
from chassis.lag import WINDOW_LOOKS, Judgement, Look, State, judge_lag

MOST_LANES: Final = 20
_HEALTH_SECONDS: Final = 2.0

# Counts stop at a bound, so that looking never becomes a burden.
TABLES: Final = """
SELECT (SELECT count(*) FROM (SELECT FROM outbox LIMIT 100000) AS counted) AS outbox,
       extract(epoch FROM clock_timestamp() - (SELECT at FROM outbox ORDER BY id LIMIT 1))::float8 AS outbox_age,
       (SELECT count(*) FROM lanes WHERE state = 'retrying') AS retrying,
       (SELECT count(*) FROM lanes WHERE state = 'quarantined') AS quarantined,
       (SELECT count(*) FROM parked) AS parked,
       (SELECT count(*) FROM (SELECT FROM timers LIMIT 100000) AS counted) AS clocks,
       (SELECT count(*) FROM deliveries WHERE state IN ('waiting', 'sending')) AS waiting,
       (SELECT count(*) FROM deliveries WHERE state = 'failed') AS failed"""

LANES: Final = """
SELECT lane, state, type, since, attempts, fingerprint, waits_for, next_try_at,
       (SELECT count(*) FROM parked p WHERE p.lane = l.lane) AS messages
FROM lanes l ORDER BY since LIMIT 20"""


@dataclass(frozen=True, slots=True)
class Reading:
    """How one service does with one partition."""

    topic: str
    partition: int
    service: str
    lag: int
    judgement: Judgement


class Observation:
    """What has been seen so far. Each look adds to it."""

    def __init__(self, stack: Stack, topics: Topics, databases: Databases) -> None:
        self._stack, self._topics, self._databases = stack, topics, databases
        self._windows: dict[tuple[Place, str], deque[Look]] = {}
        self._ends: dict[Place, deque[tuple[float, int]]] = {}
        self.kept: dict[str, int] = {}
        """Records in each topic."""
        self.members: dict[str, int] = {}
        self.tables: dict[str, Row] = {}
        self.lanes: list[Row] = []
        self.health: dict[str, str] = {}
        """By process: what is wrong with it, or "ready"."""
        self.waiting_since: dict[Place, float] = {}
        """Unix time at which the oldest record that waits in a partition was appended, by partition."""

    async def look_at_lag(self, now: float) -> None:
        """One more look at all partitions and all committed offsets. `now` is in seconds of a monotonic clock."""
        committed = {service: await self._topics.committed(service) for service in services()}
        extents = await self._topics.extents()
        self.kept = {}
        for place, (first, end) in extents.items():
            topic, _ = place
            self.kept[topic] = self.kept.get(topic, 0) + end - first
            self._ends.setdefault(place, deque(maxlen=WINDOW_LOOKS)).append((now, end))
            for service in readers(topic):
                window = self._windows.setdefault((place, service), deque(maxlen=WINDOW_LOOKS))
                window.append(Look(committed[service].get(place, first), end, now))

    async def look_at_services(self) -> None:
        """What stands in tables, who is in the groups, who is well, and since when records wait."""
        await self._databases.look_again()
        self.tables = {row["service"]: row for row in await self._databases.ask(TABLES)}
        self.lanes = sorted(await self._databases.ask(LANES), key=lambda row: row["since"])[:MOST_LANES]
        self.members = {service: await self._topics.members(service) for service in self._stack.services}
        await self._look_at_health()
        behind = {place: window[-1].committed for (place, _), window in self._windows.items() if window[-1].lag}
        self.waiting_since = await self._topics.appended_at(behind)

    @property
    def readings(self) -> list[Reading]:
        """Every partition with a service that reads it."""
        return [
            Reading(topic, partition, service, window[-1].lag, judge_lag(tuple(window)))
            for ((topic, partition), service), window in sorted(self._windows.items(), key=lambda each: each[0])
        ]

    @property
    def away(self) -> dict[str, str]:
        """Databases that do not answer."""
        return self._databases.away

    @property
    def well(self) -> bool:
        """Whether nothing needs anybody."""
        lag = all(each.judgement.state in (State.OK, State.FALLING_BEHIND) for each in self.readings)
        quarantined = any(row["quarantined"] for row in self.tables.values())
        return lag and not quarantined and not self.away and set(self.health.values()) <= {"ready"}

    def rate(self, topic: str) -> float:
        """Records a second over the window, all partitions together."""
        rates = [_rate(window) for (name, _), window in self._ends.items() if name == topic]
        return sum(rates)

    def lag_seconds(self, reading: Reading) -> float:
        """For how long the first record has been waiting; 0 when none does."""
        since = self.waiting_since.get((reading.topic, reading.partition))
        return 0.0 if since is None or not reading.lag else max(0.0, time.time() - since)

    async def _look_at_health(self) -> None:
        async with httpx.AsyncClient(timeout=_HEALTH_SECONDS, trust_env=False) as client:
            names = list(self._stack.http)
            answers = await asyncio.gather(*(self._health(client, name) for name in names))
        self.health = dict(zip(names, answers, strict=True))

    async def _health(self, client: httpx.AsyncClient, name: str) -> str:
        try:
            answer: Any = (await client.get(f"{self._stack.door(name)}/health/ready")).json()
        except (httpx.HTTPError, ValueError) as error:
            return f"does not answer ({type(error).__name__})"
        problems = list(answer.get("problems", ()))
        if (circuit := answer.get("circuit", "closed")) != "closed":
            problems.append(f"circuit open: {circuit}")
        return "; ".join(problems) or "ready"


def _rate(window: deque[tuple[float, int]]) -> float:
    (began, first), (at, last) = window[0], window[-1]
    return (last - first) / (at - began) if at > began else 0.0
