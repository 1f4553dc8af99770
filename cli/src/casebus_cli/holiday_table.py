"""`casebus holidays YEAR...`: the state holidays of Missouri, loaded in the name of `system`.

A well-kept library knows the days; two things of it are put right: Lincoln Day is missing, and of a holiday on a
weekend only the day on which it is kept counts. Dates that the table knows already are left as they are.
"""

import argparse
import asyncio
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

import holidays

from access.proofs import SYSTEM
from casebus_cli.bootstrap import load
from casebus_cli.orders import Order
from casebus_cli.stack import find_stack

SATURDAY, SUNDAY = 5, 6
FIRST_YEAR, LAST_YEAR = 2000, 2100
LINCOLN: Final = "Lincoln Day"


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("year", type=int, nargs="+", choices=range(FIRST_YEAR, LAST_YEAR), metavar="YEAR")


def run(arguments: argparse.Namespace) -> int:
    """Send what the table does not hold yet; exit status 1 if any was not accepted."""
    return asyncio.run(load(find_stack(arguments.stack), holiday_orders(arguments.year), arguments.sender))


def holiday_orders(years: Iterable[int]) -> list[Order]:
    """One order per day, in order of date."""
    days = {day: name for year in years for day, name in state_holidays(year).items()}
    return [
        Order("SetHoliday", {"date": day.isoformat(), "name": name, "closed": True}, SYSTEM)
        for day, name in sorted(days.items())
    ]


def state_holidays(year: int) -> dict[date, str]:
    """The days on which the offices of the state are closed, by date."""
    known = dict(holidays.country_holidays("US", subdiv="MO", years=year).items())
    lincoln = date(year, 2, 12)
    kept = _kept(lincoln)
    known[kept] = LINCOLN if kept == lincoln else f"{LINCOLN} (observed)"
    return {day: name for day, name in known.items() if day.weekday() not in (SATURDAY, SUNDAY)}


def _kept(day: date) -> date:
    """A holiday on Saturday is kept on Friday, one on Sunday on Monday."""
    return day + {SATURDAY: timedelta(days=-1), SUNDAY: timedelta(days=1)}.get(day.weekday(), timedelta())
