"""Reads the chassis' tables of one service by plain SQL, and the mailbox."""

import json
import mailbox
from email.message import Message
from pathlib import Path
from typing import Any

import asyncpg

from casebus_testing.checker.evidence import DeliveryRow, InboxRow, JournalRow, Mail

JOURNAL = """
SELECT aggregate || '/' || aggregate_id AS subject, sequence, fact_id::text, type, body, cause::text, actor, at, hash
FROM journal ORDER BY 1, 2"""

INBOX = "SELECT id::text, sender, state, receipt FROM inbox WHERE receipt IS NOT NULL"

DELIVERIES = "SELECT id::text, subject_id, recipient, address, title, state FROM deliveries"

WAITING = "SELECT (SELECT count(*) FROM outbox) AS outbox, (SELECT count(*) FROM parked) AS parked"


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
