"""Rows as months of work leave them behind, loaded by COPY: requests, inbox, journal, clocks.

Row number `n` is about request `request_id(n)` of office `walkins.office(n)`. Ids are spread over the 34 days that an
inbox looks back, in no order.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

import asyncpg

from bench import walkins
from chassis.database import open_pool
from chassis.seals import Sealer

_DAYS: Final = 34
_REQUEST: Final = (
    "id", "version", "head", "request_type", "office_id", "channel", "reasons", "anonymous", "priority",
    "nvra_covered", "received_at", "created_by", "client", "county_fips", "unsigned", "companions", "status",
    "accurate",
)  # fmt: skip
_VISIT: Final = (
    "visit_status",
    "ticket",
    "ticket_day",
    "people_ahead_told",
    "estimate_told_minutes",
    "arrived_at",
    "intervals",
)
_INBOX: Final = ("id", "sender", "topic", "partition", "position", "hash", "state", "receipt", "at")
_JOURNAL: Final = (
    "aggregate", "aggregate_id", "sequence", "fact_id", "type", "body", "actor", "cause", "at", "hash", "recorded_at",
)  # fmt: skip
_CLIENT: Final = json.dumps({"last_name": "Doe", "first_name": "Jo", "birth_date": "1980-02-29"})


def request_id(number: int) -> str:
    """The same for the same number."""
    return _spread("request", number)


async def requests(connection: Any, numbers: Sequence[int], *, waiting_since: datetime | None = None) -> None:
    """Walk-ins that were created, and have checked in if somebody waits since then."""
    columns = _REQUEST if waiting_since is None else (*_REQUEST, *_VISIT)
    rows = (_request(number, waiting_since) for number in numbers)
    await connection.copy_records_to_table("requests", records=rows, columns=columns)
    await connection.execute("ANALYZE requests")


async def clocks(connection: Any, due: Sequence[tuple[int, datetime]]) -> None:
    """The clocks that watch how long the visitors of these requests wait."""
    rows = (("request", request_id(number), "waiting", moment) for number, moment in due)
    await connection.copy_records_to_table(
        "timers", records=rows, columns=("aggregate", "aggregate_id", "name", "due_at")
    )
    await connection.execute("ANALYZE timers")


async def history(dsn: str, count: int) -> None:
    """`count` rows each of requests, inbox and journal, about the requests 0 to `count` - 1. Past days are sealed."""
    connection = await asyncpg.connect(dsn)
    await requests(connection, range(count))
    await connection.copy_records_to_table("inbox", records=_inbox(count), columns=_INBOX)
    await connection.copy_records_to_table("journal", records=_journal(count), columns=_JOURNAL)
    await connection.execute("VACUUM (FREEZE, ANALYZE)")
    await connection.close()
    await _seal(dsn)


async def _seal(dsn: str) -> None:
    """Every day as it was sealed when it was over: a service that starts would begin with those that are missing."""
    pool = await open_pool(dsn, name="bench")
    await Sealer(pool).seal_missing()
    await pool.close()


def _request(number: int, waiting_since: datetime | None) -> tuple[Any, ...]:
    created = datetime.now(UTC) - timedelta(days=1)
    row = (
        request_id(number), 1, _hash(number), "walk_in", walkins.office(number), "in_person", '["apply"]', False, 100,
        True, created, walkins.clerk(number), _CLIENT, "29001", False, "[]", "open", True,
    )  # fmt: skip
    if waiting_since is None:
        return row
    line = [{"kind": "waiting", "start": waiting_since.isoformat(), "end": None, "staff_id": walkins.clerk(number)}]
    ticket = number // walkins.OFFICES + 1
    return (*row, "waiting", ticket, waiting_since.date(), 0, 0, waiting_since, json.dumps(line))


def _inbox(count: int) -> Iterator[tuple[Any, ...]]:
    at = datetime.now(UTC) - timedelta(days=1)
    for number in range(count):
        id_ = _spread("command", number)
        receipt = json.dumps(
            {"command_id": id_, "command_type": "CreateRequest", "outcome": "accepted", "final": True, "facts": []}
        )
        yield id_, walkins.SENDER, "intake.commands", number % 3, number, _hash(number).encode(), "done", receipt, at


def _journal(count: int) -> Iterator[tuple[Any, ...]]:
    now = datetime.now(UTC)
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    for number in range(count):
        recorded = month + (now - month) * (number / count)
        body = json.dumps({"request_id": request_id(number), "office_id": walkins.office(number), "reasons": ["apply"]})
        yield (
            "request", request_id(number), 1, _spread("fact", number), "request.created", body, walkins.clerk(number),
            _spread("command", number), recorded, _hash(number), recorded,
        )  # fmt: skip


def _hash(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def _spread(kind: str, number: int) -> str:
    dice = int.from_bytes(hashlib.blake2b(f"{kind} {number}".encode(), digest_size=16).digest())
    return _uuid7((dice >> 74) / 2**54, dice & 2**74 - 1)


def _uuid7(share: float, dice: int) -> str:
    """An id minted after this share of the days has passed."""
    milliseconds = _first_day() + int(share * _DAYS * 86_400_000)
    low = f"{milliseconds:012x}", f"{dice & 0xFFF:03x}", f"{dice >> 12 & 0xFFF:03x}", f"{dice >> 26 & 2**48 - 1:012x}"
    return f"{low[0][:8]}-{low[0][8:]}-7{low[1]}-8{low[2]}-{low[3]}"


@cache
def _first_day() -> int:
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return int((today - timedelta(days=_DAYS)).timestamp() * 1000)
