"""The reports: which question each asks, and what becomes of the answer. Figures of any year, from roll-ups."""

import json
from asyncio import gather
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from chassis.queries import Queries
from chassis.rules import Counts
from intake import tallies
from intake.reports import counting, sql
from intake.reports.figures import Histogram
from intake.reports.question import By, EntriesBy, OfficesBy, Question, RequestsBy, VendorsBy, WalkInsBy
from intake.reports.rows import (
    Entries,
    Estimates,
    Forms,
    MeritCalls,
    Registration,
    Requests,
    Signatures,
    Times,
    ToCorrect,
    Unended,
    Vendors,
    Visits,
    WalkIns,
)

SHOWN_ROWS = 500
"""Of a list, as JSON."""
PAGE_ROWS = SHOWN_ROWS + 1
"""Of a list, asked for at once: one more, so that the first page tells whether there are more."""

_PLACED = {By.REGION.value: "region_id", By.COUNTY.value: "county_fips"}


class Catalogue:
    """Answers the questions of reports."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries

    async def walk_ins(self, asked: Question, by: WalkInsBy) -> list[WalkIns]:
        """How many came, and what for."""
        if by is WalkInsBy.REASON:
            reasons = await self._whole(asked, tallies.REASONS_WALK_IN)
            return [WalkIns(key=reason, walk_ins=n) for (_, reason), n in sorted(reasons.items())]
        found = await self._counted(by.value, asked, tallies.HOURS)
        return [WalkIns(key=key, walk_ins=counting.of(counts, tallies.HOURS)) for key, counts in found.items()]

    async def requests(self, asked: Question, by: RequestsBy) -> list[Requests]:
        """Received, closed, open; by type, or by place or time."""
        named = (tallies.REQUESTS, tallies.ANONYMOUS, tallies.CLOSED)
        if by is RequestsBy.TYPE:
            found = counting.by_label(await self._whole(asked, *named), 0)
        else:
            found = await self._counted(by.value, asked, *named)
        return [counting.requests(key, counts) for key, counts in found.items()]

    async def signatures(self, asked: Question, by: By) -> list[Signatures]:
        """Anonymous and unsigned ones."""
        found = await self._counted(by.value, asked, tallies.ANONYMOUS, tallies.UNSIGNED)
        return [counting.signatures(key, counts) for key, counts in found.items()]

    async def visits(self, asked: Question, by: By) -> list[Visits]:
        """How visits ended."""
        found = await self._counted(by.value, asked, tallies.UNSERVED, tallies.WAIT)
        return [counting.visits(key, counts) for key, counts in found.items()]

    async def times(self, asked: Question, by: By) -> list[Times]:
        """Waits and services."""
        found = await self._spread(by, asked, tallies.WAIT, tallies.SERVICE)
        return [counting.times(key, each) for key, each in sorted(found.items())]

    async def estimates(self, asked: Question, by: By) -> list[Estimates]:
        """Told against real."""
        found = await self._spread(by, asked, tallies.ESTIMATE)
        return [counting.estimates(key, each) for key, each in sorted(found.items())]

    async def entries(self, asked: Question, by: EntriesBy) -> list[Entries]:
        """The voter log, counted."""
        if by in (EntriesBy.OCCASION, EntriesBy.CHANNEL):
            part = 0 if by is EntriesBy.OCCASION else 1
            found = counting.by_label(await self._whole(asked, tallies.ENTRIES), part)
        else:
            found = await self._counted(by.value, asked, tallies.ENTRIES)
        return [Entries(key=key, entries=counting.of(counts, tallies.ENTRIES)) for key, counts in found.items()]

    async def registration(self, asked: Question, by: OfficesBy) -> list[Registration]:
        """A month of voter registration; the last row, `state`, is the sum where there are several."""
        reasons = (tallies.REASONS_WALK_IN, tallies.REASONS_SPOKEN)
        named = (tallies.REQUESTS, *reasons, tallies.ENTRIES, tallies.ANSWERS, tallies.LETTERS)
        covered = [row["id"] for row in await self._queries.rows(sql.COVERED_REASONS)]
        found = await self._counted(by.value, asked, *named)
        rows = [counting.registration(key, counts, covered) for key, counts in found.items()]
        if len(rows) < 2:
            return rows
        return [*rows, counting.registration("state", counting.together(found.values()), covered)]

    async def merit_calls(self, asked: Question, by: By) -> list[MeritCalls]:
        """Cases, and the calls about them."""
        found = await self._counted(by.value, asked, tallies.REQUESTS, tallies.MERIT_CALLS)
        rows = [
            MeritCalls(
                key=key,
                cases=counting.of(counts, tallies.REQUESTS, begins="merit_call"),
                calls=counting.of(counts, tallies.MERIT_CALLS),
            )
            for key, counts in found.items()
        ]
        return [row for row in rows if row.cases or row.calls]

    async def vendors(self, asked: Question, by: VendorsBy) -> list[Vendors]:
        """Contacts with vendors."""
        if by is VendorsBy.VENDOR:
            days = asked.period.first, asked.period.last
            rows = await self._queries.rows(sql.VENDORS, list(asked.offices), *days)
            return [Vendors(key=row["key"], contacts=row["n"]) for row in rows]
        found = await self._counted(by.value, asked, tallies.REQUESTS)
        counted = ((key, counting.of(each, tallies.REQUESTS, begins="vendor_contact")) for key, each in found.items())
        return [Vendors(key=key, contacts=contacts) for key, contacts in counted if contacts]

    async def forms(self, asked: Question, now: datetime) -> list[Forms]:
        """Completed forms that lie in offices now, the most urgent first."""
        rows = await self._queries.rows(sql.FORMS, list(asked.offices), now)
        return [
            Forms(
                office_id=row["office_id"],
                forms=row["forms"],
                oldest_received_on=row["oldest_received_on"],
                oldest_days=(row["today"] - row["oldest_received_on"]).days,
                next_due_on=row["next_due_on"],
                overdue=row["overdue"],
            )
            for row in rows
        ]

    async def to_correct(self, asked: Question) -> AsyncIterator[list[ToCorrect]]:
        """Contacts on the reception log without an entry or a letter, office by office, a page at a time."""
        behind: tuple[Any, ...] = ("", datetime.fromtimestamp(0, UTC), UUID(int=0))
        async for rows in self._pages(sql.RECONCILIATION, asked, behind, ("office_id", "place", "request_id")):
            yield [_to_correct(row) for row in rows]

    async def unended(self, asked: Question) -> AsyncIterator[list[Unended]]:
        """Visits that closing time ended, office by office, a page at a time."""
        behind: tuple[Any, ...] = ("", date.min, 0)
        async for rows in self._pages(sql.NEVER_TIMED_OUT, asked, behind, ("office_id", "ticket_day", "ticket")):
            yield [Unended(**row) for row in rows]

    async def _pages(
        self, query: str, asked: Question, behind: tuple[Any, ...], place: Sequence[str]
    ) -> AsyncIterator[Sequence[Any]]:
        """Pages of a list; `place` are the columns that say where the next one begins."""
        days = asked.period.first, asked.period.last
        while True:
            rows = await self._queries.rows(query, list(asked.offices), *days, PAGE_ROWS, *behind)
            if rows:
                yield rows
            if len(rows) < PAGE_ROWS:
                return
            behind = tuple(rows[-1][name] for name in place)

    async def _counted(self, by: str, asked: Question, *named: str) -> dict[str, Counts]:
        cells = await self._cells(sql.counted(by), by, asked, named)
        return counting.by_key(cells, await self._naming(by, asked))

    async def _whole(self, asked: Question, *named: str) -> Counts:
        """The counts of all offices and days together."""
        return (await self._counted("label", asked, *named)).get("", {})

    async def _spread(self, by: By, asked: Question, *named: str) -> dict[str, dict[str, Histogram]]:
        cells = await self._cells(sql.spread(by.value), by.value, asked, named)
        return counting.histograms(cells, await self._naming(by.value, asked))

    async def _naming(self, by: str, asked: Question) -> counting.Naming:
        if (column := _PLACED.get(by)) is None:
            return counting.naming(by, {})
        rows = await self._queries.rows(sql.PLACES, list(asked.offices))
        return counting.naming(by, {row["id"]: row[column] for row in rows})

    async def _cells(self, query: str, by: str, asked: Question, named: Sequence[str]) -> Sequence[Any]:
        """Whole months as they are filed by month, the days around them as by day; asked for side by side."""
        months, around = (None, (asked.period,)) if by == "day" else asked.period.in_parts()
        by_day = [name for name in named if name not in tallies.BY_MONTH]
        parts = [(by_day, asked.period), *((_filed(named), days) for days in around)]
        if months is not None:
            parts.append(([tallies.BY_MONTH[name] for name in _filed(named)], months))
        offices = list(asked.offices)
        asking = [self._queries.rows(query, names, offices, days.first, days.last) for names, days in parts if names]
        return [row for rows in await gather(*asking) for row in rows]


def _filed(named: Sequence[str]) -> list[str]:
    return [name for name in named if name in tallies.BY_MONTH]


def _to_correct(row: Any) -> ToCorrect:
    told = {name: value for name, value in row.items() if name not in ("place", "reasons")}
    return ToCorrect(**told, reasons=json.loads(row["reasons"]))
