"""The rows of B4: what a busy service's outbox holds, and the check that all of it arrived in order."""

import json
import uuid
import zlib
from collections import Counter
from collections.abc import Iterator
from typing import Final, TypeAlias

import asyncpg
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

KEYS: Final = 5_000
TOPIC: Final = "walkin.timed"
PARTITIONS: Final = 3

OutboxRow: TypeAlias = tuple[int, str, str, str, str]
"""bucket, topic, aggregateid, headers, payload"""

COLUMNS: Final = ("bucket", "topic", "aggregateid", "headers", "payload")

_SOURCE = "/casebus/intake"
_TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def rows(count: int) -> Iterator[OutboxRow]:
    """`count` facts over 5,000 keys, interleaved; the sequence of each key counts from 1."""
    keys = [_uuid7(number) for number in range(KEYS)]
    for number in range(count):
        key, sequence = keys[number % KEYS], number // KEYS + 1
        yield zlib.crc32(key.encode()) % 64, TOPIC, key, _headers(key, sequence, number), _body(key, sequence)


def header_pairs(text: str) -> list[tuple[str, str | bytes]]:
    """The headers of a row, as the C client takes them."""
    parts = text.replace("\n", "\t").split("\t")
    return list(zip(parts[::2], parts[1::2], strict=False))


async def fill(dsn: str, count: int) -> None:
    """Write the rows into the outbox of a database."""
    connection = await asyncpg.connect(dsn)
    await connection.copy_records_to_table("outbox", records=rows(count), columns=COLUMNS)
    await connection.execute("ANALYZE outbox")
    await connection.close()


def check_order(bootstrap: str, topic: str, count: int) -> tuple[str, ...]:
    """Read the topic from offset 0: every row once, the sequence of each key 1, 2, 3, ... Returns the faults."""
    last: Counter[bytes] = Counter()
    inversions = repeats = 0
    for key, sequence in _read_all(bootstrap, topic):
        repeats += sequence <= last[key]
        inversions += sequence > last[key] + 1
        last[key] = max(last[key], sequence)
    lost = count - sum(last.values())
    found = {"lost": lost, "repeated": repeats, "out of order": inversions}
    return tuple(f"{number} {name}" for name, number in found.items() if number)


def _read_all(bootstrap: str, topic: str) -> Iterator[tuple[bytes, int]]:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "check", "enable.auto.commit": False})
    parts = [TopicPartition(topic, number, OFFSET_BEGINNING) for number in range(PARTITIONS)]
    missing = sum(consumer.get_watermark_offsets(part, timeout=10)[1] for part in parts)
    consumer.assign(parts)
    while missing:
        for message in consumer.consume(10_000, timeout=10):
            missing -= 1
            headers = dict(message.headers() or ())
            yield message.key() or b"", int(headers["ce_sequence"])
    consumer.close()


def _uuid7(number: int) -> str:
    return str(uuid.UUID(int=(0x0190_0000_0000 << 80) | (7 << 76) | (2 << 62) | (number * 2_654_435_761 % 2**61)))


def _headers(key: str, sequence: int, number: int) -> str:
    pairs = {
        "ce_specversion": "1.0",
        "ce_id": _uuid7(number + KEYS),
        "ce_source": _SOURCE,
        "ce_type": TOPIC,
        "ce_subject": f"request/{key}",
        "ce_time": "2026-11-22T08:05:00.000000+00:00",
        "ce_dataschema": f"urn:casebus:schema:{TOPIC}:1",
        "content-type": "application/json",
        "ce_partitionkey": key,
        "ce_sequence": str(sequence),
        "ce_correlationid": key,
        "ce_causationid": key,
        "traceparent": _TRACE,
    }
    return "".join(f"{name}\t{value}\n" for name, value in pairs.items())


def _body(key: str, sequence: int) -> str:
    return json.dumps(
        {
            "request_id": key,
            "office_id": "adair",
            "ticket": sequence,
            "action": "time_in",
            "at": "2026-11-22T08:05:00Z",
            "staff_id": "es-adair-1",
            "wait_seconds": 300,
            "service_seconds": None,
            "accurate": True,
            "previous_at": None,
        }
    )
