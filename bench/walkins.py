"""The commands of B1: walk-ins at 100 offices, each created, checked in, timed in and out, interleaved."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time
from typing import Any, Final, TypeAlias

import asyncpg
import uuid_utils
from confluent_kafka import Producer

OFFICES: Final = 100
STEPS: Final = 4
FACTS_PER_VISIT: Final = 5
SENDER: Final = "bench"
_LAG: Final = 400
"""Visits between two steps of one visit: a handful of people wait and are served in every office."""


@dataclass(frozen=True, slots=True)
class Order:
    """One command as a sender has it in hand."""

    id: str
    type: str
    key: str
    actor: str
    body: bytes
    proof: str = ""


Record: TypeAlias = tuple[bytes, bytes, list[tuple[str, str | bytes]]]
"""Key, value, headers."""


def orders(visits: int) -> list[Order]:
    """The commands of so many visits, four each, in the order they are sent."""
    ids = [str(uuid_utils.uuid7()) for _ in range(visits)]
    return [_order(step, number, ids[number]) for step, number in _interleaved(visits) if 0 <= number < visits]


def office(number: int) -> str:
    """The office of a visit."""
    return f"office-{number % OFFICES:03}"


def clerk(number: int) -> str:
    """Who sends the commands about a visit."""
    return f"clerk-{number % OFFICES:03}"


def produce(bootstrap: str, topic: str, commands: list[Order]) -> None:
    """Put the commands on their topic."""
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "enable.idempotence": True,
            "partitioner": "murmur2_random",
            "linger.ms": 5,
            "queue.buffering.max.messages": len(commands) + 1,
        }
    )
    for number, command in enumerate(commands):
        producer.produce(topic, command.body, command.key, headers=_headers(command))
        if number % 1_000 == 0:
            producer.poll(0)
    assert producer.flush(60) == 0


async def fill_directory(dsn: str) -> None:
    """The offices and clerks, as staffing would have told them."""
    connection = await asyncpg.connect(dsn)
    settings = {
        "default_service_minutes": 15,
        "wait_limit_minutes": 30,
        "serve_limit_minutes": 60,
        "time_edit_back_minutes": 720,
    }
    await connection.executemany(
        "INSERT INTO offices (id, version, name, county_fips, region_id, zone, opens, closes, active, receptionist,"
        " settings) VALUES ($1, 1, $1, '29001', 'north', 'America/Chicago', $2, $3, true, true, $4)",
        [(office(number), time(8), time(17), json.dumps(settings)) for number in range(OFFICES)],
    )
    await connection.executemany(
        "INSERT INTO staff (id, version, name, work_email, role, office_id, positions, active)"
        " VALUES ($1, 1, $1, 'clerk@example.gov', 'clerical', $2, '[]', true)",
        [(clerk(number), office(number)) for number in range(OFFICES)],
    )
    await connection.close()


def _interleaved(visits: int) -> Iterator[tuple[int, int]]:
    for moment in range(visits + _LAG * (STEPS - 1)):
        for step in range(STEPS):
            yield step, moment - step * _LAG


def _order(step: int, number: int, request_id: str) -> Order:
    type_ = ("CreateRequest", "CheckIn", "TimeIn", "TimeOut")[step]
    body: dict[str, Any] = {"request_id": request_id, "office_id": office(number)}
    if step == 0:
        body |= {
            "request_type": "walk_in",
            "reasons": ["apply"],
            "client": {"last_name": "Doe", "first_name": f"Jo {number}", "birth_date": "1980-02-29"},
            "anonymous": False,
            "county_fips": "29001",
            "channel": "in_person",
        }
    return Order(str(uuid_utils.uuid7()), type_, request_id, clerk(number), json.dumps(body).encode())


def _headers(command: Order) -> list[tuple[str, str | bytes]]:
    return [
        ("ce_specversion", "1.0"),
        ("ce_id", command.id),
        ("ce_source", "/bench"),
        ("ce_type", command.type),
        ("content-type", "application/json"),
        ("ce_partitionkey", command.key),
        ("ce_correlationid", command.id),
        ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        ("ce_proof", command.proof or command.actor),
    ]
