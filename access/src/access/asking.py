"""Who asks over HTTP, how far they may see, and the record of what they were shown. For every reading route.

A route makes a `Look`, asks whether it may be had (`allow`, `scope`), finds the rows, and hands them out once the
record of it is committed (`shown`). What shows nothing about persons needs no purpose and leaves no record.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query, Request
from pydantic import AfterValidator, StringConstraints

from access.directory import SYSTEM, Staff
from access.matrix import Ability, may
from casebus_contracts.base import CountyFips, OfficeId, RegionId, clean
from chassis.audit import Look
from chassis.inside import Inside
from chassis.problems import Unanswered
from chassis.rules import Refused

Purpose = Annotated[str, StringConstraints(min_length=3, max_length=200), AfterValidator(clean)]
"""What a read of data about persons is for. Kept with the record of what was shown."""

PurposeQuery = Annotated[Purpose, Query(description="What this is needed for. It is kept with who saw what.")]

OFFICES = """
SELECT id FROM offices
WHERE ($1::text IS NULL OR id = $1) AND ($2::text IS NULL OR region_id = $2) AND ($3::text IS NULL OR county_fips = $3)
ORDER BY id"""

KNOWN = {
    "office_id": "SELECT 1 AS known FROM offices WHERE id = $1",
    "region_id": "SELECT 1 AS known FROM regions WHERE id = $1",
    "county_fips": "SELECT 1 AS known FROM counties WHERE id = $1",
}
"""Whether the directory knows what a request is narrowed to."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody who asks: as the directory knows them, and through which sender."""

    person: Staff
    sender: str

    def look(self, action: str, subject: str | None = None, purpose: str | None = None) -> Look:
        """What they want to see, for the record."""
        return Look(self.person.id, self.sender, action, subject, purpose)


@dataclass(frozen=True, slots=True)
class Within:
    """The office, region or county that a list, search or report is narrowed to (I-21). All that are given hold."""

    office_id: str | None = None
    region_id: str | None = None
    county_fips: str | None = None


def within(
    office_id: Annotated[OfficeId | None, Query(description="Only this office.")] = None,
    region_id: Annotated[RegionId | None, Query(description="Only offices of this region.")] = None,
    county_fips: Annotated[CountyFips | None, Query(description="Only offices in this county.")] = None,
) -> Within:
    """The narrowing of a request, from its query."""
    return Within(office_id, region_id, county_fips)


Narrowed = Annotated[Within, Depends(within)]
"""The parameter of a route that can be narrowed."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What of a service somebody sees: these offices; `merit_only`: of them the calls to the merit office alone."""

    offices: tuple[str, ...]
    merit_only: bool = False


class Asking:
    """One for all reading routes of a service."""

    def __init__(self, inside: Inside) -> None:
        self._inside = inside

    async def asker(self, request: Request) -> Asker:
        """Who is behind a request: 401 without a good token, 403 for whom or what nobody lets in (I-07)."""
        proven = self._inside.proven(request)
        if not self._inside.verifier.may_ask(proven.sender):
            raise Unanswered(403, "this sender may not ask", rule="I-07")
        if proven.subject == SYSTEM.id:
            raise Unanswered(403, "only staff may look", rule="I-26")
        person = await self._inside.find(Staff, proven.subject)
        if person is None or not person.active:
            raise Unanswered(403, "not in the directory", rule="I-07")
        return Asker(person, proven.sender)

    async def allow(
        self,
        asker: Asker,
        look: Look,
        ability: Ability,
        *,
        office: str | None = None,
        owners: Iterable[str] = (),
        merit: bool = False,
    ) -> None:
        """403 by the rule of the role, put on record, unless the asker may (I-26)."""
        if denied := may(asker.person, ability, office=office, owners=tuple(owners), merit=merit):
            await self._refuse(look, denied)

    async def scope(self, asker: Asker, look: Look, ability: Ability, narrowed: Within) -> Scope:
        """The offices of `narrowed` that the asker may see; 403 if there are some, but none for them (I-21, I-37)."""
        offices = await self._offices(narrowed)
        for merit in (False, True):
            seen = tuple(each for each in offices if may(asker.person, ability, office=each, merit=merit) is None)
            if seen:
                return Scope(seen, merit_only=merit)
        # None of the offices is theirs, so that any of them tells why; without one, what they may at all.
        where = {"office": offices[0]} if offices else {"merit": True}
        if denied := may(asker.person, ability, **where):
            await self._refuse(look, denied)
        return Scope(())

    async def shown(self, look: Look, ids: Iterable[str]) -> None:
        """These are about to be shown. Committed when this returns, so that nothing is shown without a record."""
        await self._inside.audit.shown(look, list(ids))

    async def _refuse(self, look: Look, denied: Refused) -> None:
        await self._inside.audit.refused(look, denied.rule)
        raise Unanswered(403, denied.reason, rule=denied.rule)

    async def _offices(self, narrowed: Within) -> tuple[str, ...]:
        given = (narrowed.office_id, narrowed.region_id, narrowed.county_fips)
        rows = await self._inside.queries.rows(OFFICES, *given)
        if not rows:
            await self._complain_of_unknown(narrowed)
        return tuple(row["id"] for row in rows)

    async def _complain_of_unknown(self, narrowed: Within) -> None:
        for field, query in KNOWN.items():
            value = getattr(narrowed, field)
            if value is not None and await self._inside.queries.row(query, value) is None:
                raise Unanswered(404, "unknown", field=field)
