"""Reads the chassis' tables of one service by plain SQL, and the mailbox."""

import json
import mailbox
from datetime import datetime, timedelta
from email.message import Message
from pathlib import Path
from typing import Any

import asyncpg

from casebus_testing.checker.evidence import DeliveryRow, InboxRow, JournalRow, Mail, StateRow

JOURNAL = """
SELECT aggregate || '/' || aggregate_id AS subject, sequence, fact_id::text, type, body, cause::text, actor, at, hash
FROM journal ORDER BY 1, 2"""

INBOX = "SELECT id::text, sender, state, receipt FROM inbox WHERE receipt IS NOT NULL"

DELIVERIES = "SELECT id::text, subject_id, recipient, address, title, state FROM deliveries"

WAITING = "SELECT (SELECT count(*) FROM outbox) AS outbox, (SELECT count(*) FROM parked) AS parked"

CLOCKS = "SELECT aggregate_id, name FROM timers"

STATES = 'SELECT id::text, version, head, to_jsonb(t) FROM "{table}" t'

SEEN = "SELECT DISTINCT id::text FROM inbox"

WITH_HEADS = """
SELECT table_name::text FROM information_schema.columns
WHERE table_schema = 'public' AND column_name IN ('id', 'version', 'head') GROUP BY 1 HAVING count(*) = 3 ORDER BY 1"""


async def read_states(service: str, database: str) -> tuple[list[StateRow], set[tuple[str, str]], frozenset[str]]:
    """Every aggregate, the clocks that run, and the ids of the messages that are remembered: one snapshot."""
    connection = await asyncpg.connect(database)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            await connection.set_type_codec("jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog")
            states = []
            for (table,) in await connection.fetch(WITH_HEADS):
                rows = await connection.fetch(STATES.format(table=table))
                states += [StateRow(service, table, *row.values()) for row in rows]
            clocks = {(row["aggregate_id"], row["name"]) for row in await connection.fetch(CLOCKS)}
            return states, clocks, frozenset(row["id"] for row in await connection.fetch(SEEN))
    finally:
        await connection.close()


def read_offsets(clock_file: Path | None) -> list[tuple[datetime, timedelta]]:
    """The history of the system's clock; empty when it was never moved."""
    if clock_file is None or not clock_file.exists():
        return []
    entries = json.loads(clock_file.read_text())["offsets"]
    return [(datetime.fromisoformat(each["from"]), timedelta(seconds=each["offset_seconds"])) for each in entries]


async def read_service(
    service: str, database: str
) -> tuple[list[JournalRow], list[InboxRow], list[DeliveryRow], int, int]:
    """Journal, answered commands, deliveries, and how many rows wait in outbox and parking lot: one snapshot."""
    connection = await asyncpg.connect(database)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            journal = [JournalRow(service, *row.values()) for row in await connection.fetch(JOURNAL)]
            inbox = [_inbox_row(service, row) for row in await connection.fetch(INBOX)]
            deliveries = [DeliveryRow(*row.values()) for row in await connection.fetch(DELIVERIES)]
            waiting: Any = await connection.fetchrow(WAITING)
            return journal, inbox, deliveries, waiting["outbox"], waiting["parked"]
    finally:
        await connection.close()


def _inbox_row(service: str, row: asyncpg.Record) -> InboxRow:
    return InboxRow(service, row["id"], row["sender"], row["state"], json.loads(row["receipt"]))


def read_mails(folder: Path) -> list[Mail]:
    """The mails of a Maildir; none when there is no such folder."""
    if not folder.is_dir():
        return []
    box = mailbox.Maildir(folder, create=False)
    return [_mail(message) for message in box]


def _mail(message: Message) -> Mail:
    return Mail(str(message["Message-ID"]), str(message["To"]), str(message["Subject"]))
