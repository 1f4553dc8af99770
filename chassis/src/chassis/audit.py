"""The record of who looked at data of persons. Append-only, and sealed every day with the rest of the audit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from chassis.clock import Clock
from chassis.workers import fetch

INSERT = """
INSERT INTO audit (at, actor, sender, action, subject, outcome, rule, purpose, shown)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"""


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody wants to see something. `subject` is an opaque id, `purpose` what they say it is for."""

    actor: str
    sender: str
    action: str
    subject: str | None = None
    purpose: str | None = None


class AuditLog:
    """Writes down looks. Any number of callers at once."""

    def __init__(self, pool: "asyncpg.Pool[Any]", clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    async def shown(self, look: Look, ids: Sequence[str]) -> None:
        """These ids are about to be shown; committed when this returns. Raises DatabaseAway."""
        await self._write(look, "shown", None, list(ids))

    async def refused(self, look: Look, rule: str | None) -> None:
        """Nothing is shown. Committed when this returns. Raises DatabaseAway."""
        await self._write(look, "refused", rule, None)

    async def _write(self, look: Look, outcome: str, rule: str | None, ids: list[str] | None) -> None:
        now, who, what = self._clock.now(), (look.actor, look.sender), (look.action, look.subject)
        await fetch(self._pool, INSERT, now, *who, *what, outcome, rule, look.purpose, ids)
