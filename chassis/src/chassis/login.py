"""How a program logs in to Kafka, once, in the words of each client library."""

import ssl
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from chassis.failures import CannotStart

MECHANISM: Final = "SCRAM-SHA-256"
_NONE: Final = SecretStr("")


@dataclass(frozen=True, slots=True)
class KafkaLogin:
    """User and password (no user: the broker asks for none), and whether the way there is encrypted.

    `tls_ca` is a PEM file of those who may vouch for the broker; without it the system's are trusted.
    """

    user: str = ""
    password: SecretStr = _NONE
    tls: bool = False
    tls_ca: Path | None = None

    @property
    def protocol(self) -> str:
        """Kafka's word for the combination: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL."""
        return ("SASL_" if self.user else "") + ("SSL" if self.tls else "PLAINTEXT")

    def aiokafka(self) -> dict[str, Any]:
        """Arguments of any aiokafka client. Raises OSError when the certificate file cannot be read."""
        options: dict[str, Any] = {"security_protocol": self.protocol, "ssl_context": self.ssl_context()}
        if self.user:
            options |= {
                "sasl_mechanism": MECHANISM,
                "sasl_plain_username": self.user,
                "sasl_plain_password": self.password.get_secret_value(),
            }
        return options

    def librdkafka(self) -> dict[str, str | int | float | bool]:
        """Configuration of any confluent-kafka client."""
        options: dict[str, str | int | float | bool] = {"security.protocol": self.protocol}
        if self.user:
            options |= {
                "sasl.mechanism": MECHANISM,
                "sasl.username": self.user,
                "sasl.password": self.password.get_secret_value(),
            }
        return options | ({"ssl.ca.location": str(self.tls_ca)} if self.tls and self.tls_ca else {})

    def ssl_context(self) -> ssl.SSLContext | None:
        """What an encrypted connection is checked against; None when it is not encrypted."""
        return ssl.create_default_context(cafile=self.tls_ca) if self.tls else None

    def not_let_in(self, bootstrap: str) -> str:
        """What to say when a broker listens and yet does not serve: clients cannot tell the reasons apart."""
        who = f"user {self.user}" if self.user else "anybody without a user"
        credentials = "user or password is wrong" if self.user else "it wants a user and a password"
        return f"Kafka at {bootstrap} does not serve {who}: it is still starting, or {credentials}"


NOBODY: Final = KafkaLogin()
"""No user, nothing encrypted: for a broker on loopback."""


class KafkaSettings(BaseSettings):
    """`CASEBUS_KAFKA_*` variables."""

    model_config = SettingsConfigDict(env_prefix="CASEBUS_", hide_input_in_errors=True)

    kafka_user: str = ""
    kafka_password: SecretStr = SecretStr("")
    kafka_password_file: Path | None = None
    kafka_tls: bool = False
    kafka_tls_ca: Path | None = None
    """PEM; turns TLS on. With `kafka_tls` alone the system's authorities are trusted."""

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
