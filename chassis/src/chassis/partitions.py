"""The days of the inbox and the months of the journal: made ahead, dropped when their time is over."""

from datetime import UTC, date, datetime, timedelta

from casebus_contracts.base import ID_WINDOW
from chassis.database import Connection

_DAYS_AHEAD = 3
_MONTHS_AHEAD = 1


async def keep_partitions(connection: Connection, now: datetime) -> None:
    """Make the partitions that messages of this moment (real time) can fall into; drop the days nobody asks for."""
    async with connection.transaction():
        # Two copies starting at once would make the same table.
        await connection.execute("SELECT pg_advisory_xact_lock(hashtext('partitions'))")
        await _keep(connection, now)


async def _keep(connection: Connection, now: datetime) -> None:
    today = now.astimezone(UTC).date()
    oldest = today - ID_WINDOW - timedelta(days=1)
    for number in range((today - oldest).days + _DAYS_AHEAD + 1):
        await _make_day(connection, oldest + timedelta(days=number))
    await _drop_days_before(connection, oldest)
    first = today.replace(day=1)
    for _ in range(_MONTHS_AHEAD + 1):
        following = (first + timedelta(days=32)).replace(day=1)
        await _make_month(connection, first, following)
        first = following


def day_bound(day: date) -> str:
    """The lowest uuid7 of a UTC day."""
    number = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)
    return f"{number >> 16:08x}-{number & 0xFFFF:04x}-0000-0000-000000000000"


async def _make_day(connection: Connection, day: date) -> None:
    await connection.execute(
        f"CREATE TABLE IF NOT EXISTS inbox_{day:%Y%m%d} PARTITION OF inbox "
        f"FOR VALUES FROM ('{day_bound(day)}') TO ('{day_bound(day + timedelta(days=1))}')"
    )


async def _drop_days_before(connection: Connection, oldest: date) -> None:
    names = await connection.fetch(
        "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'inbox'::regclass "
        "AND inhrelid::regclass::text < $1",
        f"inbox_{oldest:%Y%m%d}",
    )
    for row in names:
        await connection.execute(f"DROP TABLE {row['name']}")


async def _make_month(connection: Connection, first: date, following: date) -> None:
    name = f"journal_{first:%Y%m}"
    await connection.execute(
        f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF journal FOR VALUES FROM ('{first}') TO ('{following}')"
    )
    await connection.execute(
        f"CREATE UNIQUE INDEX IF NOT EXISTS {name}_sequence ON {name} (aggregate, aggregate_id, sequence)"
    )
