"""The commands of B1: walk-ins at 100 offices, each created, checked in, timed in and out, interleaved."""

import json
from collections.abc import Sequence
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
LAG: Final = 400
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


def fresh_id() -> str:
    """A uuid7 of now."""
    return str(uuid_utils.uuid7())


def orders(visits: int, *, lag: int = LAG) -> list[Order]:
    """The commands of so many visits, four each, in the order they are sent, `lag` visits between two steps of one."""
    return orders_about([(number, fresh_id()) for number in range(visits)], lag=lag)


def orders_about(visits: Sequence[tuple[int, str]], *, steps: range = range(STEPS), lag: int = LAG) -> list[Order]:
    """Some steps of the visits with these numbers and request ids."""
    moments = range(len(visits) + lag * (len(steps) - 1))
    return [
        _order(step, *visits[place], fresh_id())
        for moment in moments
        for late, step in enumerate(steps)
        if 0 <= (place := moment - late * lag) < len(visits)
    ]


def office(number: int) -> str:
    """The office of a visit."""
    return f"office-{number % OFFICES:03}"


def clerk(number: int) -> str:
    """Who sends the commands about a visit."""
    return f"clerk-{number % OFFICES:03}"


def open_producer(bootstrap: str, *, linger_ms: float, room: int) -> Producer:
    """A sender as the rules of the house want it, with room for so many commands in its queue."""
    return Producer(
        {
            "bootstrap.servers": bootstrap,
            "enable.idempotence": True,
            "partitioner": "murmur2_random",
            "linger.ms": linger_ms,
            "queue.buffering.max.messages": room + 1,
        }
    )


def produce(bootstrap: str, topic: str, commands: list[Order]) -> None:
    """Put the commands on their topic."""
    producer = open_producer(bootstrap, linger_ms=5, room=len(commands))
    for number, command in enumerate(commands):
        producer.produce(topic, command.body, command.key, headers=headers_of(command))
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


def _order(step: int, number: int, request_id: str, command_id: str) -> Order:
    type_ = ("CreateRequest", "CheckIn", "TimeIn", "TimeOut")[step]
    body: dict[str, Any] = {"request_id": request_id, "office_id": office(number)}
    if step == 0:
        body |= {
            "request_type": "walk_in",
            "reasons": ["drop_documents"],
            "client": {"last_name": "Doe", "first_name": f"Jo {number}", "birth_date": "1980-02-29"},
            "anonymous": False,
            "county_fips": "29001",
            "channel": "in_person",
        }
    return Order(command_id, type_, request_id, clerk(number), json.dumps(body).encode())


def headers_of(command: Order) -> list[tuple[str, str | bytes]]:
    """The headers of its record."""
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
