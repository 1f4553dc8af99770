"""The days of the inbox and the months of the journal: made ahead, dropped when their time is over.

A month of the journal goes, with the audit of that month, only when all its days are sealed; the seals stay.
"""

from datetime import UTC, date, datetime, timedelta

from casebus_contracts.base import ID_WINDOW
from chassis.database import Connection

_DAYS_AHEAD = 3
_MONTHS_AHEAD = 1

_AUDIT_FORGOTTEN = "DELETE FROM audit WHERE recorded_at < $1::date"

_PARTS_BEFORE = """
SELECT inhrelid::regclass::text AS name FROM pg_inherits
WHERE inhparent = $1::text::regclass AND inhrelid::regclass::text < $2 ORDER BY 1"""


async def keep_partitions(connection: Connection, now: datetime, journal_months: int | None = None) -> None:
    """Make the partitions that messages of this moment (real time) can fall into; drop what nobody asks for.

    `journal_months`: how many whole months before this one the journal is kept; None for ever.
    """
    async with connection.transaction():
        # Two copies starting at once would make the same table.
        await connection.execute("SELECT pg_advisory_xact_lock(hashtext('partitions'))")
        await _keep(connection, now)
        if journal_months is not None:
            await _forget_months(connection, _months_back(now.astimezone(UTC).date(), journal_months))


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
    await _drop(connection, "inbox", f"inbox_{oldest:%Y%m%d}")


async def _drop(connection: Connection, table: str, first_kept: str) -> int:
    names = [row["name"] for row in await connection.fetch(_PARTS_BEFORE, table, first_kept)]
    for name in names:
        await connection.execute(f"DROP TABLE {name}")
    return len(names)


async def _forget_months(connection: Connection, kept_since: date) -> None:
    """Drop the journal's months before this one, as far as they are sealed, and the audit of the same time."""
    sealed: date | None = await connection.fetchval("SELECT max(day) FROM seals")
    if sealed is None:
        return
    first_kept = min(kept_since, (sealed + timedelta(days=1)).replace(day=1))
    if await _drop(connection, "journal", f"journal_{first_kept:%Y%m}"):
        await _forget_audit(connection, first_kept)


async def _forget_audit(connection: Connection, first_kept: date) -> None:
    """Nobody may delete here, the owner not either; for this one statement it allows itself to."""
    await connection.execute("GRANT DELETE ON audit TO CURRENT_USER")
    await connection.execute(_AUDIT_FORGOTTEN, first_kept)
    await connection.execute("REVOKE DELETE ON audit FROM CURRENT_USER")


def _months_back(day: date, months: int) -> date:
    """The first day of the month that lies so many before that of `day`."""
    number = day.year * 12 + day.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)


async def _make_month(connection: Connection, first: date, following: date) -> None:
    name = f"journal_{first:%Y%m}"
    await connection.execute(
        f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF journal FOR VALUES FROM ('{first}') TO ('{following}')"
    )
    await connection.execute(
        f"CREATE UNIQUE INDEX IF NOT EXISTS {name}_sequence ON {name} (aggregate, aggregate_id, sequence)"
    )
