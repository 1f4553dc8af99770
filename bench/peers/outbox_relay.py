"""faststream-outbox, tuned: its subscriber takes rows from a table and hands each to FastStream's Kafka publisher.

Its table has no order per key and no key column; the key travels in a header.
"""

import asyncio
import time
from typing import Annotated, Any

from faststream import Context, StreamMessage
from faststream.kafka import KafkaBroker
from faststream_outbox import OutboxBroker, make_outbox_table
from sqlalchemy import MetaData, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bench import outbox_rows

METADATA = MetaData()
TABLE = make_outbox_table(METADATA, table_name="peer_outbox")


async def fill(engine: AsyncEngine, count: int) -> None:
    """The same rows, in the library's own table."""
    records = [
        {
            "queue": "relay",
            "payload": payload.encode(),
            "headers": {**dict(outbox_rows.header_pairs(headers)), "content-type": "", "key": key},
        }
        for _, _, key, headers, payload in outbox_rows.rows(count)
    ]
    async with engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
        for start in range(0, count, 2_000):
            await connection.execute(TABLE.insert(), records[start : start + 2_000])
    async with engine.connect() as connection:
        await (await connection.execution_options(isolation_level="AUTOCOMMIT")).execute(text("ANALYZE peer_outbox"))


def run(dsn: str, bootstrap: str, topic: str, count: int) -> float:
    """Relay the rows. Returns seconds until the table is empty."""
    return asyncio.run(_relay(dsn, bootstrap, topic, count))


async def _relay(dsn: str, bootstrap: str, topic: str, count: int) -> float:
    engine = create_async_engine(dsn.replace("postgresql://", "postgresql+asyncpg://"), pool_size=40)
    await fill(engine, count)
    outbox = OutboxBroker(engine, outbox_table=TABLE, logger=None)
    kafka = KafkaBroker(bootstrap, acks="all", enable_idempotence=True, linger_ms=0, logger=None)

    @outbox.subscriber(
        "relay",
        max_workers=32,
        fetch_batch_size=500,
        min_fetch_interval=0.01,
        terminal_flush_batch_size=100,
        decoder=_as_stored,
    )
    async def relay(body: bytes, headers: Annotated[dict[str, str], Context("message.headers")]) -> None:
        await kafka.publish(body, topic, key=headers["key"].encode(), headers=headers)

    await kafka.start()
    began = time.perf_counter()
    await outbox.start()
    await _until_empty(engine)
    taken = time.perf_counter() - began
    await outbox.stop()
    await kafka.stop()
    await engine.dispose()
    return taken


async def _as_stored(message: StreamMessage[Any]) -> bytes:
    """No decoding and encoding again on the way."""
    return bytes(message.body)


async def _until_empty(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        while await connection.scalar(text("SELECT EXISTS (SELECT FROM peer_outbox)")):
            await connection.rollback()
            await asyncio.sleep(0.05)
