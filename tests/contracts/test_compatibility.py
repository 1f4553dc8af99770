"""Which changes of a message are additions, and which are not."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from casebus_contracts.compatibility import breaking_changes

Schema = dict[str, Any]
Change = Callable[[Schema], Any]


def field(**words: Any) -> Schema:
    return {"x-data-class": "internal", **words}


def nullable(shape: Schema) -> Schema:
    return {"anyOf": [shape, {"type": "null"}], "default": None, "x-data-class": "internal"}


def message(kind: str) -> Schema:
    return {
        "x-kind": kind,
        "x-owner": "bakery",
        "x-topic": "bakery.commands" if kind == "command" else "loaf.baked",
        "x-partitions": 1,
        "x-key": "loaf_id",
        "$defs": {
            "Flour": {"type": "string", "enum": ["rye", "wheat"]},
            "Oven": {
                "type": "object",
                "properties": {"heat": field(type="integer", minimum=50, maximum=300)},
                "required": ["heat"],
                **({"additionalProperties": False} if kind == "command" else {}),
            },
        },
        "type": "object",
        "properties": {
            "loaf_id": field(type="string", pattern="^[a-z]+$"),
            "flour": field(**{"$ref": "#/$defs/Flour"}),
            "label": nullable({"type": "string", "maxLength": 20}),
            "oven": nullable({"$ref": "#/$defs/Oven"}),
            "seeds": field(type="array", items={"type": "string", "maxLength": 9}, maxItems=3, default=[]),
        },
        "required": ["loaf_id", "flour"],
    }


COMMAND, FACT = message("command"), message("fact")


def after(old: Schema, change: Change) -> list[str]:
    new = copy.deepcopy(old)
    change(new)
    return breaking_changes(old, new)


def put(path: str, value: Any) -> Change:
    """A change: the word at the path, its steps parted by slashes, has this value."""

    def change(schema: Schema) -> None:
        *steps, last = path.split("/")
        for step in steps:
            schema = schema[int(step)] if isinstance(schema, list) else schema[step]
        schema[last] = value

    return change


def drop(path: str) -> Change:
    def change(schema: Schema) -> None:
        *steps, last = path.split("/")
        for step in steps:
            schema = schema[step]
        del schema[last]

    return change


NEW_OPTIONAL = put("properties/crust", nullable({"type": "string"}))
NEW_OBJECT = put(
    "properties/baker", nullable({"type": "object", "properties": {"name": field()}, "required": ["name"]})
)

ADDITIONS = {
    "a new optional field": NEW_OPTIONAL,
    "a new optional object with a required field": NEW_OBJECT,
    "another description": put("description", "Bake."),
    "a description of a field": put("properties/flour/description", "What it is made of."),
    "a definition nobody uses": put("$defs/Mill", {"type": "object"}),
}

BREAKS_BOTH = {
    "a field removed": (drop("properties/label"), ["label: removed"]),
    "a nested field removed": (drop("$defs/Oven/properties/heat"), ["oven.heat: removed"]),
    "an optional field now required": (put("required", ["loaf_id", "flour", "label"]), ["label: now required"]),
    "another type": (
        put("properties/loaf_id/type", "integer"),
        ["loaf_id: type string no longer taken"],
    ),
    "null no longer taken": (
        put("properties/label", field(type="string", maxLength=20)),
        ["label: null no longer taken"],
    ),
    "a value removed": (put("$defs/Flour/enum", ["rye"]), ["flour: value wheat removed"]),
    "free text becomes a list": (put("properties/loaf_id/enum", ["a"]), ["loaf_id: list of values added"]),
    "a shorter text": (put("properties/label/anyOf/0/maxLength", 19), ["label: maxLength narrower"]),
    "a longer least text": (put("properties/loaf_id/minLength", 2), ["loaf_id: minLength narrower"]),
    "a smaller number": (put("$defs/Oven/properties/heat/maximum", 299), ["oven.heat: maximum narrower"]),
    "a larger least number": (put("$defs/Oven/properties/heat/minimum", 51), ["oven.heat: minimum narrower"]),
    "fewer in a list": (put("properties/seeds/maxItems", 2), ["seeds: maxItems narrower"]),
    "shorter things in a list": (put("properties/seeds/items/maxLength", 8), ["seeds: items: maxLength narrower"]),
    "another pattern": (put("properties/loaf_id/pattern", "^[A-Z]+$"), ["loaf_id: pattern changed"]),
    "a format asked for": (put("properties/loaf_id/format", "date"), ["loaf_id: format changed"]),
    "another default": (put("properties/seeds/default", ["poppy"]), ["seeds: default changed"]),
    "another data class": (put("properties/label/x-data-class", "personal"), ["label: data class changed"]),
    "another data class inside": (
        put("$defs/Oven/properties/heat/x-data-class", "restricted"),
        ["oven.heat: data class changed"],
    ),
    "another key": (put("x-key", "flour"), ["key changed"]),
    "another topic": (put("x-topic", "elsewhere"), ["topic changed"]),
    "another owner": (put("x-owner", "mill"), ["owner changed"]),
    "another number of partitions": (put("x-partitions", 3), ["partitions changed"]),
    "another kind": (put("x-kind", "receipt"), ["kind changed"]),
}

WIDER = {
    "a value added": (put("$defs/Flour/enum", ["rye", "wheat", "oat"]), ["flour: value oat added"]),
    "a list becomes free text": (drop("$defs/Flour/enum"), ["flour: list of values dropped"]),
    "a longer text": (put("properties/label/anyOf/0/maxLength", 21), ["label: maxLength wider"]),
    "a larger number": (put("$defs/Oven/properties/heat/maximum", 301), ["oven.heat: maximum wider"]),
    "a smaller least number": (put("$defs/Oven/properties/heat/minimum", 49), ["oven.heat: minimum wider"]),
    "no bound": (drop("properties/seeds/maxItems"), ["seeds: maxItems wider"]),
    "no pattern": (drop("properties/loaf_id/pattern"), ["loaf_id: pattern changed"]),
    "one more type": (put("properties/loaf_id/type", ["string", "integer"]), ["loaf_id: type integer added"]),
    "a required field now optional": (put("required", ["loaf_id"]), ["flour: no longer sure to be there"]),
    "null where there was none": (
        put("properties/loaf_id", {"anyOf": [field(type="string", pattern="^[a-z]+$"), {"type": "null"}]}),
        ["loaf_id: may now be null"],
    ),
}


@pytest.mark.parametrize("old", [COMMAND, FACT], ids=["command", "fact"])
def test_nothing_changed_breaks_nothing(old: Schema) -> None:
    assert breaking_changes(old, copy.deepcopy(old)) == []


@pytest.mark.parametrize("change", ADDITIONS.values(), ids=ADDITIONS.keys())
@pytest.mark.parametrize("old", [COMMAND, FACT], ids=["command", "fact"])
def test_an_addition_breaks_nothing(old: Schema, change: Change) -> None:
    assert after(old, change) == []


@pytest.mark.parametrize(("change", "said"), BREAKS_BOTH.values(), ids=BREAKS_BOTH.keys())
@pytest.mark.parametrize("old", [COMMAND, FACT], ids=["command", "fact"])
def test_what_was_written_before_must_still_be_read(old: Schema, change: Change, said: list[str]) -> None:
    found = after(old, change)

    assert set(said) <= set(found)


@pytest.mark.parametrize(("change", "said"), WIDER.values(), ids=WIDER.keys())
def test_a_wider_fact_would_surprise_its_old_readers(change: Change, said: list[str]) -> None:
    assert after(FACT, change) == said


@pytest.mark.parametrize(("change", "_said"), WIDER.values(), ids=WIDER.keys())
def test_a_command_may_take_more_than_before(change: Change, _said: list[str]) -> None:
    assert after(COMMAND, change) == []


def test_a_new_required_field_breaks_every_sender() -> None:
    def change(schema: Schema) -> None:
        schema["properties"]["salt"] = field(type="integer")
        schema["required"].append("salt")

    assert after(COMMAND, change) == ["salt: new and required"]


def test_a_new_required_field_inside_a_known_object_breaks_as_well() -> None:
    def change(schema: Schema) -> None:
        schema["$defs"]["Oven"]["properties"]["steam"] = field(type="boolean")
        schema["$defs"]["Oven"]["required"].append("steam")

    assert after(COMMAND, change) == ["oven.steam: new and required"]


def test_a_fact_that_no_longer_takes_unknown_fields_breaks() -> None:
    assert after(FACT, put("additionalProperties", False)) == ["unknown fields no longer taken"]


def test_a_fact_that_is_now_compacted_breaks() -> None:
    assert after(FACT, put("x-compacted", True)) == ["compacted changed"]


def test_objects_in_lists_are_compared() -> None:
    def with_steps(bound: int) -> Schema:
        step = {"type": "object", "properties": {"minutes": field(type="integer", maximum=bound)}}
        return FACT | {"properties": {"steps": field(type="array", items=step)}, "required": []}

    assert breaking_changes(with_steps(60), with_steps(30)) == ["steps[].minutes: maximum narrower"]


def test_all_breaks_are_told_at_once() -> None:
    def change(schema: Schema) -> None:
        del schema["properties"]["label"]
        schema["x-key"] = "flour"

    assert after(COMMAND, change) == ["key changed", "label: removed"]
