"""What a service process is told by its environment."""

from enum import StrEnum
from functools import cached_property
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from chassis.failures import CannotStart
from chassis.login import KafkaLogin


class RelayPlace(StrEnum):
    """Where the outbox is emptied: by a task of the service, or by a process of its own."""

    INSIDE = "inside"
    APART = "apart"


class Settings(BaseSettings):
    """`CASEBUS_*` variables. Paths are files, `jwks` may be a URL; addresses are host:port."""

    model_config = SettingsConfigDict(env_prefix="CASEBUS_", hide_input_in_errors=True)

    kafka: str
    kafka_user: str = ""
    kafka_password: SecretStr = SecretStr("")
    kafka_password_file: Path | None = None
    kafka_tls: bool = False
    kafka_tls_ca: Path | None = None
    """PEM; turns TLS on. With `kafka_tls` alone the system's authorities are trusted."""
    database: str = Field(repr=False)
    database_owner: str | None = Field(default=None, repr=False)
    database_relay: str | None = Field(default=None, repr=False)
    http: str = "127.0.0.1:0"
    http_tls_cert: Path | None = None
    http_tls_key: Path | None = None
    trusted_network: bool = False
    """Nobody but these services reaches the network they talk over: a private one of containers, or encrypted below."""
    jwks: str
    senders: Path
    clock_file: Path | None = None
    topic_prefix: str = ""
    relay: RelayPlace = RelayPlace.INSIDE
    log_level: str = "info"
    start_deadline_seconds: float = 60.0
    probe_seconds: float = 60.0
    trace_ratio: float = Field(default=0.01, ge=0.0, le=1.0)
    """Of messages that bring no decision of their own, the share that gets a span; only where traces are exported."""
    batch_records: int = 500
    session_timeout_seconds: float = 6.0
    group_instance: str | None = None
    group_suffix: str = ""

    @cached_property
    def kafka_login(self) -> KafkaLogin:
        """How to log in to Kafka. Raises CannotStart when the password is missing or its file cannot be read."""
        tls = self.kafka_tls or self.kafka_tls_ca is not None
        return KafkaLogin(self.kafka_user, self._kafka_password(), tls, self.kafka_tls_ca)

    def _kafka_password(self) -> SecretStr:
        password = self.kafka_password
        if self.kafka_password_file is not None:
            try:
                password = SecretStr(self.kafka_password_file.read_text().strip())
            except (OSError, ValueError) as error:
                raise CannotStart(f"CASEBUS_KAFKA_PASSWORD_FILE cannot be read ({type(error).__name__})") from error
        if self.kafka_user and not password:
            raise CannotStart("CASEBUS_KAFKA_USER needs CASEBUS_KAFKA_PASSWORD or CASEBUS_KAFKA_PASSWORD_FILE")
        return password

    @property
    def owner_dsn(self) -> str:
        """Who migrates and makes partitions: a role of its own, or the pipeline's user."""
        return self.database_owner or self.database

    @property
    def relay_dsn(self) -> str:
        """Who empties the outbox: a role of its own, or the pipeline's user."""
        return self.database_relay or self.database
