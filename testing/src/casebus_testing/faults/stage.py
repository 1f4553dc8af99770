"""What a scenario plays on: a system and a sender. The fault comes between two of its commands."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from casebus_cli.client import RECEIPT_DEADLINE_SECONDS, Sender
from casebus_cli.orders import Order
from casebus_contracts.receipts import Receipt
from casebus_testing.clock import SystemClock
from casebus_testing.settling import settled
from casebus_testing.system import System

ID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")

Arrange: TypeAlias = Callable[[Sequence[Order]], Sequence[Order]]
Strike: TypeAlias = Callable[[], Awaitable[None]]


@dataclass
class Stage:
    """Give commands with `send` (many at once) and `ask` (one, with its answer).

    Ids that a scenario gives are named by the order in which it uses them, so that two plays of it can be compared.
    """

    system: System
    sender: Sender
    strike: Strike
    """Called once, before command number `moment` of the whole play is sent."""
    arrange: Arrange = tuple
    """In which order commands that are sent together travel."""
    moment: int = 0
    sent: int = 0
    names: dict[str, str] = field(default_factory=dict)
    answers: dict[str, Receipt] = field(default_factory=dict)
    _asked: list[str] = field(default_factory=list)

    @property
    def clock(self) -> SystemClock:
        """The one clock of the whole system."""
        return self.system.clock

    async def send(self, *orders: Order) -> list[str]:
        """Publish commands; of one key in this order. Returns their ids."""
        for order in orders:
            self._name(order)
        arranged = list(self.arrange(orders))
        first = max(0, min(len(arranged), self.moment - 1 - self.sent))
        if self.sent < self.moment <= self.sent + len(arranged):
            await self._publish(arranged[:first])
            await self.strike()
            arranged = arranged[first:]
        await self._publish(arranged)
        return [order.id for order in orders]

    async def ask(self, order: Order) -> Receipt:
        """Publish a command and wait for its final answer."""
        (id_,) = await self.send(order)
        return await self.answer(id_)

    async def answer(self, command_id: str) -> Receipt:
        """The final answer to a command that was sent."""
        if command_id not in self.answers:
            self.answers[command_id] = await self.sender.receipt(command_id, RECEIPT_DEADLINE_SECONDS)
        return self.answers[command_id]

    async def all_answered(self) -> None:
        """Wait for the final answer to every command."""
        for command_id in self._asked:
            await self.answer(command_id)

    async def settled(self, within: float = 60.0) -> None:
        """Wait until nothing is under way."""
        await settled(self.system, within)

    async def _publish(self, orders: Sequence[Order]) -> None:
        self.sent += len(orders)
        self._asked += await self.sender.send_all(orders)

    def _name(self, order: Order) -> None:
        for id_ in (*_ids_in(order.data), order.id):
            self.names.setdefault(id_, f"id {len(self.names) + 1}")


def _ids_in(value: Any) -> list[str]:
    return ID.findall(str(value))


Scenario: TypeAlias = Callable[[Stage], Awaitable[None]]
