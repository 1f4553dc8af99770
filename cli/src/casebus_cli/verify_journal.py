"""`casebus verify-journal`: whether every journal is as it was written; what was removed, changed or swapped is named.

It reads with a user who may only read, shares no code with the services, and looks at one moment of each database.
"""

import argparse
import os
from typing import Final

import psycopg

from casebus_cli.errors import CliError
from casebus_cli.journal import Report, read_journal
from casebus_cli.stack import find_stack

DATABASE_VARIABLE: Final = "CASEBUS_DATABASE_REPORT"
SHOWN: Final = 100


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--service", action="append", help="only this one; may be given again")
    parser.add_argument(
        "--database",
        default=os.environ.get(DATABASE_VARIABLE),
        help=f"connection text of the database of one service, instead of the stack's file ({DATABASE_VARIABLE})",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print what was found; exit status 1 if anything is amiss."""
    reports = [_read(service, dsn) for service, dsn in _databases(arguments).items()]
    for report in reports:
        print(_summary(report))
        for finding in report.findings[:SHOWN]:
            print(f"  {finding}")
        if len(report.findings) > SHOWN:
            print(f"  and {len(report.findings) - SHOWN:,} more")
    return 1 if any(report.findings for report in reports) else 0


def _databases(arguments: argparse.Namespace) -> dict[str, str]:
    if arguments.database:
        return {arguments.service[0] if arguments.service else "database": arguments.database}
    databases = find_stack(arguments.stack).databases
    wanted = arguments.service or list(databases)
    if unknown := [service for service in wanted if service not in databases]:
        raise CliError(f"The stack names no database of {', '.join(unknown)}.")
    return {service: databases[service] for service in wanted}


def _read(service: str, dsn: str) -> Report:
    try:
        return read_journal(service, dsn)
    except psycopg.Error as error:
        raise CliError(f"The database of {service} cannot be read: {type(error).__name__}.") from None


def _summary(report: Report) -> str:
    amiss = f"{len(report.findings):,} findings" if report.findings else "nothing amiss"
    dropped = f", {report.days_dropped} of them of months no longer kept" if report.days_dropped else ""
    return (
        f"{report.service}: {report.rows:,} rows of {report.aggregates:,} aggregates, "
        f"{report.seals:,} sealed days{dropped}: {amiss}"
    )
