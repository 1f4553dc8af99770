"""`docs/events.md`, made from the contracts. `python -m casebus_contracts.documents` writes it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from casebus_contracts.base import COMMANDS, FACTS, ID_WINDOW, Command, Fact
from casebus_contracts.example_values import COMMAND
from casebus_contracts.examples import EXAMPLES, MESSAGES, payload
from casebus_contracts.receipts import Receipt, Unreadable
from casebus_contracts.schemas import ROOT, Described, schema
from casebus_contracts.topics import MESSAGE_LIMIT_BYTES, READERS, commands_topic, fact_topic

TEMPLATE = Path(__file__).with_name("events.md.template")
PROGRAM = ROOT / "examples" / "first_walk_in.py"
DOCUMENT = ROOT.parent / "docs" / "events.md"

_KNOWN_PATTERNS: Mapping[str, str] = {
    "^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$": "uuid7",
    "^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$": "code",
    "^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$": "time of day",
    "^[0-9a-f]{64}$": "64 hex digits",
    "^[0-9]{5}$": "5 digits",
    "^[0-9]{8}$": "8 digits",
}
_FORMATS: Mapping[str, str] = {"date-time": "time", "date": "date"}
_NUMBER_LIMIT = 2**53


def document() -> str:
    """The whole page."""
    page = TEMPLATE.read_text()
    for name, text in _pieces().items():
        page = page.replace("{{" + name + "}}", text)
    return page


def _pieces() -> dict[str, str]:
    return {
        "commands_table": _commands_table(),
        "facts_table": _facts_table(),
        "limit": f"{MESSAGE_LIMIT_BYTES:,}",
        "window_days": str(ID_WINDOW.days),
        "program": PROGRAM.read_text(),
        "structured": _structured(),
        "receipt": _described(Receipt),
        "unreadable": _described(Unreadable),
        "commands": "\n\n".join(_command(command) for command in COMMANDS.values()),
        "facts": "\n\n".join(_fact(fact) for fact in FACTS.values()),
    }


def _commands_table() -> str:
    rows = []
    for command in COMMANDS.values():
        topic = commands_topic(command.SERVICE)
        rows.append(
            [_link(command.TYPE), f"`{topic.name}`", str(topic.partitions), f"`{command.KEY}`", command.SERVICE]
        )
    return _table(["command", "topic", "partitions", "key", "done by"], rows)


def _facts_table() -> str:
    rows = []
    for fact in FACTS.values():
        topic = fact_topic(fact)
        name = f"{_link(fact.TYPE)}{' (compacted)' if fact.COMPACTED else ''}"
        subject = f"`{fact.SUBJECT}/<{fact.KEY}>`"
        rows.append([name, fact.OWNER, str(topic.partitions), f"`{fact.KEY}`", subject, _readers(fact)])
    return _table(["fact = topic", "owner", "partitions", "key", "subject", "read by"], rows)


def _command(command: type[Command]) -> str:
    topic = commands_topic(command.SERVICE)
    way = f"On `{topic.name}` ({topic.partitions} {_partitions(topic.partitions)}), key `{command.KEY}`."
    return f"### {command.TYPE}\n\n{command.__doc__} {way}\n\n{_described(command)}"


def _fact(fact: type[Fact]) -> str:
    topic = fact_topic(fact)
    way = (
        f"From {fact.OWNER}, on `{topic.name}` ({topic.partitions} {_partitions(topic.partitions)}), "
        f"key `{fact.KEY}`, subject `{fact.SUBJECT}/<{fact.KEY}>`. Read by: {_readers(fact)}."
    )
    return f"### {fact.TYPE}\n\n{fact.__doc__} {way}\n\n{_described(fact)}"


def _described(message: Described) -> str:
    """Fields and example of a message."""
    told = schema(message)
    link = f"[schema](../contracts/schemas/{message.TYPE}/{message.VERSION}.json)"
    fields = _table(["field", "type", "needed", "data class"], _field_rows(told, told.get("$defs", {})))
    return f"{fields}\n\n{link} · example:\n\n```json\n{_example(message.TYPE)}\n```"


def _field_rows(shape: Mapping[str, Any], parts: Mapping[str, Any], prefix: str = "") -> Iterable[Sequence[str]]:
    for name, field in shape["properties"].items():
        plain = _plain(field, parts)
        needed = "yes" if name in shape.get("required", ()) else _default(field)
        yield [f"`{prefix}{name}`", _type(plain, parts), needed, field["x-data-class"]]
        inside = _plain(plain.get("items", {}), parts)
        if "properties" in plain:
            yield from _field_rows(plain, parts, f"{prefix}{name}.")
        elif "properties" in inside:
            yield from _field_rows(inside, parts, f"{prefix}{name}[].")


def _plain(field: Mapping[str, Any], parts: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema behind a reference, or beside null."""
    for choice in field.get("anyOf", ()):
        if choice.get("type") != "null":
            return _plain(choice, parts)
    if "$ref" in field:
        found: Mapping[str, Any] = parts[field["$ref"].rpartition("/")[2]]
        return found
    return field


def _default(field: Mapping[str, Any]) -> str:
    default = field.get("default")
    return "no" if default in (None, []) or isinstance(default, dict) else f"no: {json.dumps(default)}"


def _type(shape: Mapping[str, Any], parts: Mapping[str, Any]) -> str:
    """What may stand in a field, in a few words."""
    if "enum" in shape:
        return ", ".join(f"`{value}`" for value in shape["enum"])
    match shape["type"]:
        case "array":
            return f"list of {_range(shape, 'minItems', 'maxItems')}: {_type(_plain(shape['items'], parts), parts)}"
        case "integer":
            return f"whole number, {_range(shape, 'minimum', 'maximum')}"
        case "string":
            return _text_type(shape)
        case "boolean":
            return "true or false"
        case other:
            return str(other)


def _text_type(shape: Mapping[str, Any]) -> str:
    if "format" in shape:
        return _FORMATS[shape["format"]]
    if "pattern" in shape:
        return _KNOWN_PATTERNS.get(shape["pattern"], "text like `" + shape["pattern"].replace("|", "\\|") + "`")
    return f"text of {_range(shape, 'minLength', 'maxLength')} characters"


def _range(shape: Mapping[str, Any], low: str, high: str) -> str:
    """`1 to 20`, `0 or more`, `up to 20`."""
    least, most = shape.get(low, 0), shape.get(high)
    if most is None or most >= _NUMBER_LIMIT:
        return f"{least} or more"
    return f"{least} to {most}" if least or "minimum" in shape else f"up to {most}"


def _structured() -> str:
    event = {
        "specversion": "1.0",
        "id": COMMAND,
        "type": "CheckIn",
        "source": "/outside/front-desk",
        "time": "2025-11-24T14:02:00Z",
        "data": json.loads(payload(MESSAGES["CheckIn"])),
    }
    return json.dumps(event, indent=2)


def _example(type_: str) -> str:
    return json.dumps(json.loads(payload(EXAMPLES[type_])), indent=2, ensure_ascii=False)


def _readers(fact: type[Fact]) -> str:
    return ", ".join(READERS.get(fact.TYPE, ())) or "whoever is interested"


def _partitions(count: int) -> str:
    return "partition" if count == 1 else "partitions"


def _link(type_: str) -> str:
    return f"[{type_}](#{type_.lower().replace('.', '')})"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main() -> None:
    """Write the page."""
    DOCUMENT.write_text(document())


if __name__ == "__main__":
    main()
