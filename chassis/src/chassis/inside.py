"""What the routes of a service's own get to work with."""

from dataclasses import dataclass
from datetime import UTC, datetime

from fastapi import HTTPException, Request

from chassis.audit import AuditLog
from chassis.clock import Clock
from chassis.door import Door, bearer_of
from chassis.pipeline import Pipeline
from chassis.proofs import ProofError, Proven, Verifier
from chassis.queries import Queries
from chassis.rules import State
from chassis.wiring import Service


@dataclass(frozen=True, slots=True)
class Inside:
    """A running service, as its routes see it."""

    service: Service
    verifier: Verifier
    pipeline: Pipeline
    door: Door
    queries: Queries
    audit: AuditLog
    clock: Clock

    async def find(self, cls: type[State], key: str) -> State | None:
        """One state as it is now. Raises DatabaseAway."""
        found = await self.queries.find(self.pipeline.table(cls), key)
        return found if isinstance(found, cls) else None

    def proven(self, request: Request) -> Proven:
        """Who asks; 401 without a good token."""
        try:
            return self.verifier.check_bearer(bearer_of(request), datetime.now(UTC))
        except ProofError as error:
            reason = f"the bearer token does not hold: {error.reason}"
            raise HTTPException(401, reason, {"WWW-Authenticate": "Bearer"}) from None
