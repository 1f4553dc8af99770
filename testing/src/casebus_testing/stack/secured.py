"""A broker that knows who asks: SCRAM users, access lists, nobody without a name. On loopback, encrypted if wished."""

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from access.keys import write_whole
from chassis.login import MECHANISM, KafkaLogin

ADMIN: Final = "admin"
BROKER: Final = "broker"
PASSWORDS: Final = "passwords"
"""The folder of a run directory in which they lie."""
_SCRAM: Final = "org.apache.kafka.common.security.scram.ScramLoginModule"
_PLAIN: Final = "org.apache.kafka.common.security.plain.PlainLoginModule"


@dataclass(frozen=True, slots=True)
class Tls:
    """PEM files: the broker's certificate (its chain in it), its key (PKCS 8), and the authority clients trust."""

    certificate: Path
    key: Path
    authority: Path


class Secured:
    """The users a broker begins with, and the settings that make it ask. Passwords are files in `folder`, kept."""

    def __init__(self, folder: Path, tls: Tls | None = None) -> None:
        self._folder, self._tls = folder, tls
        self.login = KafkaLogin(
            ADMIN, SecretStr(self._password(ADMIN)), tls is not None, tls.authority if tls else None
        )

    def properties(self, client: str, controller: str) -> dict[str, str]:
        """Broker settings for a listener of clients and one of the controller, both `host:port`."""
        protocol = self.login.protocol
        password = self._password(BROKER)
        login = f'required username="{BROKER}" password="{password}"'
        return {
            "listeners": f"CLIENTS://{client},CONTROLLER://{controller}",
            "advertised.listeners": f"CLIENTS://{client}",
            "listener.security.protocol.map": f"CLIENTS:{protocol},CONTROLLER:SASL_PLAINTEXT",
            "inter.broker.listener.name": "CLIENTS",
            "sasl.enabled.mechanisms": MECHANISM,
            "sasl.mechanism.inter.broker.protocol": MECHANISM,
            f"listener.name.clients.{MECHANISM.lower()}.sasl.jaas.config": f"{_SCRAM} {login};",
            # SCRAM users are known once the controller has read them: it cannot ask for one itself.
            "sasl.mechanism.controller.protocol": "PLAIN",
            "listener.name.controller.sasl.enabled.mechanisms": "PLAIN",
            "listener.name.controller.plain.sasl.jaas.config": f'{_PLAIN} {login} user_{BROKER}="{password}";',
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": f"User:{ADMIN};User:{BROKER}",
            **self._tls_properties(),
        }

    def format_options(self) -> list[str]:
        """Arguments of Kafka's format tool: the users that are there before anybody can make one."""
        users = [f"{MECHANISM}=[name={user},password={self._password(user)}]" for user in (ADMIN, BROKER)]
        return [word for user in users for word in ("--add-scram", user)]

    def _tls_properties(self) -> dict[str, str]:
        if self._tls is None:
            return {}
        whole = self._folder / "broker.pem"
        write_whole(whole, self._tls.key.read_bytes() + self._tls.certificate.read_bytes(), mode=0o600)
        return {
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(whole),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self._tls.authority),
        }

    def _password(self, user: str) -> str:
        return kept_password(self._folder / user).read_text()


def kept_password(path: Path) -> Path:
    """The password file at `path`, readable by its owner alone; made if it is missing."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(path, secrets.token_urlsafe(24).encode(), mode=0o600)
    return path
