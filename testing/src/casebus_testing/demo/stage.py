"""Plays the day: moves the clock, sends what happens in each minute, and looks at the answers."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Any, Final, TypeVar

from casebus_cli.client import Sender
from casebus_cli.orders import Order
from casebus_contracts.receipts import Receipt
from casebus_testing.clock import SystemClock
from casebus_testing.demo.screen import Screen
from casebus_testing.demo.story import CLOSING, ZONE, Day, Minute, Step
from casebus_testing.demo.watch import Seen
from casebus_testing.sample import sample
from casebus_testing.waiting import eventually

OPENING: Final = time(8)
PACE_SECONDS: Final = 0.08
"""Between the minutes: long enough for every service to have seen the clock file change."""

MALFORMED: Final = b"\xff\xfenobody can read this"
SATURDAY: Final = 5
PATIENCE_SECONDS: Final = 30.0

T = TypeVar("T")


@dataclass
class Account:
    """What was sent and answered, and where the answers were not the expected ones."""

    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often a type got an outcome."""
    malformed_at: tuple[str, int, int] | None = None
    alert: Mapping[str, Any] | None = None
    surprises: list[str] = field(default_factory=list)


def opening_after(moment: datetime) -> datetime:
    """The next time the offices open, from Monday to Friday."""
    local = moment.astimezone(ZONE)
    day = local.date() if local.time() < OPENING else local.date() + timedelta(days=1)
    while day.weekday() >= SATURDAY:
        day += timedelta(days=1)
    return datetime.combine(day, OPENING, ZONE).astimezone(UTC)


class Stage:
    """Plays a day through Kafka."""

    def __init__(self, sender: Sender, clock: SystemClock, seen: Seen, screen: Screen) -> None:
        self._sender = sender
        self._clock = clock
        self._seen = seen
        self._screen = screen
        self._opens = opening_after(clock.now())
        self.account = Account()

    @property
    def day(self) -> date:
        """The local day that is played."""
        return self._opens.astimezone(ZONE).date()

    async def play(self, day: Day) -> None:
        """All of it, to closing time."""
        self._screen.say(f"{self._opens.astimezone(ZONE):%A, %d %B %Y}: two offices open at eight")
        for minute, steps in groupby(day.steps, key=lambda step: step.minute):
            if minute > day.overdue_minute and self.account.alert is None:
                await self._alert(day)
            await self._reach(minute)
            await self._minute(list(steps))
            if self.account.malformed_at is None:
                await self._send_rubbish()
        await self._close(day)

    async def _close(self, day: Day) -> None:
        """The offices close: whoever was not timed out is gone all the same."""
        await self._reach(CLOSING + 1)
        request_id = day.forgotten.request_id
        await _until(lambda: self._told_of("visit.auto_closed", request_id), "the end of the forgotten visit")
        self._tell(day.forgotten.office, f"visitor {day.forgotten.number} was never timed out: closed at closing time")

    async def _reach(self, minute: int) -> None:
        """Move the clock to this minute, unless real time has overtaken it."""
        ahead = self._opens + timedelta(minutes=minute) - self._clock.now()
        if ahead > timedelta():
            self._clock.shift(ahead)
            await asyncio.sleep(PACE_SECONDS)

    async def _minute(self, steps: list[Step]) -> None:
        orders = [Order(step.type, self._dated(step.data), step.actor, step.id) for step in steps]
        await self._sender.send_all(orders)
        for step in steps:
            receipt = await self._sender.receipt(step.id)
            self._book(step, receipt)
            self._tell(step.office, await self._told(step, receipt))

    def _book(self, step: Step, receipt: Receipt) -> None:
        self.account.answers[step.type, receipt.outcome] += 1
        if (receipt.outcome, receipt.rule) != (step.expect, step.rule):
            got = f"{receipt.outcome} {receipt.rule or receipt.field or ''}".strip()
            self.account.surprises.append(f"{step.type}: {step.says}: {got} instead of {step.expect}")

    async def _told(self, step: Step, receipt: Receipt) -> str:
        """The step in words, with what the visitor heard or why not."""
        if receipt.outcome != "accepted":
            return f"{step.says}: {receipt.outcome} {receipt.rule or ''}".strip()
        if step.type == "CheckIn":
            _, told = await _until(lambda: self._seen.facts.get(receipt.facts[0].id), "the ticket")
            return f"{step.says} {told['ticket']}: {told['people_ahead']} ahead, {told['estimate_minutes']} min"
        return step.says

    def _told_of(self, topic: str, request_id: str) -> Mapping[str, Any] | None:
        return next((each for each in self._seen.of_type(topic) if each["request_id"] == request_id), None)

    async def _alert(self, day: Day) -> None:
        """Somebody has waited too long: an alert goes out, and the supervisor takes it on."""
        office, request_id = day.overlooked.office, day.overlooked.request_id
        await self._reach(day.overdue_minute)
        alert = await _until(lambda: self._raised(request_id), "the alert")
        self.account.alert = alert
        self._tell(office, f"ALERT {alert['rule']} to {', '.join(alert['recipients'])}: {_first_line(alert['text'])}")
        await _until(lambda: self._delivered(alert) or None, "the alert's delivery")
        supervisor = sample().staff[office]["supervisor"]
        step = Step(0, office, "Acknowledge", supervisor, {"alert_id": alert["alert_id"]}, f"{supervisor} acknowledges")
        await self._minute([step])

    def _raised(self, request_id: str) -> Mapping[str, Any] | None:
        alerts = self._seen.of_type("alert.raised")
        return next((alert for alert in alerts if alert["subject"]["id"] == request_id), None)

    def _delivered(self, alert: Mapping[str, Any]) -> bool:
        made = [each for each in self._seen.of_type("alert.delivered") if each["alert_id"] == alert["alert_id"]]
        return {each["recipient"] for each in made} >= set(alert["recipients"])

    async def _send_rubbish(self) -> None:
        partition, offset = await self._sender.publish("intake.commands", b"?", MALFORMED, [])
        self.account.malformed_at = ("intake.commands", partition, offset)
        self._screen.say(f"{self._local()}  a record nobody can read is put on intake.commands[{partition}]@{offset}")

    def _dated(self, data: Mapping[str, Any]) -> dict[str, Any]:
        return {name: self._moment(value) if isinstance(value, Minute) else value for name, value in data.items()}

    def _moment(self, minute: Minute) -> str:
        return (self._opens + timedelta(minutes=minute.after_opening)).isoformat()

    def _tell(self, office: str, what: str) -> None:
        self._screen.say(f"{self._local()}  {office:<6} {what}")

    def _local(self) -> str:
        return f"{self._clock.now().astimezone(ZONE):%H:%M}"


def _first_line(text: str) -> str:
    return text.partition("\n")[0]


async def _until(check: Callable[[], T | None], what: str) -> T:
    found: T | None = await eventually(check, within=PATIENCE_SECONDS, what=what)
    if found is None:
        raise AssertionError(what)
    return found
