"""The worker that empties the parking lot by itself, and judges whether an open circuit may close."""

import asyncio
import contextlib
import time
from typing import Any

import asyncpg
import structlog

from chassis.failures import DatabaseAway
from chassis.lanes import AT_ONCE, CHOSEN, NEXT, Tried, fail_lane, redrive, try_lane
from chassis.pipeline import Blamed, Pipeline
from chassis.wiring import Service
from chassis.workers import fetch

log = structlog.get_logger()

_AWAY_SECONDS = 1.0
_RETRY_POLL_SECONDS = 0.5
_LANES_AT_ONCE = 50
_PROBED_LANES = 20
_PROBE_SHARE = 0.8


class Retries:
    """Tries parked lanes again, and judges whether an open circuit may close."""

    def __init__(self, pool: "asyncpg.Pool[Any]", pipeline: Pipeline, service: Service, probe_seconds: float) -> None:
        self._pool = pool
        self._pipeline = pipeline
        self._service = service
        self._probe_seconds = probe_seconds

    async def run(self) -> None:
        """Until cancelled."""
        probe_at = 0.0
        while True:
            try:
                await self.look()
                if self._pipeline.circuit.is_open and time.monotonic() >= probe_at:
                    probe_at = time.monotonic() + self._probe_seconds
                    await self.probe()
            except DatabaseAway:
                await asyncio.sleep(_AWAY_SECONDS)
            self._pipeline.moved.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._pipeline.moved.wait(), _RETRY_POLL_SECONDS)

    async def look(self) -> int:
        """Try the lanes that are due; how many there were. Raises DatabaseAway."""
        rows = await fetch(self._pool, NEXT, _LANES_AT_ONCE)
        for row in rows:
            await self.try_lane(row["lane"])
        (counted,) = await fetch(self._pool, "SELECT count(*) AS parked FROM parked")
        self._pipeline.circuit.note_parked(counted["parked"])
        self._pipeline.awaited |= {row["waits_for"] for row in rows if row["waits_for"]}
        return len(rows)

    async def try_lane(self, lane: str) -> bool:
        """Whether everything that was tried of the lane is done."""
        tried = await self._run_lane(lane, AT_ONCE)
        if isinstance(tried, Blamed):
            tried = await self._run_lane(lane, 1)
        if not isinstance(tried, Blamed):
            return tried is None or tried.failure is None
        failure = tried.failure
        await self._pipeline.transact(lambda _, connection: fail_lane(connection, lane, failure))
        return False

    async def _run_lane(self, lane: str, limit: int) -> Tried | Blamed | None:
        return await self._pipeline.transact(
            lambda batch, connection: try_lane(batch, connection, self._service, lane, limit)
        )

    async def probe(self) -> None:
        """Once in a while, some of the failed lanes: if they pass now, the release is mended."""
        rows = await fetch(self._pool, CHOSEN, None, None, None, _PROBED_LANES)
        await self._pipeline.transact(lambda _, connection: redrive(connection, [row["lane"] for row in rows], 1e6))
        passed = [await self.try_lane(row["lane"]) for row in rows]
        if sum(passed) >= _PROBE_SHARE * len(passed):
            log.info("circuit closed", lanes=len(passed))
            self._pipeline.circuit.close()
        else:
            log.warning("circuit stays open", reason=self._pipeline.circuit.reason)
