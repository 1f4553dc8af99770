"""What happens in an office on a day: who comes, calls or writes, when, and how long it takes.

Rates follow the hour (a rush at opening, a second one after noon), the weekday (Mondays) and the month (its first
days). Times are those of the office's wall clock.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from casebus_testing.traffic.people import Person, person
from casebus_testing.traffic.places import CLOSES, OPENS, ZONE, Place, state

PEOPLE: Final = 900_000
"""So many different ones come in the course of years."""

HOURS: Final = (16, 14, 12, 11, 8, 12, 11, 9, 7)
"""How busy each hour from opening to closing is."""
WEEKDAYS: Final = (1.3, 1.1, 0.95, 0.9, 0.75)
TYPES: Final = ("walk_in", "call_in", "mail_in", "auth_rep_contact", "vendor_contact", "merit_call")
TYPE_WEIGHTS: Final = (46, 24, 24, 3, 2, 1)
CHANNELS: Final = {
    "walk_in": ("in_person",),
    "call_in": ("phone",),
    "mail_in": ("mail", "fax", "email", "drop_box", "online"),
    "auth_rep_contact": ("phone", "email"),
    "vendor_contact": ("phone", "email"),
    "merit_call": ("phone",),
}
REASONS: Final = (
    "apply", "review", "change_of_address", "register_to_vote_only", "drop_documents", "ebt_card", "interview", "other",
)  # fmt: skip
REASON_WEIGHTS: Final = (24, 20, 9, 1, 20, 10, 10, 6)
COVERED: Final = frozenset(REASONS[:4])
SPOKEN: Final = frozenset({"in_person", "phone", "home_visit", "chat"})
VENDORS: Final = ("Prairie Supply", "Ozark Paper", "River Office Machines", "Gateway Couriers", "Boone Cleaning")
ENDINGS: Final = ("served", "left", "no_show", "auto_closed", "inaccurate")
ENDING_WEIGHTS: Final = (91, 4, 2, 2, 1)
RESPONSES: Final = ("no", "no_already_registered", "declined", "yes")
RESPONSE_WEIGHTS: Final = (38, 34, 10, 18)
OFFERS: Final = ("entry", "letter", "missing")
OFFER_WEIGHTS: Final = (96, 2, 2)

_TYPE_BOUNDS: Final = tuple(sum(TYPE_WEIGHTS[: n + 1]) for n in range(len(TYPES)))
_REASON_BOUNDS: Final = tuple(sum(REASON_WEIGHTS[: n + 1]) for n in range(len(REASONS)))


@dataclass(frozen=True, slots=True)
class Visit:
    """A walk-in in the lobby: from arrival (the contact's moment) to its end."""

    ticket: int
    told_minutes: int
    wait: timedelta
    service: timedelta
    ending: str


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody wants something. `at` is in UTC, `day` of the office."""

    place: Place
    day: date
    number: int
    at: datetime
    request_type: str
    channel: str
    reasons: tuple[str, ...]
    person: Person | None
    unsigned: bool
    closed: bool
    vendor: str | None = None
    visit: Visit | None = None
    offer: str | None = None
    response: str | None = None

    @property
    def covered(self) -> bool:
        """Whether one of its reasons is covered by voter registration law."""
        return not COVERED.isdisjoint(self.reasons)


def days_of(last: date, months: int) -> list[date]:
    """The working days of so many months up to a day."""
    begun = last - timedelta(days=round(months * 365 / 12))
    return [day for n in range((last - begun).days) if (day := begun + timedelta(days=n + 1)).weekday() < len(WEEKDAYS)]


def expected(place: Place, day: date, requests: int, days: Sequence[date]) -> float:
    """How many requests an office has on a day, if the state has `requests` over all these days."""
    return requests * place.weight / _state_weight() * _busy(day) / _busy_days(tuple(days))


def contacts_on(place: Place, day: date, count: float, seed: int) -> Iterator[Contact]:
    """The contacts of a day, in their order; the same seed, the same contacts."""
    chance = random.Random(f"{seed}/{place.office_id}/{day}")
    number = max(0, round(chance.gauss(count, count**0.5 / 2)))
    midnight = datetime.combine(day, time(), ZoneInfo(ZONE)).astimezone(UTC)
    moments = sorted(
        (OPENS + hour) * 3600 + chance.random() * 3600
        for hour in chance.choices(range(CLOSES - OPENS), HOURS, k=number)
    )
    ticket = 0
    for nth, seconds in enumerate(moments):
        request_type = chance.choices(TYPES, cum_weights=_TYPE_BOUNDS)[0]
        ticket += request_type == "walk_in"
        at = midnight + timedelta(seconds=int(seconds), milliseconds=nth % 1000)
        yield _contact(place, day, nth, at, request_type, ticket, chance)


def _contact(
    place: Place, day: date, nth: int, at: datetime, request_type: str, ticket: int, chance: random.Random
) -> Contact:
    channel = chance.choice(CHANNELS[request_type])
    reasons = tuple(dict.fromkeys(chance.choices(REASONS, cum_weights=_REASON_BOUNDS, k=1 + (chance.random() < 0.12))))
    named = request_type not in ("vendor_contact",) and chance.random() < 0.93
    spoken = channel in SPOKEN and not COVERED.isdisjoint(reasons)
    offer = chance.choices(OFFERS, OFFER_WEIGHTS)[0] if spoken else None
    return Contact(
        place=place,
        day=day,
        number=nth,
        at=at,
        request_type=request_type,
        channel=channel,
        reasons=reasons,
        person=person(int(chance.random() * PEOPLE)) if named else None,
        unsigned=request_type == "mail_in" and chance.random() < 0.04,
        closed=chance.random() < 0.85,
        vendor=chance.choice(VENDORS) if request_type == "vendor_contact" else None,
        visit=_visit(ticket, chance) if request_type == "walk_in" else None,
        offer="missing" if offer == "letter" and not named else offer,
        response=chance.choices(RESPONSES, RESPONSE_WEIGHTS)[0] if offer == "entry" else None,
    )


def _visit(ticket: int, chance: random.Random) -> Visit:
    wait = timedelta(seconds=int(min(7200, chance.expovariate(1 / 780))))
    service = timedelta(seconds=int(min(7200, 60 + chance.gammavariate(2.2, 330))))
    told = round(wait.total_seconds() / 60 * chance.uniform(0.6, 1.4))
    return Visit(ticket, told, wait, service, chance.choices(ENDINGS, ENDING_WEIGHTS)[0])


def _busy(day: date) -> float:
    return WEEKDAYS[day.weekday()] * (1.2 if day.day <= 5 else 1.0)


@cache
def _busy_days(days: tuple[date, ...]) -> float:
    return sum(map(_busy, days))


@cache
def _state_weight() -> int:
    return sum(place.weight for place in state())
