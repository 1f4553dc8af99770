"""What people ask a service that has years of requests: reports, lists, searches, the lobby. Seeded."""

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

import httpx

from casebus_contracts import Role
from casebus_testing.traffic.days import PEOPLE
from casebus_testing.traffic.loading import CENTRAL
from casebus_testing.traffic.people import person
from casebus_testing.traffic.places import Place, state

PURPOSE: Final = "bench of reads"
REPORTS: Final = (
    "walk-ins", "requests", "anonymous-and-unsigned", "visits", "times", "estimates", "voter-log", "merit-calls",
    "vendors",
)  # fmt: skip
LISTS: Final = ("reconciliation", "never-timed-out", "voter-forms")
_SECONDS_MAX: Final = 30.0


@dataclass(frozen=True)
class Asked:
    """One question: its kind, as results are told by, and how it is put."""

    kind: str
    actor: str
    path: str
    body: Mapping[str, Any] | None = None


@dataclass
class Answers:
    """How long each kind of question took, in milliseconds, and what was not answered."""

    took_ms: dict[str, list[float]] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)

    def p95(self) -> dict[str, float]:
        """By kind."""
        return {kind: _share(sorted(times), 0.95) for kind, times in sorted(self.took_ms.items())}


class Asker:
    """Asks one question after another, as one client does."""

    def __init__(self, address: str) -> None:
        self._client = httpx.Client(base_url=address, timeout=_SECONDS_MAX, trust_env=False)
        self.answers = Answers()

    def ask(self, asked: Asked) -> None:
        """Put it, and note how long the whole answer took."""
        headers = {"authorization": f"Bearer {asked.actor}"}
        method = "GET" if asked.body is None else "POST"
        began = time.perf_counter()
        answer = self._client.request(method, asked.path, json=asked.body, headers=headers)
        self.answers.took_ms.setdefault(asked.kind, []).append((time.perf_counter() - began) * 1000)
        if answer.status_code != 200:
            self.answers.failed.append(f"{asked.kind}: {answer.status_code} {answer.text[:200]}")


def questions(last: date, count: int, seed: int) -> Iterator[Asked]:
    """`count` of each kind, in an order in which no kind finds its own pages warm."""
    chance = random.Random(seed)
    places = state()
    kinds = [*_reports(last), *_lists(last), *_searches(last)]
    for _ in range(count):
        for make in chance.sample(kinds, len(kinds)):
            yield make(chance, chance.choices(places, [place.weight for place in places])[0])


def dashboard(chance: random.Random) -> Asked:
    """A greeter looks at the lobby."""
    places = state()
    place = chance.choices(places, [each.weight for each in places])[0]
    return Asked("dashboard", place.member(Role.RC_GREETER), f"/v1/offices/{place.office_id}/dashboard")


_Make = Callable[[random.Random, Place], Asked]


def _reports(last: date) -> list[_Make]:
    """Each of an office's last quarter, and of the state's last year, by one of the keys."""
    made: list[_Make] = []
    for name in REPORTS:
        made.append(_report(name, last, 91, whole=False))
        made.append(_report(name, last, 366, whole=True))
    return [*made, _registration(last, whole=False), _registration(last, whole=True)]


def _report(name: str, last: date, days: int, *, whole: bool) -> _Make:
    def make(chance: random.Random, place: Place) -> Asked:
        by = chance.choice(("office", "region", "county", "month") if whole else ("office", "day", "month"))
        query = f"first_day={last - timedelta(days=days - 1)}&last_day={last}&by={by}"
        return _put(f"report {name}", query, place, name, whole=whole)

    return make


def _registration(last: date, *, whole: bool) -> _Make:
    def make(chance: random.Random, place: Place) -> Asked:
        month = last - timedelta(days=chance.randrange(365))
        query = f"month={month:%Y-%m}"
        return _put("report voter-registration", query, place, "voter-registration", whole=whole)

    return make


def _put(kind: str, query: str, place: Place, name: str, *, whole: bool) -> Asked:
    if whole:
        return Asked(f"{kind}, state", CENTRAL, f"/v1/reports/{name}?{query}")
    return Asked(f"{kind}, office", place.member(Role.SUPERVISOR), f"/v1/reports/{name}?{query}")


def _lists(last: date) -> list[_Make]:
    return [_listed(name, last, whole) for name in LISTS for whole in (False, True)]


def _listed(name: str, last: date, whole: bool) -> _Make:
    def make(chance: random.Random, place: Place) -> Asked:
        begun = last - timedelta(days=chance.randrange(30, 300))
        query = f"first_day={begun}&last_day={begun + timedelta(days=30)}"
        return _put(f"list {name}", query, place, name, whole=whole)

    return make


def _searches(last: date) -> list[_Make]:
    def named(chance: random.Random, _: Place) -> Asked:
        who = person(chance.randrange(PEOPLE))
        sought = {"name": f"{who.first_name} {_misspelt(who.last_name, chance)}", "purpose": PURPOSE}
        return Asked("search by name, misspelt", CENTRAL, "/v1/requests/search", sought)

    def born(chance: random.Random, place: Place) -> Asked:
        who = person(chance.randrange(PEOPLE))
        sought = {"name": who.last_name, "birth_date": who.birth_date.isoformat(), "purpose": PURPOSE}
        return Asked("search by name and birth date", CENTRAL, "/v1/requests/search", sought)

    def numbered(chance: random.Random, place: Place) -> Asked:
        sought = {"dcn": person(chance.randrange(PEOPLE)).dcn, "purpose": PURPOSE}
        return Asked("search by DCN", place.member(Role.CLERICAL), "/v1/requests/search", sought)

    def in_office(chance: random.Random, place: Place) -> Asked:
        who = person(chance.randrange(PEOPLE))
        sought = {"name": who.last_name, "purpose": PURPOSE}
        return Asked("search by last name in an office", place.member(Role.CLERICAL), "/v1/requests/search", sought)

    def dated(chance: random.Random, place: Place) -> Asked:
        begun = last - timedelta(days=chance.randrange(30, 300))
        days = {"received_from": str(begun), "received_to": str(begun + timedelta(days=6))}
        sought = {**days, "reason": "apply", "purpose": PURPOSE}
        return Asked("list of an office's week", place.member(Role.SUPERVISOR), "/v1/requests/search", sought)

    def mine(chance: random.Random, place: Place) -> Asked:
        return Asked("my requests", place.member(Role.ES), "/v1/my/requests")

    return [named, born, numbered, in_office, dated, mine]


def _misspelt(name: str, chance: random.Random) -> str:
    """One letter doubled, as a hurried hand does."""
    place = chance.randrange(1, len(name))
    return name[:place] + name[place - 1] + name[place:]


def _share(times: Sequence[float], share: float) -> float:
    return times[min(len(times) - 1, int(len(times) * share))]
