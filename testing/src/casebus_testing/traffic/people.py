"""People of the state, by number: the same number, the same person."""

import json
from bisect import bisect
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import accumulate
from typing import Final

from faker.providers.person.en_US import Provider

_GOLDEN: Final = 0x9E3779B97F4A7C15
_OLDEST: Final = date(1930, 1, 1)
_BIRTH_DAYS: Final = 28_000


@dataclass(frozen=True, slots=True)
class Person:
    """Who comes to an office."""

    client_id: str
    last_name: str
    first_name: str
    birth_date: date
    dcn: str
    phone: str

    def as_json(self) -> str:
        """As a request keeps its client. No name here needs escaping."""
        return (
            f'{{"client_id":"{self.client_id}","last_name":"{self.last_name}","first_name":"{self.first_name}",'
            f'"birth_date":"{self.birth_date}","dcn":"{self.dcn}","phone":"{self.phone}"}}'
        )


def person(number: int) -> Person:
    """One of the people; names as frequent as they are."""
    dice = _mixed(number)
    low = _mixed(dice)
    return Person(
        client_id=f"0190{dice & 0xFFFFFFFF:08x}"[:8] + f"-{number >> 16 & 0xFFFF:04x}-7{number & 0xFFF:03x}"
        f"-8{number >> 12 & 0xF:01x}{dice >> 40 & 0xFF:02x}-{low & 0xFFFFFFFFFFFF:012x}",
        last_name=_drawn(_last_names(), (dice >> 8) & 0xFFFFFF),
        first_name=_drawn(_first_names(), (low >> 8) & 0xFFFFFF),
        birth_date=_OLDEST + timedelta(days=(dice >> 32) % _BIRTH_DAYS),
        dcn=f"{(low >> 20) % 100_000_000:08d}",
        phone=f"573555{number % 10_000:04d}",
    )


def _mixed(number: int) -> int:
    """A number that looks drawn at random (splitmix64)."""
    z = (number + 1) * _GOLDEN & 0xFFFFFFFFFFFFFFFF
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
    z = (z ^ z >> 27) * 0x94D049BB133111EB & 0xFFFFFFFFFFFFFFFF
    return z ^ z >> 31


def _drawn(names: tuple[tuple[str, ...], tuple[float, ...]], dice: int) -> str:
    found, bounds = names
    return found[bisect(bounds, dice / 0x1000000 * bounds[-1], hi=len(found) - 1)]


@cache
def _last_names() -> tuple[tuple[str, ...], tuple[float, ...]]:
    return _weighted(Provider.last_names)


@cache
def _first_names() -> tuple[tuple[str, ...], tuple[float, ...]]:
    return _weighted({**Provider.first_names_female, **Provider.first_names_male})


def _weighted(names: Mapping[str, float]) -> tuple[tuple[str, ...], tuple[float, ...]]:
    kept = {name: weight for name, weight in names.items() if json.dumps(name) == f'"{name}"'}
    return tuple(kept), tuple(accumulate(kept.values()))
