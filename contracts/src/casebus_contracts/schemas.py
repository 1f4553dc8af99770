"""The JSON Schemas of all messages. `python -m casebus_contracts.schemas` writes them and the golden payloads.

A golden payload is an example as it was first published. It is written once and never changed.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from casebus_contracts.base import COMMANDS, FACTS, Command, Fact, Part
from casebus_contracts.compatibility import breaking_changes
from casebus_contracts.examples import EXAMPLES, payload
from casebus_contracts.fields import data_class, models, wire_name
from casebus_contracts.receipts import Receipt, Unreadable
from casebus_contracts.topics import commands_topic, fact_topic

ROOT = Path(__file__).resolve().parents[2]
DIALECT = "https://json-schema.org/draft/2020-12/schema"

Described = type[Command] | type[Fact] | type[Receipt] | type[Unreadable]

MESSAGES: Mapping[str, Described] = {
    **COMMANDS,
    **FACTS,
    Receipt.TYPE: Receipt,
    Unreadable.TYPE: Unreadable,
}
"""Everything that has a schema, by type."""


class _Plain(GenerateJsonSchema):
    """Without titles that only repeat the field's name."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def encode_default(self, dft: Any) -> Any:
        """As it would be written: what is absent is not in it."""
        if isinstance(dft, Part):
            return dft.model_dump(mode="json", by_alias=True, exclude_none=True)
        return super().encode_default(dft)


def schema(message: Described) -> dict[str, Any]:
    """The JSON Schema of a message, with `x-` words for what JSON Schema does not say."""
    body = message.model_json_schema(by_alias=True, schema_generator=_Plain)
    for name, model in models(message).items():
        described = body if model is message else body["$defs"][name]
        _mark(described, model.model_fields, {field: str(data_class(model, field)) for field in model.model_fields})
    head = {"$schema": DIALECT, "$id": f"urn:casebus:schema:{message.TYPE}:{message.VERSION}"}
    return head | wire(message) | body


def wire(message: Described) -> dict[str, Any]:
    """How the message travels: kind, topic, partitions, key, and who answers for it."""
    if issubclass(message, Command):
        topic = commands_topic(message.SERVICE)
        return {"x-kind": "command", "x-owner": message.SERVICE, **_topic(topic.name, topic.partitions, message.KEY)}
    if issubclass(message, Fact):
        topic = fact_topic(message)
        named = {"x-kind": "fact", "x-owner": message.OWNER, "x-subject": message.SUBJECT}
        return named | _topic(topic.name, topic.partitions, message.KEY) | {"x-compacted": message.COMPACTED}
    if message is Receipt:
        return {"x-kind": "receipt", "x-topic": "receipts.<sender>", "x-key": "command_id"}
    return {"x-kind": "unreadable", "x-topic": "<service>.dead", "x-key": "<topic>/<partition>/<offset>"}


def _topic(name: str, partitions: int, key: str) -> dict[str, Any]:
    return {"x-topic": name, "x-partitions": partitions, "x-key": key}


def _mark(described: JsonSchemaValue, fields: Mapping[str, FieldInfo], classes: Mapping[str, str]) -> None:
    for field, info in fields.items():
        described["properties"][wire_name(field, info)]["x-data-class"] = classes[field]


def schema_file(message: Described, root: Path = ROOT) -> Path:
    """Where the schema of this version is committed."""
    return root / "schemas" / message.TYPE / f"{message.VERSION}.json"


def golden_file(message: Described, root: Path = ROOT) -> Path:
    """Where the first payload of this version is kept."""
    return root / "golden" / message.TYPE / f"{message.VERSION}.json"


def as_text(described: Mapping[str, Any]) -> str:
    """A schema as it is committed."""
    return json.dumps(described, indent=2, ensure_ascii=False) + "\n"


def breaks(root: Path = ROOT) -> list[str]:
    """What the code would break of the committed schemas, one line each."""
    found = []
    for message in MESSAGES.values():
        file = schema_file(message, root)
        if file.exists():
            changes = breaking_changes(json.loads(file.read_text()), schema(message))
            found += [f"{message.TYPE} {message.VERSION}: {change}" for change in changes]
    return found


def write(root: Path = ROOT) -> None:
    """Write every schema, and the golden payload of what has none yet."""
    for message in MESSAGES.values():
        _write(schema_file(message, root), as_text(schema(message)).encode())
        if not golden_file(message, root).exists():
            _write(golden_file(message, root), payload(EXAMPLES[message.TYPE]))


def _write(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


def main() -> int:
    """Write, unless something published would break: then say what, and exit with 1."""
    if broken := breaks():
        print("not written; other meaning is a new version:", *broken, sep="\n  ", file=sys.stderr)
        return 1
    write()
    return 0


if __name__ == "__main__":
    sys.exit(main())
