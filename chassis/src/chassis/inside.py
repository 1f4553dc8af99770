"""What the routes of a service's own get to work with."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fastapi import HTTPException, Request

from chassis.door import Door, bearer_of
from chassis.pipeline import Blamed, Pipeline
from chassis.proofs import ProofError, Proven, Verifier
from chassis.wiring import Service


@dataclass(frozen=True, slots=True)
class Inside:
    """A running service, as its routes see it."""

    service: Service
    verifier: Verifier
    pipeline: Pipeline
    door: Door

    def proven(self, request: Request) -> Proven:
        """Who asks; 401 without a good token."""
        try:
            return self.verifier.check_bearer(bearer_of(request), datetime.now(UTC))
        except ProofError as error:
            reason = f"the bearer token does not hold: {error.reason}"
            raise HTTPException(401, reason, {"WWW-Authenticate": "Bearer"}) from None

    async def rows(self, query: str, *arguments: Any) -> list[Mapping[str, Any]]:
        """Rows of a query; nothing it writes stays. Raises DatabaseAway."""
        found = await self.pipeline.rehearse(lambda _, connection: connection.fetch(query, *arguments))
        if isinstance(found, Blamed):
            raise HTTPException(500, "the question cannot be answered") from found.failure
        return list(found)
