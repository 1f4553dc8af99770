"""Whether a drained run is whole: each command one receipt, facts equal to the journal, sequences without gap."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import asyncpg
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, TopicPartition

FACT_TOPICS: Final = ("request.created", "visit.waiting", "visit.serving", "walkin.timed")
RECEIPTS: Final = "receipts.bench"
_PARTITIONS: Final = 3
_EMPTY_SECONDS_MAX: Final = 10.0

TALLIES_WRONG: Final = """
WITH made AS (
    SELECT office_id AS place, (received_at AT TIME ZONE 'America/Chicago')::date AS day, nvra_covered, reasons,
           extract(hour FROM received_at AT TIME ZONE 'America/Chicago')::int AS hour FROM requests
), served AS (
    SELECT office_id AS place, ticket_day AS day, floor(extract(epoch FROM time_in - arrived_at))::int AS waited,
           floor(extract(epoch FROM time_out - time_in))::int AS served, estimate_told_minutes AS told
    FROM requests WHERE visit_status = 'served' AND accurate
), by_day (tally, place, day, label, value, amount) AS (
    SELECT 'requests', place, day, CASE WHEN nvra_covered THEN 'walk_in.covered' ELSE 'walk_in' END, 0, 0 FROM made
    UNION ALL SELECT 'hours', place, day, '', hour, 0 FROM made
    UNION ALL SELECT 'reasons.walk_in', place, day, reason, 0, 0 FROM made, jsonb_array_elements_text(reasons) AS reason
    UNION ALL SELECT 'wait', place, day, '', waited / 60, waited FROM served
    UNION ALL SELECT 'service', place, day, '', served / 60, served FROM served
    UNION ALL SELECT 'estimate', place, day, '', round((told * 60 - waited)::float8 / 60)::int, told * 60 - waited
              FROM served
), counted AS (
    SELECT tally, place, day, label, value, amount FROM by_day
    UNION ALL SELECT tally || '.month', place, date_trunc('month', day::timestamp)::date, label, value, amount
              FROM by_day
)
SELECT count(*) FROM (
    SELECT FROM (SELECT tally, place, day, label, value, 1 AS n, amount FROM counted
                 UNION ALL SELECT tally, place, day, label, value, -n, -total FROM tallies) AS both_sides
    GROUP BY tally, place, day, label, value HAVING sum(n) <> 0 OR sum(amount) <> 0
) AS wrong"""
"""Cells of the tallies that are not what a count of the walk-ins says."""


@dataclass
class Drained:
    """What lies on the topics of a run."""

    receipts: dict[str, list[bytes]] = field(default_factory=dict)
    facts: dict[str, bytes] = field(default_factory=dict)
    repeats: int = 0
    disordered: int = 0
    receipt_times: list[int] = field(default_factory=list)
    last_time: int = 0
    answered: dict[str, int] = field(default_factory=dict)
    """By command: when the last of its receipt and facts was appended, in ms."""

    def rate(self, warm_up: int) -> float:
        """Commands a second by the broker's append times, from the receipt that ends the warm-up to the last record."""
        times = sorted(self.receipt_times)
        seconds = (self.last_time - times[warm_up - 1]) / 1000
        return (len(times) - warm_up) / seconds


def on_topics(bootstrap: str, prefix: str) -> tuple[int, int]:
    """How many receipts and facts there are by now; none where a leader has just changed: look again."""
    consumer = _consumer(bootstrap)
    try:
        return _ends(consumer, [prefix + RECEIPTS]), _ends(consumer, [prefix + topic for topic in FACT_TOPICS])
    except KafkaException:
        return 0, 0
    finally:
        consumer.close()


def read(bootstrap: str, prefix: str) -> Drained:
    """Read receipts and facts from offset 0."""
    consumer, found = _consumer(bootstrap), Drained()
    parts = _parts([prefix + topic for topic in (RECEIPTS, *FACT_TOPICS)])
    missing = sum(consumer.get_watermark_offsets(part, timeout=10)[1] for part in parts)
    consumer.assign(parts)
    sequences: Counter[tuple[str, str]] = Counter()
    while missing:
        for message in consumer.consume(min(missing, 10_000), timeout=20):
            missing -= 1
            headers = dict(message.headers() or ())
            topic, value, time = (message.topic() or "")[len(prefix) :], message.value() or b"", message.timestamp()[1]
            found.last_time = max(found.last_time, time)
            cause = headers["ce_causationid"].decode()
            found.answered[cause] = max(found.answered.get(cause, 0), time)
            if topic == RECEIPTS:
                found.receipt_times.append(time)
                found.receipts.setdefault((message.key() or b"").decode(), []).append(value)
                continue
            fact_id, subject, sequence = (headers[name].decode() for name in ("ce_id", "ce_subject", "ce_sequence"))
            found.repeats += fact_id in found.facts
            found.disordered += int(sequence) <= sequences[topic, subject]
            sequences[topic, subject] = int(sequence)
            found.facts[fact_id] = value
    consumer.close()
    return found


async def outbox_emptied(dsn: str) -> bool:
    """Give the contender time to delete the last rows that Kafka has acknowledged. Whether they are gone."""
    connection = await asyncpg.connect(dsn)
    deadline = time.monotonic() + _EMPTY_SECONDS_MAX
    while (left := await connection.fetchval("SELECT count(*) FROM outbox")) and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
    await connection.close()
    return not left


async def faults(dsn: str, found: Drained, commands: Iterable[str]) -> tuple[str, ...]:
    """What is lost, repeated or out of order, in words."""
    wanted = set(commands)
    connection = await asyncpg.connect(dsn)
    rows = await connection.fetch("SELECT fact_id::text, body FROM journal")
    journaled = {(row["fact_id"], row["body"].encode()) for row in rows}
    gaps = await connection.fetchval(
        "SELECT count(*) FROM (SELECT FROM journal GROUP BY aggregate, aggregate_id"
        " HAVING min(sequence) <> 1 OR max(sequence) <> count(*) OR count(DISTINCT sequence) <> count(*)) AS wrong"
    )
    states = await connection.fetchval(
        "SELECT count(*) FROM requests r WHERE visit_status IS DISTINCT FROM 'served' OR version <>"
        " (SELECT max(sequence) FROM journal j WHERE j.aggregate_id = r.id::text AND aggregate = 'request')"
    )
    inbox = await connection.fetchval("SELECT count(*) FROM inbox")
    outbox = await connection.fetchval("SELECT count(*) FROM outbox")
    tallies = await connection.fetchval(TALLIES_WRONG)
    await connection.close()
    counted = _of_answers(found, wanted) | {
        "inbox rows missing": len(wanted) - inbox,
        "facts unlike the journal": len(journaled ^ set(found.facts.items())),
        "subjects with gaps": gaps,
        "states unlike the journal": states,
        "outbox rows left": outbox,
        "tallies unlike the states": tallies,
    }
    return _in_words(counted)


def faults_of_answers(found: Drained, commands: Iterable[str]) -> tuple[str, ...]:
    """What can be told from the topics alone, where tables hold more than one run wrote."""
    return _in_words(_of_answers(found, set(commands)))


def _of_answers(found: Drained, wanted: set[str]) -> dict[str, int]:
    accepted = sum(b'"outcome":"accepted"' in answers[0] for answers in found.receipts.values())
    return {
        "commands without a receipt": len(wanted - found.receipts.keys()),
        "receipts of nothing": len(found.receipts.keys() - wanted),
        "repeated receipts": sum(len(answers) - 1 for answers in found.receipts.values()),
        "commands not accepted": len(found.receipts) - accepted,
        "repeated facts": found.repeats,
        "facts out of order": found.disordered,
    }


def _in_words(counted: dict[str, int]) -> tuple[str, ...]:
    return tuple(f"{number} {name}" for name, number in counted.items() if number)


def _ends(consumer: Consumer, topics: Iterable[str]) -> int:
    return sum(int(consumer.get_watermark_offsets(part, timeout=10)[1]) for part in _parts(topics))


def _consumer(bootstrap: str) -> Consumer:
    return Consumer({"bootstrap.servers": bootstrap, "group.id": "bench-check", "enable.auto.commit": False})


def _parts(topics: Iterable[str]) -> list[TopicPartition]:
    return [TopicPartition(topic, number, OFFSET_BEGINNING) for topic in topics for number in range(_PARTITIONS)]
