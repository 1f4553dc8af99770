"""What a service process is told by its environment."""

from enum import StrEnum
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class RelayPlace(StrEnum):
    """Where the outbox is emptied: by a task of the service, or by a process of its own."""

    INSIDE = "inside"
    APART = "apart"


class Settings(BaseSettings):
    """`CASEBUS_*` variables. Paths are files; addresses are host:port."""

    model_config = SettingsConfigDict(env_prefix="CASEBUS_", hide_input_in_errors=True)

    kafka: str
    database: str = Field(repr=False)
    database_owner: str | None = Field(default=None, repr=False)
    database_relay: str | None = Field(default=None, repr=False)
    http: str = "127.0.0.1:0"
    jwks: Path
    senders: Path
    clock_file: Path | None = None
    topic_prefix: str = ""
    relay: RelayPlace = RelayPlace.INSIDE
    log_level: str = "info"
    start_deadline_seconds: float = 60.0
    probe_seconds: float = 60.0
    batch_records: int = 500
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
