"""One request with all that is known of it; what somebody has to do; the voter registration desk of an office."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field

from access.asking import Asker, Asking, PurposeQuery
from access.matrix import Ability
from casebus_contracts import LeaveStage, RequestType, Signature
from casebus_contracts.base import UUID7_PATTERN, OfficeId
from chassis.inside import Inside
from chassis.openapi import no
from chassis.paging import AfterQuery, LimitQuery, Page, page_of, place_in
from chassis.problems import Unanswered
from intake.intervals import Stay
from intake.reads.shapes import BRIEF, Brief, Spokesman, brief, ids
from intake.voters.desk import VoterDesk
from intake.voters.forms import FormsBox

RequestPath = Annotated[str, Path(pattern=UUID7_PATTERN)]
OfficePath = Annotated[OfficeId, Path()]

ONE = f"""
SELECT {BRIEF}, r.county_fips, r.created_by, r.unsigned, r.signature, r.interpreter_language, r.companions::text,
       r.representative::text, r.comments, r.people_ahead_told, r.estimate_told_minutes, r.accurate,
       r.correction_reason,
       r.left_at, r.left_stage, r.left_reason, r.auto_closed_at, r.intervals::text, r.calls, r.programs::text,
       r.document_type, r.postmark, r.case_ref, r.vendor, r.subject, r.merit_calls, r.disposition, r.change_reason,
       r.reopen_reason, o.entries, o.missing_at, o.letter_day
FROM requests r LEFT JOIN voter_offers o ON o.id = r.id WHERE r.id = $1"""

MINE = f"""
SELECT {BRIEF} FROM requests r
WHERE {{place}} = $1 AND r.status <> 'closed' AND ($2::timestamptz IS NULL OR (r.received_at, r.id) < ($2, $3::uuid))
ORDER BY r.received_at DESC, r.id DESC LIMIT $4"""


class Part(BaseModel):
    """An interval of a visit."""

    kind: Stay
    start: datetime
    end: datetime | None = None
    staff_id: str | None = None


class OfferOnRecord(BaseModel):
    """Whether voter registration was offered. What somebody answered is shown nowhere."""

    on_record: bool
    missing_since: datetime | None = Field(None, description="The contact was over without an offer on record.")
    letter_sent_on: date | None = Field(None, description="The corrective letter.")


class Whole(Brief):
    """A request with all that is known of it."""

    county_fips: str | None = None
    created_by: str
    unsigned: bool
    signature: Signature | None = None
    interpreter_language: str | None = None
    companions: list[str]
    representative: Spokesman | None = None
    comments: str | None = None
    people_ahead_told: int | None = None
    estimate_told_minutes: int | None = None
    accurate: bool
    correction_reason: str | None = None
    left_at: datetime | None = None
    left_stage: LeaveStage | None = None
    left_reason: str | None = None
    auto_closed_at: datetime | None = None
    intervals: list[Part]
    calls: int
    programs: list[str]
    document_type: str | None = None
    postmark: date | None = None
    case_ref: str | None = None
    vendor: str | None = None
    subject: str | None = None
    merit_calls: int
    disposition: str | None = None
    change_reason: str | None = None
    reopen_reason: str | None = None
    voter_offer: OfferOnRecord | None = Field(None, description="Of contacts the voter registration law covers.")


class Pile(BaseModel):
    """Completed forms of one day on their way to the election authority."""

    received_on: date
    due_on: date
    forms: int


class Desk(BaseModel):
    """The voter registration desk of an office: counts, no persons, no answers."""

    office_id: str
    election_authority: str | None = None
    local_coordinator: str | None = None
    forms_waiting: list[Pile]
    forms_in_stock: int | None = None
    forms_needed: int | None = Field(None, description="What two months are expected to use.")
    counted_at: datetime | None = None


OFFICE = "SELECT election_authority, local_coordinator FROM offices WHERE id = $1"


class Ones:
    """Answers about one thing at a time."""

    def __init__(self, inside: Inside, asking: Asking) -> None:
        self._inside = inside
        self._asking = asking

    async def request(self, asker: Asker, request_id: str, purpose: str) -> Whole:
        """A request, to those who may see those of its office."""
        look = asker.look("see request", request_id, purpose)
        row = await self._inside.queries.row(ONE, request_id)
        if row is None:
            await self._asking.allow(asker, look, Ability.VIEW, merit=True)
            raise Unanswered(404, "no such request", field="request_id")
        merit = row["request_type"] == RequestType.MERIT_CALL
        await self._asking.allow(asker, look, Ability.VIEW, office=row["office_id"], merit=merit)
        await self._asking.shown(look, [request_id])
        return _whole(row)

    async def mine(self, asker: Asker, purpose: str | None, after: str | None, limit: int) -> Page[Brief]:
        """What the asker is interviewer or caseworker of and is not closed, the newest first."""
        look = asker.look("see own work", asker.person.id, purpose)
        await self._asking.allow(asker, look, Ability.VIEW, merit=True)
        place = place_in(after, datetime, UUID) or (None, None)
        rows: dict[str, Mapping[str, Any]] = {}
        for column in ("r.interviewer", "r.caseworker"):
            query = MINE.format(place=column)
            found = await self._inside.queries.rows(query, asker.person.id, *place, limit + 1)
            rows |= {row["id"]: row for row in found}
        newest = sorted(rows.values(), key=lambda row: (row["received_at"], row["id"]), reverse=True)[: limit + 1]
        page = page_of([brief(row, named=purpose is not None) for row in newest], limit, _by_time)
        if purpose is not None:
            await self._asking.shown(look, ids(page.items))
        return page

    async def voter_desk(self, asker: Asker, office_id: str) -> Desk:
        """Forms and stock of an office, to those who keep its voter log."""
        look = asker.look("see voter registration desk", office_id)
        await self._asking.allow(asker, look, Ability.VOTER_LOG, office=office_id)
        office = await self._inside.queries.row(OFFICE, office_id)
        if office is None:
            raise Unanswered(404, "no such office", field="office_id")
        box = await self._inside.find(FormsBox, office_id) or FormsBox(office_id)
        desk = await self._inside.find(VoterDesk, office_id) or VoterDesk(office_id)
        return Desk(
            office_id=office_id,
            **office,
            forms_waiting=[
                Pile(received_on=pile.received_on, due_on=pile.due_on, forms=len(pile.entries)) for pile in box.piles
            ],
            forms_in_stock=desk.forms_in_stock,
            forms_needed=desk.forms_needed,
            counted_at=desk.counted_at,
        )


def routes(inside: Inside, asking: Asking) -> APIRouter:
    """`/v1/requests/{request_id}`, `/v1/my/requests`, `/v1/offices/{office_id}/voter-registration`."""
    router, ones = APIRouter(), Ones(inside, asking)
    asked = Annotated[Asker, Depends(asking.asker)]

    @router.get("/v1/requests/{request_id}", responses=no(404), summary="See a request")
    async def request(asker: asked, request_id: RequestPath, purpose: PurposeQuery) -> Whole:
        return await ones.request(asker, request_id, purpose)

    @router.get("/v1/my/requests", summary="See what I am assigned to; with a purpose, names as well")
    async def mine(
        asker: asked, purpose: PurposeQuery | None = None, after: AfterQuery = None, limit: LimitQuery = 50
    ) -> Page[Brief]:
        return await ones.mine(asker, purpose, after, limit)

    @router.get(
        "/v1/offices/{office_id}/voter-registration", responses=no(404), summary="See the voter registration desk"
    )
    async def voter_desk(asker: asked, office_id: OfficePath) -> Desk:
        return await ones.voter_desk(asker, office_id)

    return router


def _whole(row: Mapping[str, Any]) -> Whole:
    told = dict(row)
    offer = {name: told.pop(name) for name in ("entries", "missing_at", "letter_day")}
    lists = {name: json.loads(told.pop(name)) for name in ("companions", "intervals", "programs")}
    representative = told.pop("representative")
    rest = {name: value for name, value in told.items() if name not in {"id", *Brief.model_fields}}
    return Whole(
        **brief(row).model_dump(),
        **rest,
        **lists,
        representative=json.loads(representative) if representative else None,
        voter_offer=_offer(offer) if row["nvra_covered"] else None,
    )


def _offer(kept: Mapping[str, Any]) -> OfferOnRecord:
    return OfferOnRecord(
        on_record=bool(kept["entries"]), missing_since=kept["missing_at"], letter_sent_on=kept["letter_day"]
    )


def _by_time(each: Brief) -> tuple[Any, ...]:
    return (each.received_at, each.request_id)
