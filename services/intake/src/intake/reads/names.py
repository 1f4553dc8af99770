"""What a request can be found by, tolerant of spelling: the words of its names, and how they sound.

The database keeps words and sounds of every request (`request_keys` in migrations/0010). Whoever searches brings each
word in every spelling that is one letter away, and how it sounds; so the index stays small, and a search is a handful
of look-ups in it however many requests there are.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

_MARKS = re.compile("[\u0300-\u036f'’`]")
_PARTS = re.compile("[^0-9a-z\u0080-\U0010ffff]+")
LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
_SOUNDS = str.maketrans("aeiouybfpvcgjkqsxzdtlmnr", "000000111122222222334556", "hw")
_DOUBLES = re.compile(r"(.)\1+")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_SOUNDING = re.compile(r"[a-z]{3,}")
_SHORTEST_MISSPELT = 4
"""Of shorter words everything is one letter away from everything."""
_SOUND_DIGITS = 5


class Closeness(IntEnum):
    """How well a name fits what was asked for: the smaller the better."""

    SAME = 0
    ONE_LETTER_AWAY = 1
    SOUNDS_ALIKE = 2


def words(name: str) -> list[str]:
    """The words of a name: no marks, no case; an apostrophe joins, all else that is no letter or digit parts."""
    plain = _MARKS.sub("", unicodedata.normalize("NFKD", name)).translate(LOWER)
    return [word for word in _PARTS.split(plain) if word]


def sound(word: str) -> str | None:
    """How a word of at least three Latin letters sounds, as up to five digits."""
    if not _SOUNDING.fullmatch(word):
        return None
    code = _DOUBLES.sub(r"\1", word.translate(_SOUNDS))
    return (code[:1] + code[1:].replace("0", ""))[:_SOUND_DIGITS]


def misspelt(word: str) -> Iterator[str]:
    """Every spelling one letter away: one left out, doubled or added, changed, or two exchanged."""
    if len(word) < _SHORTEST_MISSPELT or len(word) > 40:
        return
    for place in range(len(word) + 1):
        before, after = word[:place], word[place:]
        yield from (f"{before}{letter}{after}" for letter in _LETTERS)
        if after:
            yield before + after[1:]
            yield from (f"{before}{letter}{after[1:]}" for letter in _LETTERS)
        if len(after) > 1:
            yield f"{before}{after[1]}{after[0]}{after[2:]}"


@dataclass(frozen=True, slots=True)
class Sought:
    """One word that is looked for."""

    word: str
    near: frozenset[str]
    sound: str | None

    @classmethod
    def of(cls, word: str) -> "Sought":
        """With all its spellings."""
        return cls(word, frozenset(misspelt(word)) - {word}, sound(word))

    def keys(self, up_to: Closeness) -> tuple[list[str], list[str]]:
        """What to look up in the index: what is close, the word and its sound; what is near and does not sound so."""
        close, near = [f"n:{self.word}"], self.near
        if up_to >= Closeness.SOUNDS_ALIKE and self.sound is not None:
            close.append(f"s:{self.sound}")
            near = frozenset(each for each in near if sound(each) != self.sound)
        return close, [f"n:{each}" for each in near]

    def closeness(self, found: Iterable[str]) -> Closeness:
        """How near the nearest of these words is. They came by the index, so that the rest sounds alike."""
        there = set(found)
        if self.word in there:
            return Closeness.SAME
        return Closeness.ONE_LETTER_AWAY if there & self.near else Closeness.SOUNDS_ALIKE


def closeness(sought: Iterable[Sought], names: Iterable[str | None]) -> Closeness:
    """How near a request with these names is to what is looked for: as its worst word."""
    found: set[str] = set()
    for name in names:
        if name:
            parts = words(name)
            found |= {*parts, "".join(parts)}
    return max((each.closeness(found) for each in sought), default=Closeness.SAME)
