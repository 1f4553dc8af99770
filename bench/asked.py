"""`python -m bench.asked`: the real intake service; whoever comes to its door is believed to be whom they say."""

from datetime import datetime

from bench.trusting import Trusting
from bench.walkins import SENDER
from chassis.app import main
from chassis.proofs import ProofError, Proven
from intake.app import MIGRATIONS
from intake.handlers import SERVICE


class Believing(Trusting):
    """Takes the token for the asker's id."""

    def check_bearer(self, token: str | bytes | None, now: datetime) -> Proven:
        """Whoever it says."""
        if not token:
            raise ProofError("missing")
        return Proven(SENDER, token.decode() if isinstance(token, bytes) else token, "none")


if __name__ == "__main__":
    main(SERVICE, lambda jwks, senders: Believing(), MIGRATIONS)
