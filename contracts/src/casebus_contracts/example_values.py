"""Ids and times that the examples share."""

from datetime import UTC, datetime

REQUEST = "019ab62b-dfc0-7a31-8f02-6b1d0c5e9a10"
CLIENT = "019ab62b-dfc0-7b52-9c44-0d7e13f8b2a6"
ALERT = "019ab647-5700-7c63-a1d5-27c94e60d318"
TWIN = "019ab62b-dfc0-7c11-a3f0-5b0c7d21e964"
ENTRY = "019ab640-1f2e-7d05-9b66-3a7c88e0d412"
CALL = "019ab641-7a90-7e88-8c15-90d2f4b61a37"
MEMO = "019ab5d0-3c80-7f19-b2c4-18e6a0d94f27"
COMMAND = "019ab62b-e1b4-7d14-b7e6-58f0a2c3714b"
FACT = "019ab62b-e20d-7e25-82a7-91b3c6d4f05e"
REGION, COUNTY, OFFICE = "northeast", "29001", "adair"
GREETER, SPECIALIST, SUPERVISOR = "adair-greeter", "adair-es", "adair-supervisor"


def at(hour: int, minute: int, second: int = 0) -> datetime:
    """A moment of that morning, UTC."""
    return datetime(2025, 11, 24, hour, minute, second, tzinfo=UTC)


ARRIVED, IN, CORRECTED_IN, OUT = at(14, 2), at(14, 36, 40), at(14, 34), at(14, 50, 10)
OVERDUE, SEEN, GONE = at(14, 32), at(14, 33, 5), at(14, 40)
