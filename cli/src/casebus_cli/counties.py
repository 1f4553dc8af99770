"""`casebus counties`: the 114 counties of Missouri and the City of St. Louis, loaded in the name of `system`.

They start out in one region; Central Office moves them to theirs with `UpsertCounty`. Counties that
the directory knows already are left as they are.
"""

import argparse
import asyncio
import csv
from pathlib import Path
from typing import Final

from access.proofs import SYSTEM
from casebus_cli.bootstrap import load
from casebus_cli.orders import Order
from casebus_cli.stack import find_stack

FILE: Final = Path(__file__).with_name("counties.csv")
"""FIPS code and name of each, as the census has them."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--region", default="missouri", help="id of the region they start out in")
    parser.add_argument("--region-name", default="Missouri", help="its name, if it is new")


def run(arguments: argparse.Namespace) -> int:
    """Send what the directory does not hold yet; exit status 1 if any was not accepted."""
    orders = county_orders(arguments.region, arguments.region_name)
    return asyncio.run(load(find_stack(arguments.stack), orders, arguments.sender))


def county_orders(region_id: str, region_name: str) -> list[Order]:
    """The region, then its 115 counties."""
    with FILE.open(encoding="utf-8", newline="") as lines:
        counties = [{**row, "region_id": region_id} for row in csv.DictReader(lines)]
    region = Order("UpsertRegion", {"region_id": region_id, "name": region_name}, SYSTEM)
    return [region, *(Order("UpsertCounty", county, SYSTEM) for county in counties)]
