"""`python -m bench.peers.naive`: one message, one transaction, each publish awaited, one acknowledgement.

As FastStream's documentation would write it. Does not promise order or a single effect when two copies run.
"""

import asyncio
import os
from datetime import UTC, datetime
from typing import Any

import asyncpg
from faststream import AckPolicy, FastStream
from faststream.kafka import KafkaBroker, KafkaMessage

from bench.outbox_rows import header_pairs
from bench.peers import visit_tables
from bench.peers.visits import MODELS, Message, Rows, handle

PREFIX = os.environ["CASEBUS_TOPIC_PREFIX"]
broker = KafkaBroker(os.environ["CASEBUS_KAFKA"], acks="all", enable_idempotence=True, logger=None)
app = FastStream(broker, logger=None)
pools: list["asyncpg.Pool[asyncpg.Record]"] = []


@app.on_startup
async def connect() -> None:
    """The pool of database sessions."""
    pools.append(await asyncpg.create_pool(os.environ["CASEBUS_DATABASE"]))


@broker.subscriber(
    PREFIX + "intake.commands",
    group_id=PREFIX + "naive",
    auto_offset_reset="earliest",
    ack_policy=AckPolicy.MANUAL,
)
async def on_command(message: KafkaMessage) -> None:
    """One command."""
    record: Any = message.raw_message
    headers = message.headers
    command = Message(
        id=headers["ce_id"],
        type=headers["ce_type"],
        actor=headers["ce_proof"],
        body=record.value,
        origin=(record.topic, record.partition, record.offset),
        now=datetime.fromtimestamp(record.timestamp / 1000, UTC),
        command=MODELS[headers["ce_type"]].model_validate_json(record.value),
    )
    rows = Rows()
    async with pools[0].acquire() as connection:
        async with connection.transaction():
            if await visit_tables.unknown(connection, [command]):
                visits, lobbies, offices, staff = await visit_tables.load(connection, [command])
                handle(command, visits, lobbies, offices, staff, rows)
                await visit_tables.save(connection, visits, lobbies, rows)
        for _, topic, key, text, payload in rows.outbox:
            pairs = {name: str(value) for name, value in header_pairs(text)}
            await broker.publish(payload.encode(), PREFIX + topic, key=key.encode(), headers=pairs)
        await connection.execute("DELETE FROM outbox WHERE aggregateid = ANY($1)", [row[2] for row in rows.outbox])
    await message.ack()


if __name__ == "__main__":
    asyncio.run(app.run())
