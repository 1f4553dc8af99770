"""The lobby of an office: who waits, who is served, and what the next visitor is told.

A guard: the tickets of an office and the order of its queue are decided over all visits at once.
"""

import dataclasses
from bisect import insort
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import ClassVar

from chassis.rules import Aggregate, replace

SERVICE_TIMES_KEPT = 20
SERVICE_TIMES_NEEDED = 5
SERVICE_TIMES_AGE = timedelta(days=30)
TICKET_DAYS_KEPT = 15
"""Commands stay on their topic for 14 days, so that a check-in of a day this old can still come."""


@dataclass(frozen=True, slots=True)
class TicketDay:
    """The last ticket of a local day."""

    day: date
    last: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """One who waits. A smaller priority comes first, then the earlier arrival."""

    request_id: str
    day: date
    priority: int
    arrived_at: datetime


@dataclass(frozen=True, slots=True)
class ServiceTime:
    """How long one was served."""

    request_id: str
    ended_at: datetime
    seconds: int


@dataclass(frozen=True, slots=True)
class Place:
    """What a visitor is told on checking in."""

    ticket: int
    people_ahead: int
    estimate_minutes: int


@dataclass(frozen=True, slots=True)
class Lobby(Aggregate):
    """One per office; its id is the office's. `service_times` are accurate ones only, the latest last."""

    NAME: ClassVar[str] = "lobby"
    TABLE: ClassVar[str] = "lobbies"
    GUARD: ClassVar[bool] = True

    ticket_days: tuple[TicketDay, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    serving: tuple[str, ...] = ()
    service_times: tuple[ServiceTime, ...] = ()

    def join(
        self, request_id: str, priority: int, day: date, now: datetime, usual: timedelta, *, overnight: bool = False
    ) -> "tuple[Lobby, Place]":
        """Hand out the next ticket of the local day. `usual` is the service time while too few are known.

        `overnight`: this office sends nobody home, so whoever was left of the day before still waits.
        """
        lobby = self if overnight else self._opened(day)
        # Equal times come from one record batch; whoever holds the lower ticket stands before.
        there = (each for each in lobby.waiting if overnight or each.day == day)
        ahead = sum((each.priority, each.arrived_at) <= (priority, now) for each in there)
        ticket = lobby._last_ticket(day) + 1
        others = tuple(each for each in lobby.ticket_days if each.day != day)
        days = sorted((*others, TicketDay(day, ticket)), key=lambda each: each.day)
        joined = replace(
            lobby,
            ticket_days=tuple(days[-TICKET_DAYS_KEPT:]),
            waiting=(*lobby.waiting, Waiting(request_id, day, priority, now)),
        )
        return joined, Place(ticket, ahead, lobby._estimate_minutes(ahead, now, usual))

    def begin(self, request_id: str) -> "Lobby":
        """One who waited is served."""
        waiting, serving = self._others(request_id)
        return replace(self, waiting=waiting, serving=(*serving, request_id))

    def come_back(self, request_id: str, priority: int, day: date, arrived_at: datetime) -> "Lobby":
        """One who was called waits again, where arrival and priority put them."""
        gone = self.leave(request_id)
        return replace(gone, waiting=(*gone.waiting, Waiting(request_id, day, priority, arrived_at)))

    def hurry(self, request_id: str, priority: int) -> "Lobby":
        """One who waits, if they do, has another priority."""
        waiting = (
            dataclasses.replace(each, priority=priority) if each.request_id == request_id else each
            for each in self.waiting
        )
        return replace(self, waiting=tuple(waiting))

    def leave(self, request_id: str) -> "Lobby":
        """One is in the lobby no more."""
        waiting, serving = self._others(request_id)
        return replace(self, waiting=waiting, serving=serving)

    def finish(self, request_id: str, ended_at: datetime, seconds: int, accurate: bool) -> "Lobby":
        """One was served. An accurate time counts for later estimates; it replaces an earlier one of the same visit."""
        waiting, serving = self._others(request_id)
        times = [each for each in self.service_times if each.request_id != request_id]
        if accurate:
            insort(times, ServiceTime(request_id, ended_at, seconds), key=lambda each: each.ended_at)
        return replace(self, waiting=waiting, serving=serving, service_times=tuple(times[-SERVICE_TIMES_KEPT:]))

    def _others(self, request_id: str) -> tuple[tuple[Waiting, ...], tuple[str, ...]]:
        """Who waits and who is served, without this one."""
        waiting = tuple([each for each in self.waiting if each.request_id != request_id])
        return waiting, tuple([each for each in self.serving if each != request_id])

    def _opened(self, day: date) -> "Lobby":
        """On a new day nobody waits yet: whoever was left of the day before has gone home."""
        if all(each.day < day for each in self.ticket_days):
            return replace(self, waiting=(), serving=())
        return self

    def _last_ticket(self, day: date) -> int:
        return next((each.last for each in self.ticket_days if each.day == day), 0)

    def _estimate_minutes(self, ahead: int, now: datetime, usual: timedelta) -> int:
        """Median service time, times the people ahead, by the people serving; rounded up."""
        if ahead == 0:
            return 0
        known = [each.seconds for each in self.service_times if each.ended_at >= now - SERVICE_TIMES_AGE]
        seconds = median(known) if len(known) >= SERVICE_TIMES_NEEDED else usual.total_seconds()
        half_seconds = int(2 * seconds)  # a median of whole seconds may end in a half: no rounding error this way
        return -(-half_seconds * ahead // (120 * max(1, len(self.serving))))
