"""The books of the day, asked for over HTTP as those who keep them would: reception log, counts, what is missing."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import httpx
from rich.console import Console
from rich.table import Table

from casebus_cli.client import bearer
from casebus_cli.stack import Stack as Place
from casebus_testing.demo.story import COVERED, ZONE, Day
from casebus_testing.sample import sample

LINES_SHOWN: Final = 6
PURPOSE: Final = "the books of the day"
SENDER: Final = "guest"

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Books:
    """What an office has written down on one day."""

    office: str
    log: Sequence[Row]
    """Its reception log, in the order in which people came."""
    requests: Mapping[str, int]
    """Requests received, by type."""
    registration: Row
    """What voter registration law asks to be counted, for the month."""
    to_correct: Sequence[Row]
    """Covered contacts that nobody asked about voter registration."""
    never_timed_out: Sequence[Row]


async def read_books(place: Place, day: date) -> list[Books]:
    """The books of both offices, read by the supervisor of each."""
    return list(await asyncio.gather(*(_books(place, office, day) for office in sample().offices)))


async def _books(place: Place, office: str, day: date) -> Books:
    headers = {"authorization": f"Bearer {bearer(place, SENDER, sample().staff[office]['supervisor'])}"}
    async with httpx.AsyncClient(base_url=place.door("intake"), headers=headers, timeout=30) as http:
        asked = {"office_id": office, "first_day": str(day), "last_day": str(day)}
        month = {"office_id": office, "month": f"{day:%Y-%m}"}
        received = await _report(http, "requests", {**asked, "by": "type"})
        return Books(
            office,
            await _log(http, office, day),
            {row["key"]: row["received"] for row in received},
            (await _report(http, "voter-registration", month))[0],
            await _report(http, "reconciliation", asked),
            await _report(http, "never-timed-out", asked),
        )


async def _report(http: httpx.AsyncClient, name: str, asked: Mapping[str, str]) -> list[Row]:
    answer = await http.get(f"/v1/reports/{name}", params=asked)
    answer.raise_for_status()
    rows: list[Row] = answer.json()["rows"]
    return rows


async def _log(http: httpx.AsyncClient, office: str, day: date) -> list[Row]:
    found: list[Row] = []
    asked = {"day": str(day), "purpose": PURPOSE, "limit": "100"}
    while True:
        answer = await http.get(f"/v1/offices/{office}/reception-log", params=asked)
        answer.raise_for_status()
        page = answer.json()
        found += page["items"]
        if not page.get("next"):
            return found
        asked["after"] = page["next"]


def disagreements(books: Sequence[Books], day: Day) -> list[str]:
    """Sums of the books that are not what was sent, as sentences."""
    return [sentence for each in books for sentence in _disagreements(each, day)]


def _disagreements(books: Books, day: Day) -> list[str]:
    office, counted = books.office, books.registration
    covered = day.covered(office)
    missing = [day.not_asked.request_id] if day.not_asked.office == office else []
    forgotten = [day.forgotten.request_id] if day.forgotten.office == office else []
    came = Counter(visit.request_id for visit in day.visits if visit.office == office)
    sums = {
        "the reception log": (Counter(row["request_id"] for row in books.log), came),
        "requests by type": (Counter(books.requests), day.received(office)),
        "covered contacts": (Counter({reason: counted[reason] for reason in COVERED}), covered),
        "the sum of covered contacts": (counted["covered_contacts"], covered.total()),
        "entries in the voter log": (counted["entries"], day.logged(office)),
        "contacts to be corrected": ([row["request_id"] for row in books.to_correct], missing),
        "visits never timed out": ([row["request_id"] for row in books.never_timed_out], forgotten),
    }
    return [
        f"{what} of {office} says {_short(found)}, and {_short(sent)} was sent"
        for what, (found, sent) in sums.items()
        if found != sent
    ]


def _short(value: object) -> str:
    return f"{value.total()} ({len(value)} kinds)" if isinstance(value, Counter) else str(value)


def tell_books(console: Console, books: Sequence[Books], day: date) -> None:
    """Print them: the log only in part."""
    for each in books:
        console.print(f"\n[bold]The books of {each.office}, {day:%d %B %Y}[/] (over HTTP, as its supervisor)")
        console.print(_log_table(each))
        received = ", ".join(f"{number} {kind}" for kind, number in sorted(each.requests.items()))
        counted = each.registration
        reasons = ", ".join(f"{counted[reason]} {reason}" for reason in sorted(COVERED))
        corrected = ", ".join(f"ticket {row['ticket']}" for row in each.to_correct) or "nobody"
        unended = ", ".join(f"ticket {row['ticket']}" for row in each.never_timed_out) or "nobody"
        for what, text in (
            ("requests received", received),
            ("covered contacts", f"{counted['covered_contacts']}: {reasons}"),
            ("voter log", f"{counted['entries']} entries, {counted['letters']} letters"),
            ("needs a letter", corrected),
            ("never timed out", unended),
        ):
            console.print(f"  {what:<18} {text}", highlight=False, markup=False, soft_wrap=True)


def _log_table(books: Books) -> Table:
    table = Table("came", "ticket", "for", "visit", box=None, header_style="bold", padding=(0, 2))
    half = LINES_SHOWN // 2
    for row in (*books.log[:half], None, *books.log[-half:]):
        if row is None:
            table.add_row("...", "", f"{len(books.log) - 2 * half} more", "")
        else:
            came = datetime.fromisoformat(row["received_at"]).astimezone(ZONE)
            table.add_row(
                f"{came:%H:%M}", str(row.get("ticket", "")), ", ".join(row["reasons"]), row.get("visit_status", "")
            )
    return table
