"""What a service process is told by its environment."""

from enum import StrEnum
from pathlib import Path

from pydantic import Field

from chassis.login import KafkaSettings


class RelayPlace(StrEnum):
    """Where the outbox is emptied: by a task of the service, or by a process of its own."""

    INSIDE = "inside"
    APART = "apart"


class Settings(KafkaSettings):
    """`CASEBUS_*` variables. Paths are files, `jwks` may be a URL; addresses are host:port."""

    kafka: str
    database: str = Field(repr=False)
    database_owner: str | None = Field(default=None, repr=False)
    database_relay: str | None = Field(default=None, repr=False)
    http: str = "127.0.0.1:0"
    relay_http: str = ""
    """Where a relay of its own shows health and metrics; nowhere when empty."""
    http_tls_cert: Path | None = None
    http_tls_key: Path | None = None
    trusted_network: bool = False
    """Nobody but these services reaches the network they talk over: a private one of containers, or encrypted below."""
    jwks: str
    senders: Path
    clock_file: Path | None = None
    fault_points: Path | None = None
    topic_prefix: str = ""
    relay: RelayPlace = RelayPlace.INSIDE
    log_level: str = "info"
    start_deadline_seconds: float = 60.0
    probe_seconds: float = 60.0
    forget_seconds: float = Field(default=3600.0, gt=0)
    journal_months: int = Field(default=84, ge=2)
    """How many whole months before the present one journal and audit are kept. Their seals are kept for ever."""
    trace_ratio: float = Field(default=0.01, ge=0.0, le=1.0)
    """Of messages that bring no decision of their own, the share that gets a span; only where traces are exported."""
    batch_records: int = 1000
    session_timeout_seconds: float = 6.0
    group_instance: str | None = None
    group_suffix: str = ""

    @property
    def owner_dsn(self) -> str:
        """Who migrates and makes partitions: a role of its own, or the pipeline's user."""
        return self.database_owner or self.database

    @property
    def relay_dsn(self) -> str:
        """Who empties the outbox: a role of its own, or the pipeline's user."""
        return self.database_relay or self.database
