"""The bench's own checker of proofs: it believes the header. No setting of a service can do this."""

from datetime import datetime

from bench.walkins import SENDER
from chassis.proofs import ProofError, Proven


class Trusting:
    """Takes the proof for the actor's id. Satisfies `chassis.proofs.Verifier`."""

    def check_proof(
        self, token: str | bytes | None, message_id: str, type_: str, key: str, body: bytes, appended_at: datetime
    ) -> Proven:
        """Whoever it says."""
        if not token:
            raise ProofError("missing")
        return Proven(SENDER, token.decode() if isinstance(token, bytes) else token, "none")

    def check_bearer(self, token: str | bytes | None, now: datetime) -> Proven:
        """Nobody comes through the door."""
        raise ProofError("no door")

    def may_ask(self, sender: str) -> bool:
        """Anybody."""
        return True

    def may_send(self, sender: str, type_: str, subject: str) -> bool:
        """Everything."""
        return True
