"""Who stands behind a message. The chassis asks; `access` answers, and knows keys and senders."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Proven:
    """A message whose sender and actor are beyond doubt. `subject` is a staff id, or `system`."""

    sender: str
    subject: str
    kid: str


class ProofError(Exception):
    """A proof or token that does not hold. `reason` is a short code without any value of the token."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Verifier(Protocol):
    """Checks proofs of Kafka records and bearer tokens of the HTTP door."""

    def check_proof(
        self, token: str | bytes | None, message_id: str, type_: str, key: str, body: bytes, appended_at: datetime
    ) -> Proven:
        """The sender and actor of a record that the broker appended at `appended_at` (real time).

        Raises `ProofError`.
        """
        ...

    def check_bearer(self, token: str | bytes | None, now: datetime) -> Proven:
        """The sender and actor of a request that arrived `now` (real time). Raises `ProofError`."""
        ...

    def may_ask(self, sender: str) -> bool:
        """Whether this sender may ask, for staff, what a service keeps."""
        ...

    def may_send(self, sender: str, type_: str, subject: str) -> bool:
        """Whether this sender may send this type of command in the name of `subject`."""
        ...
