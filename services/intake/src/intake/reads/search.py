"""Search: by name however it is spelt, birth date, DCN, telephone, case, dates, office, reason, type (I-19, I-47).

Whatever says who it is about is looked up in the keys of all requests; what says only when and where, in the lists of
the offices by time. Nothing reads through a table.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from access.asking import Asker, Asking, Purpose, Scope, Within
from access.matrix import Ability
from casebus_contracts import RequestType
from casebus_contracts.base import CountyFips, Day, Name, OfficeId, ReasonCode, RegionId
from casebus_contracts.intake import CaseRef, Dcn, Phone
from chassis.inside import Inside
from chassis.openapi import no
from chassis.paging import After, Limit, Page, page_of, place_in
from chassis.problems import Unanswered
from intake.reads.keys import keyed
from intake.reads.names import LOWER, Closeness, Sought, closeness, words
from intake.reads.shapes import BRIEF, Brief, brief, ids
from intake.request import RequestStatus

LOOKED_AT = 1_000
"""Requests that one search compares. Whoever is called Smith and nothing else in a whole state is too many."""
DAYS_MAX = 31
"""How far a search without a person reaches."""

BY_KEYS = f"""
WITH known AS MATERIALIZED ({{known}})
SELECT r.id::text, r.received_at, r.client->>'last_name' AS last_name, r.client->>'first_name' AS first_name,
       r.client->>'middle' AS middle, r.representative->>'name' AS spokesman, r.vendor
FROM known r JOIN offices o ON o.id = r.office_id
WHERE r.office_id = ANY($1::text[])
  AND ($2::date IS NULL OR r.received_at >= $2::date::timestamp AT TIME ZONE o.zone)
  AND ($3::date IS NULL OR r.received_at < ($3::date + 1)::timestamp AT TIME ZONE o.zone)
  AND ($4::text IS NULL OR r.request_type = $4)
  AND ($5::text IS NULL OR r.status = $5)
  AND ($6::text IS NULL OR r.reasons ? $6)
LIMIT {LOOKED_AT + 1}"""
"""No more rows are read than the limit needs, the closest ways first; what is known in two ways comes twice."""

SHOWN = f"SELECT {BRIEF} FROM requests r WHERE r.id = ANY($1::uuid[]) AND r.office_id = ANY($2::text[])"

BY_TIME = f"""
WITH found AS MATERIALIZED (
    SELECT t.id
    FROM offices o CROSS JOIN LATERAL (
        SELECT l.id, l.received_at FROM requests l
        WHERE l.office_id = o.id
          AND l.received_at >= $2::date::timestamp AT TIME ZONE o.zone
          AND l.received_at < ($3::date + 1)::timestamp AT TIME ZONE o.zone
          AND ($4::text IS NULL OR l.request_type = $4)
          AND ($5::text IS NULL OR l.status = $5)
          AND ($6::text IS NULL OR l.reasons ? $6)
          AND ($7::timestamptz IS NULL OR (l.received_at, l.id) < ($7, $8::uuid))
        ORDER BY l.received_at DESC, l.id DESC LIMIT $9
    ) t
    WHERE o.id = ANY($1::text[])
    ORDER BY t.received_at DESC, t.id DESC LIMIT $9
)
SELECT {BRIEF} FROM found JOIN requests r ON r.id = found.id ORDER BY r.received_at DESC, r.id DESC"""


class Search(BaseModel):
    """What is looked for; all that is given holds. Without a person (`name` to `case_ref`) both dates are needed."""

    model_config = ConfigDict(extra="forbid")

    purpose: Purpose = Field(description="What this is needed for. It is kept with who saw what.")
    name: Name | None = Field(None, description="One word or more, in any order, spelt as well as one can.")
    birth_date: Day | None = None
    dcn: Dcn | None = None
    phone: Phone | None = None
    case_ref: CaseRef | None = None
    office_id: OfficeId | None = None
    region_id: RegionId | None = None
    county_fips: CountyFips | None = None
    received_from: Day | None = Field(None, description="A local day of the office; with `received_to`.")
    received_to: Day | None = Field(None, description="The last day, which is included.")
    request_type: RequestType | None = None
    status: RequestStatus | None = None
    reason: ReasonCode | None = None
    after: After = None
    limit: Limit = 50

    @property
    def within(self) -> Within:
        """Where."""
        return Within(self.office_id, self.region_id, self.county_fips)

    @property
    def names_somebody(self) -> bool:
        """Whether it says who."""
        return any((self.name, self.birth_date, self.dcn, self.phone, self.case_ref))


class Hit(Brief):
    """A request that was found. A smaller `closeness` is a better one: 0 as spelt, 1 one letter away, 2 by sound."""

    closeness: Closeness


class Hits(Page[Hit]):
    """A page of what was found: the closest first, then the newest."""

    complete: bool = Field(description="False: more is called so than is looked at; say more.")


@dataclass(frozen=True, slots=True)
class Found:
    """A request as it is ranked. Only what a page shows is read whole."""

    closeness: Closeness
    received_at: datetime
    request_id: str

    @property
    def order(self) -> tuple[int, float, int]:
        """The closest first, then the newest."""
        return (self.closeness, -self.received_at.timestamp(), -UUID(self.request_id).int)


class Searching:
    """Answers whoever looks for something."""

    def __init__(self, inside: Inside, asking: Asking) -> None:
        self._inside = inside
        self._asking = asking

    async def requests(self, asker: Asker, wanted: Search) -> Hits:
        """Requests the asker may see."""
        look = asker.look("search requests", None, wanted.purpose)
        scope = await self._asking.scope(asker, look, Ability.VIEW, wanted.within)
        found = await self.found(scope, wanted)
        await self._asking.shown(look, ids(found.items))
        return found

    async def found(self, scope: Scope, wanted: Search) -> Hits:
        """What of this scope fits."""
        if scope.merit_only and wanted.request_type not in (None, RequestType.MERIT_CALL):
            return Hits(items=[], complete=True)
        if scope.merit_only:
            wanted = wanted.model_copy(update={"request_type": RequestType.MERIT_CALL})
        return await (self._by_keys(scope, wanted) if wanted.names_somebody else self._by_time(scope, wanted))

    async def _by_time(self, scope: Scope, wanted: Search) -> Hits:
        _bounded(wanted)
        place = place_in(wanted.after, datetime, UUID) or (None, None)
        rows = await self._inside.queries.rows(BY_TIME, *_where(scope, wanted), *place, wanted.limit + 1)
        page = page_of([_hit(row, Closeness.SAME) for row in rows], wanted.limit, _newest)
        return Hits(items=page.items, next=page.next, complete=True)

    async def _by_keys(self, scope: Scope, wanted: Search) -> Hits:
        """As spelt or one letter away; if that is not enough for this page, by sound as well."""
        place = place_in(wanted.after, int, datetime, UUID)
        sought = [Sought.of(word) for word in words(wanted.name or "")]
        if wanted.name and not sought:
            raise Unanswered(400, "no letter or digit", field="name")
        found, complete = await self._ranked(scope, wanted, sought, Closeness.ONE_LETTER_AWAY)
        if sought and len(_behind(found, place)) <= wanted.limit:
            found, complete = await self._ranked(scope, wanted, sought, Closeness.SOUNDS_ALIKE)
        page = page_of(_behind(found, place), wanted.limit, _closest)
        return Hits(items=await self._shown(scope, page.items), next=page.next, complete=complete)

    async def _ranked(
        self, scope: Scope, wanted: Search, sought: Sequence[Sought], up_to: Closeness
    ) -> tuple[list[Found], bool]:
        arguments = _where(scope, wanted)
        only = scope.offices[0] if len(scope.offices) == 1 else None
        known = keyed(sought, up_to, _exact(wanted), only, arguments)
        rows = await self._inside.queries.rows(BY_KEYS.format(known=known), *arguments)
        found = [
            Found(closeness(sought, [row[name] for name in _NAMES]), row["received_at"], row["id"]) for row in rows
        ]
        return sorted(set(found), key=lambda each: each.order), len(rows) <= LOOKED_AT

    async def _shown(self, scope: Scope, page: Sequence[Found]) -> list[Hit]:
        """The page, in its order."""
        wanted = [each.request_id for each in page]
        rows = await self._inside.queries.rows(SHOWN, wanted, list(scope.offices)) if wanted else ()
        known = {row["id"]: row for row in rows}
        return [_hit(known[each.request_id], each.closeness) for each in page if each.request_id in known]


def routes(inside: Inside, asking: Asking) -> APIRouter:
    """`POST /v1/requests/search`: who is looked for does not stand in an address."""
    router, searching = APIRouter(), Searching(inside, asking)

    @router.post("/v1/requests/search", responses=no(404), summary="Search requests")
    async def requests(asker: Annotated[Asker, Depends(asking.asker)], wanted: Search) -> Hits:
        return await searching.requests(asker, wanted)

    return router


def _bounded(wanted: Search) -> None:
    if wanted.received_from is None or wanted.received_to is None:
        field = "received_from" if wanted.received_from is None else "received_to"
        raise Unanswered(400, "needed where nothing says who", field=field)
    if not timedelta() <= wanted.received_to - wanted.received_from < timedelta(days=DAYS_MAX):
        raise Unanswered(400, f"at most {DAYS_MAX} days where nothing says who", field="received_to")


def _where(scope: Scope, wanted: Search) -> list[Any]:
    """The first six arguments of both questions."""
    return [
        list(scope.offices),
        wanted.received_from,
        wanted.received_to,
        wanted.request_type,
        wanted.status,
        wanted.reason,
    ]


def _exact(wanted: Search) -> list[str]:
    """Keys that have to be there as they are."""
    digits = "".join(each for each in wanted.phone or "" if each in "0123456789")[-10:]
    exact = (
        ("b", wanted.birth_date.isoformat() if wanted.birth_date else None),
        ("d", wanted.dcn),
        ("p", digits if wanted.phone else None),
        ("c", wanted.case_ref.translate(LOWER) if wanted.case_ref else None),
    )
    return [f"{kind}:{value}" for kind, value in exact if value is not None]


_NAMES = ("last_name", "first_name", "middle", "spokesman", "vendor")


def _hit(row: Any, near: Closeness) -> Hit:
    return Hit(**brief(row).model_dump(), closeness=near)


def _behind(found: list[Found], place: tuple[Any, ...] | None) -> list[Found]:
    if place is None:
        return found
    near, received, last = place
    return [each for each in found if each.order > (near, -received.timestamp(), -last.int)]


def _newest(hit: Hit) -> tuple[Any, ...]:
    return (hit.received_at, hit.request_id)


def _closest(found: Found) -> tuple[Any, ...]:
    return (int(found.closeness), found.received_at, found.request_id)
