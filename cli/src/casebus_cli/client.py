"""A sender: publishes commands with proofs and waits for their receipts.

async with connect(find_stack(), "guest") as sender:
    receipt = await sender.ask(Order("CheckIn", {"request_id": ..., "office_id": "adair"}, actor="adair-greeter"))
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from access.proofs import sign_bearer
from casebus_cli.errors import CliError
from casebus_cli.kafka import MAX_RECORDS, POLL_MILLISECONDS, producer, reader
from casebus_cli.orders import Order, Signature
from casebus_cli.stack import Stack
from casebus_contracts.receipts import Receipt

RECEIPT_DEADLINE_SECONDS: Final = 30.0
SENT_AT_ONCE: Final = 500

Headers = Sequence[tuple[str, bytes | None]]


class NoReceipt(CliError):
    """No final answer came within the deadline."""


class Receipts:
    """The receipts that have come, by command id, in the order of their coming. Final ones are handed out once."""

    def __init__(self, consumer: Any) -> None:
        self._consumer = consumer
        self._final: dict[str, deque[Receipt]] = {}
        self._arrived = asyncio.Condition()
        self.interim: list[Receipt] = []

    async def collect(self) -> None:
        """Take in receipts for ever."""
        while True:
            batches = await self._consumer.getmany(timeout_ms=POLL_MILLISECONDS, max_records=MAX_RECORDS)
            async with self._arrived:
                for record in (record for records in batches.values() for record in records):
                    self._take(Receipt.model_validate_json(record.value))
                self._arrived.notify_all()

    def _take(self, receipt: Receipt) -> None:
        if receipt.final:
            self._final.setdefault(receipt.command_id, deque()).append(receipt)
        else:
            self.interim.append(receipt)

    async def final(self, command_id: str, deadline_seconds: float) -> Receipt:
        """The next final answer to this command. Raises `NoReceipt`."""
        try:
            async with asyncio.timeout(deadline_seconds), self._arrived:
                await self._arrived.wait_for(lambda: bool(self._final.get(command_id)))
                return self._final[command_id].popleft()
        except TimeoutError:
            raise NoReceipt(f"No final receipt for {command_id} within {deadline_seconds:g} seconds.") from None


class Sender:
    """A connected sender. Use `connect`."""

    def __init__(self, stack: Stack, signature: Signature, producer: Any, receipts: Receipts) -> None:
        self.stack = stack
        self.signature = signature
        self.receipts = receipts
        self._producer = producer

    async def send(self, order: Order) -> str:
        """Publish a command and return its id once the broker has it."""
        await self.publish(order.topic, order.record_key.encode(), order.body, self.signature.headers(order))
        return order.id

    async def send_all(self, orders: Iterable[Order]) -> list[str]:
        """Publish commands in their order, many on the way at a time; return their ids once the broker has all."""
        sent, on_the_way = [], deque[Any]()
        for order in orders:
            if len(on_the_way) >= SENT_AT_ONCE:
                await on_the_way.popleft()
            headers, key = self.signature.headers(order), order.record_key.encode()
            on_the_way.append(await self._producer.send(self._topic(order.topic), order.body, key, headers=headers))
            sent.append(order.id)
        await asyncio.gather(*on_the_way)
        return sent

    async def publish(self, topic: str, key: bytes | None, value: bytes | None, headers: Headers) -> tuple[int, int]:
        """Publish any record at all; return its partition and offset."""
        done = await self._producer.send_and_wait(self._topic(topic), value, key, headers=list(headers))
        return done.partition, done.offset

    async def receipt(self, command_id: str, deadline_seconds: float = RECEIPT_DEADLINE_SECONDS) -> Receipt:
        """The next final answer to a command that was sent. Raises `NoReceipt`."""
        return await self.receipts.final(command_id, deadline_seconds)

    async def ask(self, order: Order, deadline_seconds: float = RECEIPT_DEADLINE_SECONDS) -> Receipt:
        """Send a command and wait for its final answer. Raises `NoReceipt`."""
        return await self.receipt(await self.send(order), deadline_seconds)

    def _topic(self, name: str) -> str:
        return self.stack.topic_prefix + name


@asynccontextmanager
async def connect(stack: Stack, sender: str = "guest") -> AsyncIterator[Sender]:
    """A sender that is ready to send and misses no receipt from here on. Raises `CliError`."""
    signature = signature_of(stack, sender)
    topic = f"{stack.topic_prefix}receipts.{sender}"
    login = stack.login(sender)
    async with (
        producer(stack.bootstrap, login) as sending,
        reader(stack.bootstrap, [topic], login=login) as consumer,
    ):
        receipts = Receipts(consumer)
        collecting = asyncio.create_task(receipts.collect())
        try:
            yield Sender(stack, signature, sending, receipts)
        finally:
            collecting.cancel()
            await asyncio.wait([collecting])


def signature_of(stack: Stack, sender: str) -> Signature:
    """What a sender of this stack signs with. Raises `CliError`."""
    key_pem, kid = stack.signing_key(sender)
    return Signature(sender, kid, key_pem)


def bearer(stack: Stack, sender: str, staff_id: str, lifetime_seconds: float = 3600) -> str:
    """A token for the HTTP doors of this stack. Raises `CliError`."""
    key_pem, kid = stack.signing_key(sender)
    return sign_bearer(key_pem, kid, sender, staff_id, lifetime_seconds)


def succeeded(receipt: Receipt) -> bool:
    """Whether the command was accepted, now or when it came for the first time."""
    return (receipt.first or receipt).outcome == "accepted"
