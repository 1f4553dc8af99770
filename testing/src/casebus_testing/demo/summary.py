"""What the day came to: what was sent, what each service holds, which alert went to whom, and the count."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import asyncpg
from rich.console import Console

from casebus_testing.checker import Verdict
from casebus_testing.checker.evidence import Mail
from casebus_testing.checker.tables import read_mails
from casebus_testing.demo.books import Books, disagreements, tell_books
from casebus_testing.demo.stage import Account, Stage
from casebus_testing.demo.story import Day
from casebus_testing.demo.watch import Seen
from casebus_testing.system import System

TABLES = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND c.relname <> ALL($1::text[]) ORDER BY 1"""
NOT_SHOWN = ("lanes", "progress")
ALERTS = ["A-14", "A-14", "A-16"]
"""One waited too long, one was never timed out, and one was not asked about voter registration."""


@dataclass(frozen=True, slots=True)
class Result:
    """The end of a demo. `failures` are sentences about what was not as it must be."""

    account: Account
    holds: Mapping[str, Mapping[str, int]]
    mails: Sequence[Mail]
    dead: Sequence[tuple[str, Mapping[str, object]]]
    verdict: Verdict
    books: Sequence[Books]
    day: date
    failures: Sequence[str]


async def summed_up(
    system: System, stage: Stage, seen: Seen, verdict: Verdict, books: Sequence[Books], story: Day
) -> Result:
    """Look at everything once more."""
    account = stage.account
    holds = {name: await _holds(process.database) for name, process in system.processes.items()}
    mails = read_mails(system.mailbox)
    failures = [*account.surprises, *_missing(account, seen, mails), *disagreements(books, story)]
    if not verdict.clean:
        failures.append(f"the checker counts {verdict.line}")
    return Result(account, holds, mails, seen.dead, verdict, books, stage.day, failures)


async def _holds(database: str) -> dict[str, int]:
    """Rows of every table that has any."""
    connection = await asyncpg.connect(database)
    try:
        tables = [row["relname"] for row in await connection.fetch(TABLES, list(NOT_SHOWN))]
        counted = {table: await connection.fetchval(f'SELECT count(*) FROM "{table}"') for table in tables}
        return {table: rows for table, rows in counted.items() if rows and not table.startswith(("_", "yoyo"))}
    finally:
        await connection.close()


def _missing(account: Account, seen: Seen, mails: Sequence[Mail]) -> list[str]:
    """What the day should have brought and did not."""
    failures = []
    if account.alert is None:
        failures.append("nobody was alerted about the visitor who waited too long")
    elif len({mail.to for mail in mails}) < len(account.alert["recipients"]):
        failures.append("an alert did not reach every recipient by mail")
    elif not any(each["alert_id"] == account.alert["alert_id"] for each in seen.of_type("alert.resolved")):
        failures.append("the alert was not resolved when the visitor was served")
    raised = sorted(alert["rule"] for alert in seen.of_type("alert.raised"))
    if raised != ALERTS:
        failures.append(f"the alerts raised are {raised}, not {ALERTS}")
    if account.malformed_at not in [_origin(body) for _, body in seen.dead]:
        failures.append("nobody said where the malformed record lies")
    return failures


def _origin(body: Mapping[str, object]) -> tuple[object, ...]:
    origin = body["origin"]
    return (origin["topic"], origin["partition"], origin["offset"]) if isinstance(origin, dict) else ()


def tell(console: Console, result: Result) -> None:
    """Print the summary."""
    _tell_sent(console, result.account)
    console.print("\n[bold]What each service holds[/]")
    for service, tables in result.holds.items():
        held = ", ".join(f"{rows} {table}" for table, rows in tables.items())
        console.print(f"  {service:<14} {held}", highlight=False, soft_wrap=True)
    _tell_alerts(console, result)
    tell_books(console, result.books, result.day)
    _tell_dead(console, result)
    title = "Counted over topics and tables, by a program that knows neither services nor chassis"
    console.print(f"\n[bold]{title}[/]", soft_wrap=True)
    console.print(f"  {result.verdict.line}", style="green" if result.verdict.clean else "red", markup=False)
    for failure in result.failures:
        console.print(f"  not as it must be: {failure}", style="red", markup=False, soft_wrap=True)


def _tell_sent(console: Console, account: Account) -> None:
    console.print("[bold]What was sent[/]")
    by_type: dict[str, list[str]] = {}
    for (type_, outcome), times in sorted(account.answers.items()):
        by_type.setdefault(type_, []).append(f"{times} {outcome}")
    for type_, outcomes in by_type.items():
        console.print(f"  {type_:<14} {', '.join(outcomes)}", highlight=False)
    console.print(f"  {sum(account.answers.values())} commands, and one record nobody can read", highlight=False)


def _tell_alerts(console: Console, result: Result) -> None:
    console.print("\n[bold]Which alert went to whom[/] (from the mailbox)")
    for mail in result.mails:
        console.print(f"  {mail.to}: {mail.title}", markup=False, highlight=False)


def _tell_dead(console: Console, result: Result) -> None:
    console.print("\n[bold]Where the malformed record lies[/]")
    for topic, body in result.dead:
        place = "{}[{}]@{}".format(*_origin(body))
        text = f"  {place}, reason {body['reason']}, told on {topic}; its bytes are in the table `unreadable`"
        console.print(text, markup=False, highlight=False, soft_wrap=True)
