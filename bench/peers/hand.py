"""`python -m bench.peers.hand`: a loop by hand. Up to 500 records, one transaction of set statements, its own relay.

Written for one copy and this workload: no parking, no second door, no timers that fire, no takeover of the outbox,
one relay that ends with its process. With CASEBUS_JWKS it checks the proofs that the service checks.
"""

import asyncio
import os
import signal
from datetime import UTC, datetime
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer
from confluent_kafka import Producer

from access.proofs import Senders
from bench.outbox_rows import header_pairs
from bench.peers import visit_tables
from bench.peers.visits import MODELS, Message, Rows, handle
from chassis.collector import spare_collector

PREFIX, KAFKA, DSN = (os.environ["CASEBUS_" + name] for name in ("TOPIC_PREFIX", "KAFKA", "DATABASE"))
BATCH_RECORDS, RELAY_ROWS = 500, 2_000
PRODUCER = {
    "bootstrap.servers": KAFKA,
    "acks": "all",
    "enable.idempotence": True,
    "partitioner": "murmur2_random",
    "linger.ms": 1,
}


class HandLoop:
    """Consumes, decides, writes; relays beside it."""

    def __init__(self, senders: Senders | None) -> None:
        self._senders = senders
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled."""
        session = {"plan_cache_mode": "force_custom_plan", "timezone": "UTC"}
        relaying = asyncio.create_task(self._relay(await asyncpg.connect(DSN)))
        connection = await asyncpg.connect(DSN, server_settings=session)
        consumer = AIOKafkaConsumer(
            PREFIX + "intake.commands",
            bootstrap_servers=KAFKA,
            group_id=PREFIX + "hand",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        await consumer.start()
        spare_collector()
        while not relaying.done():
            batches = await consumer.getmany(timeout_ms=20, max_records=BATCH_RECORDS)
            if records := [record for batch in batches.values() for record in batch]:
                await self._handle(connection, [self._read(record) for record in records])
                await consumer.commit({place: batch[-1].offset + 1 for place, batch in batches.items()})

    async def _handle(self, connection: Any, messages: list[Message]) -> None:
        rows = Rows()
        async with connection.transaction():
            if fresh := await visit_tables.unknown(connection, messages):
                states = await visit_tables.load(connection, fresh)
                for message in fresh:
                    handle(message, *states, rows)
                await visit_tables.save(connection, states[0], states[1], rows)
        self._wake.set()

    def _read(self, record: Any) -> Message:
        headers = dict(record.headers)
        id_, type_, now = headers["ce_id"].decode(), headers["ce_type"].decode(), record.timestamp / 1000
        at = datetime.fromtimestamp(now, UTC)
        proof, key = headers["ce_proof"].decode(), record.key.decode()
        if self._senders is None:
            actor = proof
        else:
            actor = self._senders.check_proof(proof, id_, type_, key, record.value, at).subject
        command = MODELS[type_].model_validate_json(record.value)
        assert command.request_id == key
        return Message(id_, type_, actor, record.value, (record.topic, record.partition, record.offset), at, command)

    async def _relay(self, connection: Any) -> None:
        producer = Producer(PRODUCER)
        while True:
            self._wake.clear()
            rows = await connection.fetch(
                "SELECT id, topic, aggregateid, headers, payload FROM outbox ORDER BY id LIMIT $1", RELAY_ROWS
            )
            for _, topic, key, headers, payload in rows:
                producer.produce(PREFIX + topic, payload, key, headers=header_pairs(headers))
            while len(producer):
                producer.poll(0)
                await asyncio.sleep(0.001)
            await connection.execute("DELETE FROM outbox WHERE id = ANY($1::bigint[])", [row["id"] for row in rows])
            if not rows:
                await self._wake.wait()


async def main() -> None:
    """Until SIGTERM."""
    jwks = os.environ.get("CASEBUS_JWKS")
    senders = Senders.load(jwks, os.environ["CASEBUS_SENDERS"]) if jwks else None
    task = asyncio.create_task(HandLoop(senders).run())
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await asyncio.gather(task, return_exceptions=False)


if __name__ == "__main__":
    asyncio.run(main())
