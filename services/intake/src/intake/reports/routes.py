"""Reports over HTTP, `/v1/reports/...`: JSON or, with `format=csv`, a streamed file.

A report of one office is for who may see it; one over several offices is a report of Central Office (I-23, I-59).
They count, or list opaque ids: nothing about persons, so that no purpose is asked for and no record kept.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse

from access.asking import Asker, Asking, Narrowed, Scope, Within
from access.matrix import Ability
from casebus_contracts.base import Day, Month
from chassis.csv_out import MEDIA_TYPE, Format, Wanted, csv_response
from chassis.inside import Inside
from chassis.openapi import no
from chassis.problems import Unanswered
from intake.reports import rows
from intake.reports.queries import SHOWN_ROWS, Catalogue
from intake.reports.question import (
    LONGEST_BY_DAY,
    By,
    EntriesBy,
    NotAPeriod,
    OfficesBy,
    Period,
    Question,
    RequestsBy,
    VendorsBy,
    WalkInsBy,
    month_of,
    period_of,
)

ANSWERS: dict[int | str, dict[str, Any]] = {
    **no(404),
    200: {"description": "the report", "content": {MEDIA_TYPE: {"schema": {"type": "string"}}}},
}
FIRST = Query(description="The first day, of the calendar of each office. Usually 30 days before the last one.")
LAST = Query(description="The last day, included; at most 366 days after the first. Usually today.")
MonthQuery = Annotated[Month, Query(description="The month, `YYYY-MM`.")]


class Desk:
    """Lets people ask, and puts answers into the shape they asked for."""

    def __init__(self, inside: Inside, asking: Asking) -> None:
        self._inside = inside
        self._asking = asking

    async def ordinary(
        self,
        request: Request,
        narrowed: Narrowed,
        first_day: Annotated[Day | None, FIRST] = None,
        last_day: Annotated[Day | None, LAST] = None,
    ) -> Question:
        """A question about some days."""
        asker, period = await self._asking.asker(request), self._period(first_day, last_day)
        return Question(await self._offices(asker, request, narrowed), period)

    async def merit(
        self,
        request: Request,
        narrowed: Narrowed,
        first_day: Annotated[Day | None, FIRST] = None,
        last_day: Annotated[Day | None, LAST] = None,
    ) -> Question:
        """The same, where the merit call center may ask as well."""
        asker, period = await self._asking.asker(request), self._period(first_day, last_day)
        return Question(await self._offices(asker, request, narrowed, merit=True), period)

    async def monthly(self, request: Request, narrowed: Narrowed, month: MonthQuery) -> Question:
        """A question about a month."""
        asker, period = await self._asking.asker(request), self._month(month)
        return Question(await self._offices(asker, request, narrowed), period)

    async def told(self, kind: type[rows.AnyRow], asked: Question, found: Sequence[rows.AnyRow], wanted: Format) -> Any:
        """Rows that are there."""

        async def pages() -> AsyncIterator[Sequence[rows.AnyRow]]:
            yield found

        if wanted is Format.CSV:
            return await self._csv(kind, asked, pages())
        return self._json(kind, asked, found, more=False)

    async def listed(
        self, kind: type[rows.AnyRow], asked: Question, pages: AsyncIterator[Sequence[rows.AnyRow]], wanted: Format
    ) -> Any:
        """Rows that are found a page at a time; as JSON the first of them."""
        if wanted is Format.CSV:
            return await self._csv(kind, asked, pages)
        found: list[rows.AnyRow] = []
        async for page in pages:
            found += page
            if len(found) > SHOWN_ROWS:
                break
        return self._json(kind, asked, found[:SHOWN_ROWS], more=len(found) > SHOWN_ROWS)

    @staticmethod
    async def _csv(kind: type[rows.Row], asked: Question, pages: AsyncIterator[Sequence[rows.Row]]) -> Response:
        columns = list(kind.model_fields)
        values = ([[getattr(row, name) for name in columns] for row in page] async for page in pages)
        name = f"{kind.__name__}-{asked.period.first}-{asked.period.last}".lower()
        return await csv_response(name, columns, values)

    @staticmethod
    def _json(kind: type[rows.Row], asked: Question, found: Sequence[rows.Row], *, more: bool) -> Response:
        days = {"first_day": str(asked.period.first), "last_day": str(asked.period.last)}
        listed = [row.model_dump(mode="json") for row in found]
        return JSONResponse({**days, "offices": len(asked.offices), "rows": listed, "more": more})

    async def _offices(
        self, asker: Asker, request: Request, narrowed: Within, *, merit: bool = False
    ) -> tuple[str, ...]:
        """The offices whose figures the asker gets: own or any one; several only for Central Office."""
        look = asker.look(f"report {request.url.path.rpartition('/')[2]}")
        scope: Scope = await self._asking.scope(asker, look, Ability.REPORTS, narrowed)
        if scope.merit_only and not merit:
            await self._asking.allow(asker, look, Ability.REPORTS, office=scope.offices[0])
        if len(scope.offices) > 1:
            await self._asking.allow(asker, look, Ability.CENTRAL_REPORTS)
        return scope.offices

    @staticmethod
    def _month(month: str) -> Period:
        try:
            return month_of(month)
        except ValueError:
            raise Unanswered(400, "no month of our calendar", field="month") from None

    def _period(self, first: date | None, last: date | None) -> Period:
        try:
            return period_of(first, last, self._inside.clock.now().date())
        except NotAPeriod as wrong:
            raise Unanswered(400, str(wrong), field=wrong.field) from None


def make_reports(inside: Inside) -> APIRouter:
    """The routes under `/v1/reports`."""
    router = APIRouter(prefix="/v1/reports")
    desk, catalogue = Desk(inside, Asking(inside)), Catalogue(inside.queries)
    _offer_reception(router, desk, catalogue)
    _offer_registration(router, desk, catalogue, inside)
    return router


def _get(router: APIRouter, path: str, kind: type[rows.Row]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A report as an operation; its answer is made by hand, and declared."""
    model = rows.Report[kind]  # type: ignore[valid-type]
    answers = {**ANSWERS, 200: {**ANSWERS[200], "model": model}}
    return router.get(path, response_model=None, responses=answers, description=kind.__doc__)


def _offer_reception(router: APIRouter, desk: Desk, catalogue: Catalogue) -> None:
    asking = Annotated[Question, Depends(desk.ordinary)]
    merit = Annotated[Question, Depends(desk.merit)]

    @_get(router, "/walk-ins", rows.WalkIns)
    async def walk_ins(asked: asking, by: WalkInsBy = WalkInsBy.REASON, format: Wanted = Format.JSON) -> Any:
        return await desk.told(rows.WalkIns, asked, await catalogue.walk_ins(asked, by), format)

    @_get(router, "/requests", rows.Requests)
    async def requests(asked: asking, by: RequestsBy = RequestsBy.TYPE, format: Wanted = Format.JSON) -> Any:
        return await desk.told(rows.Requests, asked, await catalogue.requests(asked, by), format)

    @_get(router, "/anonymous-and-unsigned", rows.Signatures)
    async def signatures(asked: asking, by: By = By.OFFICE, format: Wanted = Format.JSON) -> Any:
        return await desk.told(rows.Signatures, asked, await catalogue.signatures(asked, by), format)

    @_get(router, "/visits", rows.Visits)
    async def visits(asked: asking, by: By = By.OFFICE, format: Wanted = Format.JSON) -> Any:
        _bounded(asked, by)
        return await desk.told(rows.Visits, asked, await catalogue.visits(asked, by), format)

    @_get(router, "/never-timed-out", rows.Unended)
    async def unended(asked: asking, format: Wanted = Format.JSON) -> Any:
        return await desk.listed(rows.Unended, asked, catalogue.unended(asked), format)

    @_get(router, "/times", rows.Times)
    async def times(asked: asking, by: By = By.OFFICE, format: Wanted = Format.JSON) -> Any:
        _bounded(asked, by)
        return await desk.told(rows.Times, asked, await catalogue.times(asked, by), format)

    @_get(router, "/estimates", rows.Estimates)
    async def estimates(asked: asking, by: By = By.OFFICE, format: Wanted = Format.JSON) -> Any:
        _bounded(asked, by)
        return await desk.told(rows.Estimates, asked, await catalogue.estimates(asked, by), format)

    @_get(router, "/merit-calls", rows.MeritCalls)
    async def merit_calls(asked: merit, by: By = By.OFFICE, format: Wanted = Format.JSON) -> Any:
        return await desk.told(rows.MeritCalls, asked, await catalogue.merit_calls(asked, by), format)

    @_get(router, "/vendors", rows.Vendors)
    async def vendors(asked: asking, by: VendorsBy = VendorsBy.VENDOR, format: Wanted = Format.JSON) -> Any:
        return await desk.told(rows.Vendors, asked, await catalogue.vendors(asked, by), format)


def _bounded(asked: Question, by: By) -> None:
    if by is By.DAY and asked.period.days > LONGEST_BY_DAY:
        raise Unanswered(400, f"by day at most {LONGEST_BY_DAY} days", field="by")


def _offer_registration(router: APIRouter, desk: Desk, catalogue: Catalogue, inside: Inside) -> None:
    asking = Annotated[Question, Depends(desk.ordinary)]
    monthly = Annotated[Question, Depends(desk.monthly)]

    @_get(router, "/voter-log", rows.Entries)
    async def entries(asked: asking, by: EntriesBy = EntriesBy.OCCASION, format: Wanted = Format.JSON) -> Any:
        return await desk.told(rows.Entries, asked, await catalogue.entries(asked, by), format)

    @_get(router, "/voter-registration", rows.Registration)
    async def registration(asked: monthly, by: OfficesBy = OfficesBy.OFFICE, format: Wanted = Format.JSON) -> Any:
        return await desk.told(rows.Registration, asked, await catalogue.registration(asked, by), format)

    @_get(router, "/reconciliation", rows.ToCorrect)
    async def to_correct(asked: asking, format: Wanted = Format.JSON) -> Any:
        return await desk.listed(rows.ToCorrect, asked, catalogue.to_correct(asked), format)

    @_get(router, "/voter-forms", rows.Forms)
    async def forms(asked: asking, format: Wanted = Format.JSON) -> Any:
        found = await catalogue.forms(asked, inside.clock.now())
        return await desk.told(rows.Forms, asked, found, format)
