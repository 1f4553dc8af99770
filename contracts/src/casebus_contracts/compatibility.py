"""Whether a message changed only by addition. Works on JSON Schemas, so that history can be compared.

Two promises. Who reads now must take what was written before: nothing may become narrower,
nothing new may be needed. Who reads facts with an old release must take what is written now:
nothing of a fact may become wider. A command may: its owner is updated before its senders.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]

_ENVELOPE = ("x-kind", "x-owner", "x-topic", "x-key", "x-subject", "x-partitions", "x-compacted")
_LOWER_BOUNDS = ("minLength", "minimum", "exclusiveMinimum", "minItems")
_UPPER_BOUNDS = ("maxLength", "maximum", "exclusiveMaximum", "maxItems")
_EXACT = ("pattern", "format", "multipleOf", "uniqueItems", "const", "anyOf")
_DATA_CLASS = "x-data-class"


@dataclass(frozen=True, slots=True)
class _Field:
    """A field, wherever it is nested. `shape` is its schema without references and without null."""

    shape: Schema
    required: bool
    nullable: bool


def breaking_changes(old: Schema, new: Schema) -> list[str]:
    """What a reader or sender of `old` would notice in `new`, one line each. Empty: only additions."""
    before, after = _fields(old), _fields(new)
    fact = old.get("x-kind") != "command"
    found = [f"{word[2:]} changed" for word in _ENVELOPE if old.get(word) != new.get(word)]
    found += _closed(old, new)
    for path, field in before.items():
        if path in after:
            found += [f"{path}: {change}" for change in _changes(field, after[path], fact)]
        else:
            found.append(f"{path}: removed")
    found += [f"{path}: new and required" for path in after.keys() - before.keys() if _needed(path, before, after)]
    return sorted(found)


def _needed(path: str, before: Mapping[str, _Field], after: Mapping[str, _Field]) -> bool:
    """A required field inside an object that is itself new asks nothing of old writers."""
    parent = path.rpartition(".")[0].removesuffix("[]")
    return after[path].required and (not parent or parent in before)


def _changes(old: _Field, new: _Field, fact: bool) -> Iterator[str]:
    if new.required and not old.required:
        yield "now required"
    if fact and old.required and not new.required:
        yield "no longer sure to be there"
    if old.nullable and not new.nullable:
        yield "null no longer taken"
    if fact and new.nullable and not old.nullable:
        yield "may now be null"
    if old.shape.get("default") != new.shape.get("default"):
        yield "default changed"
    yield from _shape_changes(old.shape, new.shape, fact)


def _shape_changes(old: Schema, new: Schema, fact: bool) -> Iterator[str]:
    if old.get(_DATA_CLASS) != new.get(_DATA_CLASS):
        yield "data class changed"
    yield from _type_changes(old, new, fact)
    yield from _value_changes(old, new, fact)
    yield from _bound_changes(old, new, fact)
    yield from (f"{word} changed" for word in _EXACT if _exact_change(old.get(word), new.get(word), fact))
    yield from _closed(old, new)
    if "items" in old and "items" in new:
        yield from (f"items: {change}" for change in _shape_changes(old["items"], new["items"], fact))


def _type_changes(old: Schema, new: Schema, fact: bool) -> Iterator[str]:
    before, after = _types(old), _types(new)
    if lost := before - after:
        yield f"type {'/'.join(sorted(lost))} no longer taken"
    if fact and (won := after - before):
        yield f"type {'/'.join(sorted(won))} added"


def _value_changes(old: Schema, new: Schema, fact: bool) -> Iterator[str]:
    before, after = old.get("enum"), new.get("enum")
    if before is None and after is None:
        return
    if before is None or after is None:
        if fact or before is None:
            yield "list of values " + ("added" if before is None else "dropped")
        return
    yield from (f"value {value} removed" for value in before if value not in after)
    if fact:
        yield from (f"value {value} added" for value in after if value not in before)


def _bound_changes(old: Schema, new: Schema, fact: bool) -> Iterator[str]:
    for words, sign in ((_LOWER_BOUNDS, 1), (_UPPER_BOUNDS, -1)):
        for word in words:
            before, after = _tightness(old.get(word), sign), _tightness(new.get(word), sign)
            if after > before:
                yield f"{word} narrower"
            elif fact and after < before:
                yield f"{word} wider"


def _tightness(bound: float | None, sign: int) -> float:
    return float("-inf") if bound is None else sign * bound


def _exact_change(old: Any, new: Any, fact: bool) -> bool:
    return bool(old != new and (fact or new is not None))


def _closed(old: Schema, new: Schema) -> list[str]:
    open_before = old.get("additionalProperties", True) is not False
    closed_now = new.get("additionalProperties", True) is False
    return ["unknown fields no longer taken"] if open_before and closed_now else []


def _types(shape: Schema) -> frozenset[str]:
    types = shape.get("type", [])
    return frozenset([types] if isinstance(types, str) else types)


def _fields(root: Schema) -> dict[str, _Field]:
    """Every field by its path; members of lists under `path[]`."""
    return dict(_walk(root, "", root.get("$defs", {})))


def _walk(shape: Schema, prefix: str, definitions: Schema) -> Iterator[tuple[str, _Field]]:
    required = shape.get("required", ())
    for name, raw in shape.get("properties", {}).items():
        plain, nullable = _resolved(raw, definitions)
        path = f"{prefix}{name}"
        yield path, _Field(_without_fields(plain), name in required, nullable)
        yield from _walk(plain, f"{path}.", definitions)
        items = plain.get("items", {})
        yield from _walk(items, f"{path}[].", definitions)


def _resolved(raw: Schema, definitions: Schema) -> tuple[Schema, bool]:
    """A schema with its references followed and null taken out; whether null was there."""
    shape = dict(raw)
    choices = shape.pop("anyOf", [])
    kept = [choice for choice in choices if choice.get("type") != "null"]
    if len(kept) == 1:
        shape = {**kept[0], **shape}
    elif kept:
        shape["anyOf"] = kept
    if "$ref" in shape:
        shape = {**definitions[shape.pop("$ref").rpartition("/")[2]], **shape}
    if isinstance(shape.get("items"), Mapping):
        shape["items"] = _resolved(shape["items"], definitions)[0]
    return shape, len(kept) < len(choices)


def _without_fields(shape: Schema) -> Schema:
    return {word: value for word, value in shape.items() if word not in ("properties", "required")}
