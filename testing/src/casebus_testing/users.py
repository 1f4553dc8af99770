"""The users of one system at a secured broker: a password file each, made and granted before the services start."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from confluent_kafka.admin import AdminClient
from pydantic import SecretStr

from casebus_deploy.acls import OPERATOR, Sender, all_rights, grant_rights, revoke_rights
from casebus_deploy.users import create_users, delete_users
from casebus_testing.stack import Stack
from casebus_testing.stack.secured import kept_password
from chassis.login import MECHANISM, KafkaLogin


class KafkaUsers:
    """Every service, every sender and an operator, under the prefix of the system's topics."""

    def __init__(self, stack: Stack, folder: Path, prefix: str) -> None:
        self._stack, self._folder, self._prefix = stack, folder, prefix
        self._made: list[str] = []

    @property
    def needed(self) -> bool:
        """Whether the broker asks who is there."""
        return bool(self._stack.login.user)

    def make(self, services: Iterable[str], senders: dict[str, Sender]) -> None:
        """Users with their rights; a second time sets passwords and rights as they are now."""
        if not self.needed:
            return
        self._made = [self._prefix + name for name in (*services, *senders, OPERATOR)]
        client = self._client()
        create_users(client, {user: self._file(user).read_text() for user in self._made})
        grant_rights(client, all_rights(senders, self._prefix))

    def remove(self) -> None:
        """Takes them away again, from a broker that others use on."""
        if self._made:
            client = self._client()
            revoke_rights(client, self._made)
            delete_users(client, self._made)
            self._made = []

    def password_file(self, name: str) -> Path:
        """Where the password of a service, a sender or the operator lies."""
        return self._file(self._prefix + name)

    def login(self, name: str) -> KafkaLogin:
        """How a service, a sender or the operator logs in."""
        password = SecretStr(self.password_file(name).read_text())
        return replace(self._stack.login, user=self._prefix + name, password=password)

    def settings(self, service: str) -> dict[str, str]:
        """What a service's environment says about it."""
        if not self.needed:
            return {}
        authority = self._stack.login.tls_ca
        return {
            "CASEBUS_KAFKA_USER": self._prefix + service,
            "CASEBUS_KAFKA_PASSWORD_FILE": str(self.password_file(service)),
            **({"CASEBUS_KAFKA_TLS_CA": str(authority)} if authority else {}),
        }

    def overview(self) -> dict[str, Any]:
        """What `stack.json` says of the broker's security; nothing where it does not ask."""
        if not self.needed:
            return {}
        admin = self._stack.login
        return {
            "security_protocol": admin.protocol,
            "sasl_mechanism": MECHANISM,
            **({"tls_ca": str(admin.tls_ca)} if admin.tls_ca else {}),
            "users": {
                "admin": {"kafka_user": admin.user, "kafka_password_file": str(self._stack.password_file)},
                OPERATOR: self.described(OPERATOR),
            },
        }

    def described(self, name: str) -> dict[str, str]:
        """What `stack.json` says about a user; nothing where the broker does not ask."""
        if not self.needed:
            return {}
        return {"kafka_user": self._prefix + name, "kafka_password_file": str(self.password_file(name))}

    def _file(self, user: str) -> Path:
        return kept_password(self._folder / user)

    def _client(self) -> AdminClient:
        return AdminClient({**self._stack.login.librdkafka(), "bootstrap.servers": self._stack.kafka, "log_level": 0})
