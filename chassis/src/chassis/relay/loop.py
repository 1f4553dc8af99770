"""The relay: reads its buckets of `outbox` in id order, sends, deletes what Kafka has acknowledged."""

import asyncio
import contextlib
import random
from typing import Final, TypeAlias

import asyncpg
import structlog

from chassis.relay.holds import Holds
from chassis.relay.sender import Sender
from chassis.relay.session import ProducerLost, Session
from chassis.relay.settings import RelayCounters, RelaySettings

log = structlog.get_logger()

_CONNECT_TIMEOUT_SECONDS: Final = 5.0
_RESTART_MIN_SECONDS: Final = 0.1
_RESTART_MAX_SECONDS: Final = 5.0

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

# Database or network away, session ended from outside, out of resources: begin again.
# Everything else (a missing table, a wrong password) ends the relay.
_LOST: Final = (
    OSError,
    TimeoutError,
    ProducerLost,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
)


class Relay:
    """Carries the outbox of one database to Kafka. Any number of relays share the work.

    Each row is sent at least once; first appearances of one key are in id order. Rows are deleted
    once Kafka has acknowledged them. A relay that loses its connection drops its producer and
    starts over. `wake`, when given, is set after a commit that wrote rows.
    """

    def __init__(
        self,
        dsn: str,
        bootstrap: str,
        *,
        topic_prefix: str = "",
        wake: asyncio.Event | None = None,
        settings: RelaySettings | None = None,
    ) -> None:
        self._dsn = dsn
        self._bootstrap = bootstrap
        self._prefix = topic_prefix
        self._settings = settings or RelaySettings()
        self._wake = wake or asyncio.Event()
        self._stopping = asyncio.Event()
        self._ended = asyncio.Event()
        self._holds = Holds(self._settings.retry_min_seconds, self._settings.retry_max_seconds)
        self.counters = RelayCounters()

    async def run(self) -> None:
        """Relay until stopped or cancelled. Cancelling waits for nothing; `stop` ends in order.

        Raises: what starting over cannot mend, such as asyncpg.UndefinedTableError.
        """
        pause = _RESTART_MIN_SECONDS
        try:
            while not self._stopping.is_set():
                began = asyncio.get_running_loop().time()
                try:
                    await self._one_session()
                except _LOST as error:
                    lasted = asyncio.get_running_loop().time() - began
                    pause = _RESTART_MIN_SECONDS if lasted > _RESTART_MAX_SECONDS else pause
                    await self._rest(error, pause)
                    pause = min(_RESTART_MAX_SECONDS, pause * 2)
        finally:
            self._ended.set()

    async def stop(self) -> None:
        """Finish what is in flight, within bounds, give the buckets back, and let `run` return."""
        self._stopping.set()
        self._wake.set()
        await self._ended.wait()

    async def _one_session(self) -> None:
        connection = await self._connect()
        sender = Sender(self._bootstrap, self._prefix, self._settings)
        session = Session(connection, sender, self._settings, self._holds, self.counters, self._wake, self._stopping)
        try:
            await session.relay()
            await connection.close(timeout=_CONNECT_TIMEOUT_SECONDS)
        finally:
            sender.abandon()
            connection.terminate()
            self.counters.owned_buckets = 0

    async def _rest(self, error: BaseException, pause: float) -> None:
        self.counters.restarts += 1
        log.warning("relay starts over", error=type(error).__name__)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), pause * random.uniform(0.8, 1.2))

    async def _connect(self) -> Connection:
        idle_ms = int(self._settings.idle_session_timeout_seconds * 1000)
        return await asyncpg.connect(
            self._dsn,
            timeout=_CONNECT_TIMEOUT_SECONDS,
            command_timeout=self._settings.idle_session_timeout_seconds,
            server_settings={
                "application_name": "relay",
                "idle_session_timeout": str(idle_ms),
                "statement_timeout": str(idle_ms),
                "tcp_keepalives_idle": "5",
                "tcp_keepalives_interval": "2",
                "tcp_keepalives_count": "3",
                # A window is read along the primary key, whatever the statistics of a table that empties say.
                "plan_cache_mode": "force_custom_plan",
                "enable_seqscan": "off",
                "enable_bitmapscan": "off",
                "jit": "off",
            },
        )
