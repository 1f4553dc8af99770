"""Walk-ins of several senders, over Kafka and HTTP, one command in ten sent twice."""

import asyncio
import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
from aiokafka.errors import KafkaError

from casebus_cli.client import Sender, bearer
from casebus_cli.orders import Order, new_id, structured
from casebus_cli.stack import Stack
from casebus_testing.sample import sample

AGAIN: Final = 0.1
STAYS: Final = 0.1
"""The share of visitors who go on waiting, so that clocks have something to do."""

STORIES: Final = (
    ("CheckIn", "Invite", "TimeIn", "Hold", "Resume", "TimeOut"),
    ("CheckIn", "Invite", "Return", "TimeIn", "TimeOut"),
    ("CheckIn", "Invite", "Recall", "NoShow"),
    ("CheckIn", "TimeIn", "Hold"),
    ("CheckIn", "LeaveVisit"),
)
"""What else may become of a visit."""

OTHERWISE: Final = 0.3
"""The share of visitors who have such a story."""

KEPT: Final = 500
RETRY_SECONDS: Final = 0.3
DEADLINE_SECONDS: Final = 180.0
BUSY: Final = frozenset({425, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Sent:
    """A record as it went to Kafka."""

    topic: str
    key: bytes
    body: bytes
    headers: list[tuple[str, bytes]]


@dataclass
class Load:
    """What was acknowledged, and what may be sent again."""

    chance: random.Random
    pause: float
    acknowledged: set[tuple[str, str]] = field(default_factory=set)
    """(sender, command id) that the broker has taken, or that were answered over HTTP."""
    recent: deque[Sent] = field(default_factory=lambda: deque(maxlen=KEPT))
    duplicates: int = 0
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def over_kafka(self, sender: Sender) -> None:
        """One visitor after the other, until told to stop."""
        while not self.stopping.is_set():
            for order in any_visitor(self.chance):
                sent = Sent(order.topic, order.record_key.encode(), order.body, sender.signature.headers(order))
                await publish(sender, sent)
                self.acknowledged.add((sender.signature.sender, order.id))
                self.recent.append(sent)
                if self.chance.random() < AGAIN:
                    self.duplicates += 1
                    await publish(sender, sent)
                await self._rest()

    async def over_http(self, place: Stack, name: str, doors: Sequence[str], http: httpx.AsyncClient) -> None:
        """The same through the doors of all copies: whoever does not answer is asked again, or another."""
        while not self.stopping.is_set():
            for order in any_visitor(self.chance):
                await self._post(place, name, order, doors, http)
                self.acknowledged.add((name, order.id))
                if self.chance.random() < AGAIN:
                    self.duplicates += 1
                    await self._post(place, name, order, doors, http)
                await self._rest()

    async def _post(self, place: Stack, name: str, order: Order, doors: Sequence[str], http: httpx.AsyncClient) -> None:
        headers = {
            "content-type": "application/cloudevents+json",
            "authorization": f"Bearer {bearer(place, name, order.actor)}",
        }
        event = structured(order, name)
        async with asyncio.timeout(DEADLINE_SECONDS):
            while True:
                door = self.chance.choice(doors)
                try:
                    answer = await http.post(f"{door}/v1/commands", json=event, headers=headers)
                    if answer.status_code not in BUSY:
                        return
                except httpx.HTTPError:
                    pass
                await asyncio.sleep(RETRY_SECONDS)

    async def _rest(self) -> None:
        await asyncio.sleep(self.chance.uniform(0.2, 1.8) * self.pause)


def visitor(chance: random.Random) -> list[Order]:
    """Somebody comes, and mostly is served and goes."""
    return _visit(chance, ("CheckIn",) if chance.random() < STAYS else ("CheckIn", "TimeIn", "TimeOut"))


def any_visitor(chance: random.Random) -> list[Order]:
    """The same, or something else happens."""
    return _visit(chance, chance.choice(STORIES)) if chance.random() < OTHERWISE else visitor(chance)


def _visit(chance: random.Random, steps: Sequence[str]) -> list[Order]:
    office = chance.choice(sorted(sample().offices))
    actor = sample().staff[office]["rc_greeter"]
    here = {"request_id": new_id(), "office_id": office}
    told: dict[str, Any] = {"request_type": "walk_in", "reasons": ["apply"], "anonymous": True, "channel": "in_person"}
    more = {"LeaveVisit": {"stage": "waiting"}}
    return [
        Order("CreateRequest", here | told, actor),
        *(Order(step, here | more.get(step, {}), actor) for step in steps),
    ]


async def publish(sender: Sender, sent: Sent) -> None:
    """Until the broker has it."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            try:
                await sender.publish(sent.topic, sent.key, sent.body, list(sent.headers))
                return
            except KafkaError:
                await asyncio.sleep(RETRY_SECONDS)
