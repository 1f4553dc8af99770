"""What happens that day, from eight to five: the walk-ins and the mail of two offices, minute by minute. Pure data.

The queue is played out here as the offices would work it: two people serve in each. One visitor is overlooked, one
goes away, one gives no name, one is not asked about voter registration, one is never timed out, one time is put right
by the supervisor; one command is not allowed, one is sent twice.
"""

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from zoneinfo import ZoneInfo

from casebus_cli.orders import new_id
from casebus_testing.sample import sample

ZONE: Final = ZoneInfo("America/Chicago")
SLICE: Final = 3
"""The steps of the day fall on multiples of it: each moment costs the demo a moment."""
LAST_ARRIVAL: Final = 8 * 60 + 9
CLOSING: Final = 9 * 60
MINUTES_BETWEEN: Final = (4, 11)
WAIT_LIMIT_MINUTES: Final = 30
OVERLOOKED_MINUTES: Final = 44
ANONYMOUS, OVERLOOKED = ("adair", 6), ("adair", 9)
GONE, NOT_ASKED, CORRECTED = ("boone", 5), ("boone", 9), ("boone", 12)
FORGOTTEN = "adair"
"""Where the last visitor of the day is not timed out."""
CAME_FOR: Final = {ANONYMOUS: "ebt_card", NOT_ASKED: "review"}
MAIL: Final = ("apply", "review", "drop_documents", "change_of_address")
MAIL_MINUTE: Final = 2 * 60

SERVICE_MINUTES: Final = {
    "apply": (14, 22),
    "review": (9, 16),
    "change_of_address": (5, 8),
    "register_to_vote_only": (5, 7),
    "drop_documents": (5, 6),
    "ebt_card": (5, 9),
    "interview": (12, 20),
    "other": (6, 14),
}
COVERED: Final = frozenset({"apply", "review", "change_of_address", "register_to_vote_only"})
FIRST_NAMES: Final = ("Alma", "Bruno", "Celia", "Dmitri", "Elsa", "Farid", "Greta", "Hiram", "Ines", "Jonas")
LAST_NAMES: Final = (
    "Abbott",
    "Brandt",
    "Calloway",
    "Dunmore",
    "Eastman",
    "Fiske",
    "Garrow",
    "Holm",
    "Ingalls",
    "Joyner",
)


@dataclass(frozen=True, slots=True)
class Minute:
    """A moment of the day inside a command: minutes after opening."""

    after_opening: int


@dataclass(frozen=True, slots=True)
class Step:
    """One command of the day, and what must be answered."""

    minute: int
    office: str
    type: str
    actor: str
    data: Mapping[str, Any]
    says: str
    expect: str = "accepted"
    rule: str | None = None
    id: str = field(default_factory=new_id)


@dataclass(frozen=True, slots=True)
class Visit:
    """One walk-in: when it comes, is served and ends, and by which role."""

    number: int
    office: str
    reason: str
    client: Mapping[str, str] | None
    arrives: int
    begins: int
    ends: int | None
    """None: nobody times them out."""
    server: str
    request_id: str = field(default_factory=new_id)

    @property
    def place(self) -> tuple[str, int]:
        """Office and number."""
        return self.office, self.number

    @property
    def target(self) -> dict[str, str]:
        """What every command about this visit names."""
        return {"request_id": self.request_id, "office_id": self.office}


@dataclass(frozen=True, slots=True)
class Day:
    """All visits, and all steps in the order of their minutes."""

    visits: tuple[Visit, ...]
    steps: tuple[Step, ...]

    @property
    def overlooked(self) -> Visit:
        """The visitor about whom the alert goes out."""
        return next(visit for visit in self.visits if visit.place == OVERLOOKED)

    @property
    def overdue_minute(self) -> int:
        """The first full minute after the overlooked visitor has waited as long as an office allows."""
        return self.overlooked.arrives + WAIT_LIMIT_MINUTES + 1

    @property
    def forgotten(self) -> Visit:
        """The visitor who is still being served, it seems, when the office closes."""
        return next(visit for visit in self.visits if visit.ends is None)

    @property
    def not_asked(self) -> Visit:
        """The visitor whom nobody asked about voter registration."""
        return next(visit for visit in self.visits if visit.place == NOT_ASKED)

    def received(self, office: str) -> Counter[str]:
        """What an office took in, by type of request."""
        made = [each for each in self.steps if each.type == "CreateRequest" and each.expect == "accepted"]
        return Counter(each.data["request_type"] for each in made if each.office == office)

    def covered(self, office: str) -> Counter[str]:
        """The visitors of an office to whom voter registration is to be offered, by what they came for."""
        return Counter(each.reason for each in self.visits if each.office == office and each.reason in COVERED)

    def logged(self, office: str) -> int:
        """Entries in the voter log of an office."""
        return sum(each.type == "LogVoterRegistration" and each.office == office for each in self.steps)


def whole_day(seed: int = 2) -> Day:
    """The day; the same for the same seed but for its ids."""
    chance = random.Random(seed)
    visits = tuple(visit for office in sample().offices for visit in _visits(office, chance))
    steps = [step for visit in visits for step in _steps(visit)]
    steps += [step for office in sample().offices for step in _mail(office, chance)]
    return Day(visits, tuple(sorted([*steps, *_incidents(visits, steps)], key=lambda step: step.minute)))


def _visits(office: str, chance: random.Random) -> Iterator[Visit]:
    free = {"es": 0, "es_clerical": 0}
    minute = number = 0
    while minute < LAST_ARRIVAL:
        number += 1
        reason = CAME_FOR.get((office, number), chance.choice(list(SERVICE_MINUTES)))
        server = min(free, key=lambda role: free[role])
        minute = _full(minute + chance.randint(*MINUTES_BETWEEN))
        begins = max(minute + SLICE, free[server])
        if (office, number) == OVERLOOKED:
            begins, server = minute + OVERLOOKED_MINUTES, "supervisor"
        ends = begins + _full(chance.randint(*SERVICE_MINUTES[reason]))
        if (office, number) not in (OVERLOOKED, GONE):
            free[server] = ends
        client = None if (office, number) == ANONYMOUS else _client(chance)
        forgotten = office == FORGOTTEN and minute >= LAST_ARRIVAL
        yield Visit(number, office, reason, client, minute, begins, None if forgotten else ends, server)


def _full(minutes: int) -> int:
    return -(-minutes // SLICE) * SLICE


def _client(chance: random.Random) -> dict[str, str]:
    return {"first_name": chance.choice(FIRST_NAMES), "last_name": chance.choice(LAST_NAMES)}


def _steps(visit: Visit) -> Iterator[Step]:
    yield from _arrival(visit)
    if visit.place == GONE:
        reason = {**visit.target, "stage": "waiting"}
        yield _step(
            visit, visit.arrives + 4 * SLICE, "LeaveVisit", "rc_greeter", reason, "goes away without being served"
        )
        return
    if visit.server == "es":
        assigned = {"request_id": visit.request_id, "as": "interviewer", "staff_id": _staff(visit.office, "es")}
        yield _step(visit, visit.begins, "AssignRequest", "clerical", assigned, f"is given to {assigned['staff_id']}")
    yield _step(visit, visit.begins, "TimeIn", visit.server, visit.target, "is served")
    if visit.ends is None:
        return
    yield _step(visit, visit.ends, "TimeOut", visit.server, visit.target, "is done")
    if visit.place == CORRECTED:
        corrected = {**visit.target, "time_out": Minute(visit.ends - 2), "reason": "timed out two minutes late"}
        yield _step(visit, visit.ends + SLICE, "CorrectTimes", "supervisor", corrected, "has its time put right")


def _arrival(visit: Visit) -> Iterator[Step]:
    created = {
        **visit.target,
        "request_type": "walk_in",
        "reasons": [visit.reason],
        "anonymous": visit.client is None,
        "channel": "in_person",
        **({"client": visit.client} if visit.client else {}),
    }
    who = "comes in" if visit.client else "comes in and gives no name"
    yield _step(
        visit, visit.arrives, "CreateRequest", "rc_greeter", created, f"{who}: {visit.reason.replace('_', ' ')}"
    )
    yield _step(visit, visit.arrives, "CheckIn", "rc_greeter", visit.target, "takes ticket")
    if visit.reason in COVERED and visit.client and visit.place != NOT_ASKED:
        says = "is asked about voter registration"
        # Its key is its own: a step later the request is surely there.
        asked = visit.arrives + SLICE
        yield _step(visit, asked, "LogVoterRegistration", "rc_greeter", _offer(visit, visit.client), says)


def _mail(office: str, chance: random.Random) -> Iterator[Step]:
    """The post of the morning, written down by the clerk."""
    for reason in MAIL:
        letter = {"request_id": new_id(), "office_id": office, "request_type": "mail_in", "channel": "mail"}
        data = {**letter, "reasons": [reason], "anonymous": False, "client": _client(chance)}
        says = f"a letter is opened: {reason.replace('_', ' ')}"
        yield Step(MAIL_MINUTE, office, "CreateRequest", _staff(office, "clerical"), data, says)


def _offer(visit: Visit, client: Mapping[str, str]) -> dict[str, Any]:
    """Everybody who comes for one of the covered reasons is asked; what they say stays with intake."""
    return {
        "entry_id": new_id(),
        **visit.target,
        "name": f"{client['first_name']} {client['last_name']}",
        "birth_date": "1980-02-29",
        "response": "no",
        "completed_by": "participant",
        "occasion": visit.reason,
        "channel": "in_person",
    }


def _step(visit: Visit, minute: int, type_: str, role: str, data: Mapping[str, Any], says: str) -> Step:
    return Step(minute, visit.office, type_, _staff(visit.office, role), data, f"visitor {visit.number} {says}")


def _incidents(visits: tuple[Visit, ...], steps: list[Step]) -> Iterator[Step]:
    """A command that is not allowed, and one that is sent twice."""
    forbidden = next(step for step in steps if step.type == "CreateRequest" and step.office == "boone")
    data = {**forbidden.data, "request_id": new_id()}
    says = "an eligibility specialist tries to add a request"
    yield Step(forbidden.minute + SLICE, "boone", "CreateRequest", _staff("boone", "es"), data, says, "refused", "I-38")
    first = next(step for step in steps if step.type == "CheckIn")
    says = "the first check-in is sent once more"
    yield Step(
        first.minute + SLICE, first.office, first.type, first.actor, first.data, says, "duplicate", None, first.id
    )


def _staff(office: str, role: str) -> str:
    return sample().staff[office][role]


def one_more_visitor() -> list[dict[str, Any]]:
    """A command file for those who want to try: somebody comes in and takes a ticket."""
    target = {"request_id": new_id(), "office_id": sample().offices[0]}
    walk_in = {"request_type": "walk_in", "reasons": ["ebt_card"], "anonymous": True, "channel": "in_person"}
    greeter = _staff(target["office_id"], "rc_greeter")
    created = {"type": "CreateRequest", "actor": greeter, "data": {**target, **walk_in}}
    return [created, {"type": "CheckIn", "actor": greeter, "data": target}]
