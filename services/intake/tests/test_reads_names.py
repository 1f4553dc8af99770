"""Names are found however they are spelt; the database and the search agree on words and sounds."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio

import intake.app
from casebus_testing.plugin import NewDatabase
from chassis.database import Connection
from intake.reads.names import Closeness, Sought, closeness, misspelt, sound, words

NAMES = [
    "Hernandez",
    "O’Brien-Smith",
    "D'Angelo",
    "MÜLLER",
    "Núñez de la Cruz",
    "van  der Berg",
    "Łukasz Żak",
    "李 小龍",
    "Иванов",
    "St. John",
    "x",
    "hww",
    "",
    "Jr., Ph.D.",
    "ﬁsher",
    "Straße",
    "II",
    "'`’",
    "Schwarzenegger",
    "Wright-Ōkubo",
]


@pytest_asyncio.fixture
async def database(new_database: NewDatabase) -> AsyncIterator[Connection]:
    """A migrated database."""
    connection = await asyncpg.connect(await new_database([intake.app.MIGRATIONS]))
    yield connection
    await connection.close()


async def test_the_database_parts_names_into_the_same_words(database: Connection) -> None:
    kept = [await database.fetchval("SELECT name_words($1)", name) for name in NAMES]

    assert kept == [words(name) for name in NAMES]


async def test_the_database_hears_the_same_sounds(database: Connection) -> None:
    heard = {word for name in NAMES for word in words(name) if sound(word) is not None}

    assert {word: await database.fetchval("SELECT word_sound($1)", word) for word in heard} == {
        word: sound(word) for word in heard
    }


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Hernadez", "Hernandez"),
        ("Jonson", "Johnson"),
        ("Garica", "Garcia"),
        ("Smitt", "Smith"),
        ("MULLER", "Müller"),
        ("OBrien", "O'Brien"),
        ("delacruz", "de la Cruz"),
    ],
)
def test_one_letter_away_is_near(typed: str, meant: str) -> None:
    assert closeness([Sought.of(word) for word in words(typed)], [meant]) <= Closeness.ONE_LETTER_AWAY


@pytest.mark.parametrize(("typed", "meant"), [("Kathryn", "Cathrine"), ("Smyth", "Schmidt"), ("Filip", "Phillip")])
def test_what_sounds_alike_is_found_by_its_sound(typed: str, meant: str) -> None:
    (one,), (other,) = words(typed), words(meant)

    assert sound(one) == sound(other)
    assert closeness([Sought.of(one)], [meant]) is Closeness.SOUNDS_ALIKE


def test_a_name_is_as_near_as_its_farthest_word() -> None:
    sought = [Sought.of("maria"), Sought.of("garica")]

    assert closeness(sought, ["Garcia", "Maria", None]) is Closeness.ONE_LETTER_AWAY


@pytest.mark.parametrize("word", ["li", "roe", "x" * 41])
def test_very_short_and_very_long_words_are_found_as_spelt_or_by_sound(word: str) -> None:
    assert list(misspelt(word)) == []


def test_one_word_has_some_hundred_spellings() -> None:
    assert 400 < len(set(misspelt("hernandez"))) < 600
