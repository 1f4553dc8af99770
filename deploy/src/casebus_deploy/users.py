"""Makes users at the broker, with SCRAM. A password is told to the broker only in salted form by the client library."""

from collections.abc import Iterable, Mapping
from typing import Final

from confluent_kafka.admin import (
    AdminClient,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialAlteration,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)

ITERATIONS: Final = 8192
REQUEST_SECONDS: Final = 30.0


def create_users(client: AdminClient, passwords: Mapping[str, str]) -> None:
    """Makes users, or sets the passwords of those there are. `client` is an administrator's. Raises KafkaException."""
    information = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, ITERATIONS)
    wanted: list[UserScramCredentialAlteration] = [
        UserScramCredentialUpsertion(user, information, password.encode()) for user, password in passwords.items()
    ]
    for future in client.alter_user_scram_credentials(wanted, request_timeout=REQUEST_SECONDS).values():
        future.result(REQUEST_SECONDS)


def delete_users(client: AdminClient, users: Iterable[str]) -> None:
    """Takes the credentials of users away; those that have none are passed over."""
    gone: list[UserScramCredentialAlteration] = [
        UserScramCredentialDeletion(user, ScramMechanism.SCRAM_SHA_256) for user in users
    ]
    for future in client.alter_user_scram_credentials(gone, request_timeout=REQUEST_SECONDS).values():
        future.exception(REQUEST_SECONDS)
