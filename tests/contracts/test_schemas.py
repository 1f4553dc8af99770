"""What is committed, and that it stays true."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it ships no types
from pydantic import BaseModel

from casebus_contracts import COMMANDS, FACTS
from casebus_contracts.examples import EXAMPLES, payload
from casebus_contracts.schemas import (
    MESSAGES,
    ROOT,
    Described,
    as_text,
    breaks,
    golden_file,
    schema,
    schema_file,
    write,
)

SCHEMAS = sorted((ROOT / "schemas").glob("*/*.json"))
GOLDEN = sorted((ROOT / "golden").glob("*/*.json"))

some_message = pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES.keys())
some_golden = pytest.mark.parametrize("file", GOLDEN, ids=lambda file: f"{file.parent.name} {file.stem}")


@some_message
def test_the_committed_schema_is_the_one_of_the_code(message: Described) -> None:
    assert schema_file(message).read_text() == as_text(schema(message))


def test_no_published_schema_was_broken() -> None:
    assert breaks() == []


def test_no_schema_was_withdrawn() -> None:
    assert {file.parent.name for file in SCHEMAS} == set(MESSAGES)


@some_message
def test_a_schema_is_a_json_schema(message: Described) -> None:
    Draft202012Validator.check_schema(schema(message))


@some_message
def test_the_example_satisfies_the_schema(message: Described) -> None:
    Draft202012Validator(schema(message)).validate(json.loads(payload(EXAMPLES[message.TYPE])))


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS.keys())
def test_the_schema_of_a_command_takes_no_unknown_field(command: Described) -> None:
    body = json.loads(payload(EXAMPLES[command.TYPE])) | {"surprise": 1}

    assert not Draft202012Validator(schema(command)).is_valid(body)


@pytest.mark.parametrize("fact", FACTS.values(), ids=FACTS.keys())
def test_the_schema_of_a_fact_takes_unknown_fields(fact: Described) -> None:
    body = json.loads(payload(EXAMPLES[fact.TYPE])) | {"surprise": 1}

    assert Draft202012Validator(schema(fact)).is_valid(body)


def test_a_schema_says_how_its_message_travels() -> None:
    told = schema(FACTS["walkin.timed"])

    assert {word: told[word] for word in told if word.startswith("x-")} == {
        "x-kind": "fact",
        "x-owner": "intake",
        "x-subject": "request",
        "x-topic": "walkin.timed",
        "x-partitions": 3,
        "x-key": "request_id",
        "x-compacted": False,
    }


def test_a_schema_says_the_data_class_of_nested_fields() -> None:
    told = schema(COMMANDS["CreateRequest"])

    assert told["$defs"]["Client"]["properties"]["last_name"]["x-data-class"] == "personal"


@some_message
def test_every_version_has_a_golden_payload(message: Described) -> None:
    assert golden_file(message).is_file()


@some_golden
def test_a_golden_payload_is_read_and_written_byte_for_byte(file: Path) -> None:
    message: type[BaseModel] = MESSAGES[file.parent.name]
    published = file.read_bytes()

    read = message.__pydantic_validator__.validate_json(published)

    assert message.__pydantic_serializer__.to_json(read, by_alias=True, exclude_none=True) == published


def test_writing_again_keeps_a_golden_payload(tmp_path: Path) -> None:
    kept = golden_file(COMMANDS["CheckIn"], tmp_path)
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"{}")

    write(tmp_path)

    assert kept.read_bytes() == b"{}"


def test_what_would_break_is_named(tmp_path: Path) -> None:
    write(tmp_path)
    published = schema_file(FACTS["visit.left"], tmp_path)
    published.write_text(published.read_text().replace('"x-key": "request_id"', '"x-key": "office_id"'))

    assert breaks(tmp_path) == ["visit.left 1: key changed"]
