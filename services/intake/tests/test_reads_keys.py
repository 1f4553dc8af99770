"""Keys are looked up in ways that together find what one look at everything would."""

from itertools import combinations

import pytest

from intake.reads.keys import KEYS_AT_ONCE, Lists, keyed, ways
from intake.reads.names import Closeness, Sought, sound

LISTS: list[Lists] = [(["a", "b"], ["c", "d"]), (["b", "e"], ["c", "f"])]


def found(lists: list[Lists], there: set[str]) -> bool:
    """Whether any way finds somebody with these keys."""
    return any(all(there & set(keys) for keys in way) for way in ways(lists))


@pytest.mark.parametrize(
    "lists", [LISTS, LISTS[:1], [(["a"], []), LISTS[1]], [LISTS[0], (["a"], [])], [(["a"], [])], []]
)
def test_the_ways_find_whoever_has_a_key_of_each_word_and_nobody_else(lists: list[Lists]) -> None:
    keys = sorted({key for close, near in LISTS for key in (*close, *near)})
    people = [set(chosen) for size in range(len(keys) + 1) for chosen in combinations(keys, size)]

    assert [found(lists, there) for there in people] == [
        all(there & {*close, *near} for close, near in lists) for there in people
    ]


def test_many_keys_are_looked_up_in_parts() -> None:
    near = [f"n{number}" for number in range(2 * KEYS_AT_ONCE + 1)]

    sizes = [[len(keys) for keys in way] for way in ways([(["a"], near)])]

    assert sizes == [[1], [KEYS_AT_ONCE], [KEYS_AT_ONCE], [1]]


def test_the_closest_come_first() -> None:
    assert ways(LISTS)[0] == [["a", "b"], ["b", "e"]]


def test_spellings_that_sound_like_the_word_are_found_by_the_sound() -> None:
    word = Sought.of("smith")

    close, near = word.keys(Closeness.SOUNDS_ALIKE)

    assert close == ["n:smith", f"s:{sound('smith')}"]
    assert all(sound(key[2:]) != sound("smith") for key in near)
    assert {each for each in word.near if sound(each) != sound("smith")} == {key[2:] for key in near}


@pytest.mark.parametrize("name", [["maria", "del", "carmen"], ["roe"], []])
def test_a_query_has_as_many_arguments_as_it_names(name: list[str]) -> None:
    arguments: list[object] = ["offices"]

    query = keyed([Sought.of(word) for word in name], Closeness.SOUNDS_ALIKE, ["b:1980-02-29"], "C1", arguments)

    assert [f"${number}::" in query for number in range(1, len(arguments) + 2)] == [
        False,
        *([True] * (len(arguments) - 1)),
        False,
    ]
    assert all(key.startswith("C1/") or key == "b:1980-02-29" for keys in arguments[1:] for key in list(keys))  # type: ignore[call-overload]
