"""Loading and saving for both hand-written contenders: one statement a table, for one message or for many."""

import json
from collections.abc import Sequence
from typing import Any

from bench.peers.visits import Lobby, Message, Rows, Visit, zone_of

LOOK = "SELECT id::text FROM inbox WHERE id = ANY($1::uuid[])"
VISITS = """
SELECT id::text, office_id, priority, version, version AS loaded, head, visit_status, ticket, ticket_day,
       people_ahead_told, estimate_told_minutes, arrived_at, time_in, time_out, accurate,
       intervals
FROM requests WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE"""
LOBBIES = """
SELECT id, version, ticket_days, waiting, serving, service_times
FROM lobbies WHERE id = ANY($1::text[]) ORDER BY id FOR UPDATE"""
OFFICES = "SELECT id, zone, closes, settings FROM offices WHERE id = ANY($1::text[])"
STAFF = "SELECT id, office_id, role FROM staff WHERE id = ANY($1::text[])"
MADE = """
INSERT INTO requests (id, version, head, request_type, office_id, channel, reasons, anonymous, priority, nvra_covered,
    received_at, created_by, client, county_fips, unsigned, companions, status, zone, visit_status, ticket,
    ticket_day, people_ahead_told, estimate_told_minutes, arrived_at, time_in, time_out, accurate, intervals)
SELECT * FROM json_to_recordset($1::json) AS n(id uuid, version bigint, head text, request_type text, office_id text,
    channel text, reasons jsonb, anonymous boolean, priority integer, nvra_covered boolean, received_at timestamptz,
    created_by text, client jsonb, county_fips text, unsigned boolean, companions jsonb, status text, zone text,
    visit_status text, ticket integer, ticket_day date, people_ahead_told integer, estimate_told_minutes integer,
    arrived_at timestamptz, time_in timestamptz, time_out timestamptz, accurate boolean, intervals jsonb)"""
CHANGED = """
UPDATE requests r SET version = n.version, head = n.head, visit_status = n.visit_status, ticket = n.ticket,
    ticket_day = n.ticket_day, people_ahead_told = n.ahead, estimate_told_minutes = n.estimate,
    arrived_at = n.arrived_at, time_in = n.time_in, time_out = n.time_out, accurate = n.accurate,
    intervals = n.intervals
FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::int[], $7::date[], $8::int[],
    $9::int[], $10::timestamptz[], $11::timestamptz[], $12::timestamptz[], $13::boolean[], $14::jsonb[])
    AS n(id, version, loaded, head, visit_status, ticket, ticket_day, ahead, estimate, arrived_at, time_in, time_out,
         accurate, intervals)
WHERE r.id = n.id AND r.version = n.loaded"""
LOBBIES_SAVE = """
INSERT INTO lobbies (id, version, ticket_days, waiting, serving, service_times)
SELECT * FROM unnest($1::text[], $2::bigint[], $3::jsonb[], $4::jsonb[], $5::jsonb[], $6::jsonb[])
ON CONFLICT (id) DO UPDATE SET version = excluded.version, ticket_days = excluded.ticket_days,
    waiting = excluded.waiting, serving = excluded.serving, service_times = excluded.service_times"""
TIMERS_SET = """
INSERT INTO timers (aggregate, aggregate_id, name, due_at)
SELECT 'request', * FROM unnest($1::text[], $2::text[], $3::timestamptz[])
ON CONFLICT (aggregate, aggregate_id, name) DO UPDATE SET due_at = excluded.due_at"""
TIMERS_STOP = """
DELETE FROM timers t USING unnest($1::text[], $2::text[]) AS n(id, name)
WHERE (t.aggregate, t.aggregate_id, t.name) = ('request', n.id, n.name)"""
INBOX = """
INSERT INTO inbox (id, sender, topic, partition, position, hash, state, receipt, at)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::bigint[], $6::bytea[], $7::text[], $8::text[],
                     $9::timestamptz[])"""
JOURNAL = """
INSERT INTO journal (aggregate, aggregate_id, sequence, fact_id, type, body, actor, cause, at, hash)
SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::uuid[],
                     $9::timestamptz[], $10::text[])"""
TALLIES = """
INSERT INTO tallies (tally, place, day, label, value, n, total)
SELECT * FROM unnest($1::text[], $2::text[], $3::date[], $4::text[], $5::int[], $6::bigint[], $7::bigint[])
ON CONFLICT (tally, place, day, label, value)
DO UPDATE SET n = tallies.n + excluded.n, total = tallies.total + excluded.total"""
OUTBOX = """
INSERT INTO outbox (bucket, topic, aggregateid, headers, payload)
SELECT * FROM unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::text[])"""


async def unknown(connection: Any, messages: Sequence[Message]) -> list[Message]:
    """The messages that were not handled before."""
    known = {row["id"] for row in await connection.fetch(LOOK, [message.id for message in messages])}
    return [message for message in messages if message.id not in known]


async def load(
    connection: Any, messages: Sequence[Message]
) -> tuple[dict[str, Visit], dict[str, Lobby], dict[str, Any], dict[str, Any]]:
    """Visits and lobbies, locked; offices and staff, read."""
    offices = sorted({message.command.office_id for message in messages})
    staff = sorted({message.actor for message in messages})
    visits = await connection.fetch(VISITS, sorted({message.command.request_id for message in messages}))
    lobbies = await connection.fetch(LOBBIES, offices)
    return (
        {row["id"]: _visit(row) for row in visits},
        {row["id"]: Lobby(row["id"], row["version"], *map(json.loads, row[2:])) for row in lobbies},
        {row["id"]: zone_of(row) for row in await connection.fetch(OFFICES, offices)},
        {row["id"]: row for row in await connection.fetch(STAFF, staff)},
    )


async def save(connection: Any, visits: dict[str, Visit], lobbies: dict[str, Lobby], rows: Rows) -> None:
    """Everything of one transaction."""
    by_id = sorted(visits.values(), key=lambda visit: visit.id)
    if made := [_whole(visit) for visit in by_id if visit.new is not None]:
        await connection.execute(MADE, json.dumps(made, default=str))
    if changed := [_narrow(visit) for visit in by_id if visit.new is None]:
        tag = await connection.execute(CHANGED, *zip(*changed, strict=True))
        assert tag == f"UPDATE {len(changed)}", "another copy was faster"
    if lobbies:
        packed = [_packed(lobby) for lobby in sorted(lobbies.values(), key=lambda lobby: lobby.id)]
        await connection.execute(LOBBIES_SAVE, *zip(*packed, strict=True))
    timers = sorted(rows.timers.items())
    if setting := [(*place, due) for place, due in timers if due is not None]:
        await connection.execute(TIMERS_SET, *zip(*setting, strict=True))
    if stopping := [place for place, due in timers if due is None]:
        await connection.execute(TIMERS_STOP, *zip(*stopping, strict=True))
    tallies = [(*cell, *change) for cell, change in sorted(rows.tallies.items())]
    for statement, written in (
        (INBOX, sorted(rows.inbox)),
        (JOURNAL, rows.journal),
        (TALLIES, tallies),
        (OUTBOX, rows.outbox),
    ):
        if written:
            await connection.execute(statement, *zip(*written, strict=True))


def _visit(row: Any) -> Visit:
    visit = Visit(*row)
    visit.intervals = json.loads(row["intervals"])
    return visit


def _whole(visit: Visit) -> dict[str, Any]:
    names = Visit.__slots__[:-1]
    return {**(visit.new or {}), **{name: getattr(visit, name) for name in names}}


def _narrow(visit: Visit) -> tuple[Any, ...]:
    times = (visit.arrived_at, visit.time_in, visit.time_out, visit.accurate, json.dumps(visit.intervals))
    place = (visit.ticket, visit.ticket_day, visit.people_ahead_told, visit.estimate_told_minutes)
    return (visit.id, visit.version, visit.loaded, visit.head, visit.visit_status, *place, *times)


def _packed(lobby: Lobby) -> tuple[Any, ...]:
    lists = (lobby.ticket_days, lobby.waiting, lobby.serving, lobby.service_times)
    return (lobby.id, lobby.version, *map(json.dumps, lists))
