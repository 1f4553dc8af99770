"""The C client alone: what the relay's producer can do when nobody reads or deletes rows."""

import time
from typing import Any

from confluent_kafka import KafkaError, Message, Producer

from bench import outbox_rows
from chassis.collector import spare_collector


def run(bootstrap: str, topic: str, count: int, config: dict[str, Any]) -> float:
    """Produce the rows with a delivery report each. Returns seconds until the last one is acknowledged."""
    ready = [
        (key, outbox_rows.header_pairs(headers), payload) for _, _, key, headers, payload in outbox_rows.rows(count)
    ]
    delivered = 0

    def report(error: KafkaError | None, message: Message) -> None:
        nonlocal delivered
        assert error is None, error
        delivered += 1

    producer = Producer({**config, "bootstrap.servers": bootstrap, "queue.buffering.max.messages": count + 1})
    producer.list_topics(timeout=10)
    spare_collector()
    began = time.perf_counter()
    for number, (key, headers, payload) in enumerate(ready):
        producer.produce(topic, payload, key, headers=headers, on_delivery=report)
        if number % 500 == 0:
            producer.poll(0)
    producer.flush()
    taken = time.perf_counter() - began
    assert delivered == count
    return taken
