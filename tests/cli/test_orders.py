"""Command files and stack files, and what is said when they are wrong."""

import json
from pathlib import Path

import pytest

from casebus_cli.errors import CliError
from casebus_cli.main import main
from casebus_cli.orders import Order, Signature, read_orders, structured
from casebus_cli.stack import find_stack, read_stack

REQUEST = "0197c9a0-0000-7000-8000-00000000000a"
CHECK_IN = {"type": "CheckIn", "data": {"request_id": REQUEST, "office_id": "adair"}, "actor": "adair-greeter"}
STACK = {
    "kafka": {"bootstrap": "127.0.0.1:9"},
    "services": {"intake": {"http": "127.0.0.1:8"}},
    "senders": {"guest": {"signing_key_file": "keys/guest.pem"}},
}


def written(folder: Path, content: object) -> Path:
    file = folder / "commands.json"
    file.write_text(json.dumps(content))
    return file


def complaint(folder: Path, content: object) -> str:
    with pytest.raises(CliError) as error:
        read_orders(written(folder, content))
    return str(error.value)


def test_one_command_alone_is_a_list_of_one(tmp_path: Path):
    assert [order.type for order in read_orders(written(tmp_path, CHECK_IN))] == ["CheckIn"]


def test_type_decides_topic_and_key(tmp_path: Path):
    order = read_orders(written(tmp_path, [CHECK_IN]))[0]

    assert (order.topic, order.record_key) == ("intake.commands", REQUEST)


def test_a_missing_id_is_made_up_once(tmp_path: Path):
    order = read_orders(written(tmp_path, CHECK_IN))[0]

    assert order.id[14] == "7"


def test_an_id_that_is_given_is_kept(tmp_path: Path):
    assert read_orders(written(tmp_path, {**CHECK_IN, "id": REQUEST}))[0].id == REQUEST


def test_the_actor_may_come_from_the_command_line(tmp_path: Path):
    anonymous = {name: value for name, value in CHECK_IN.items() if name != "actor"}

    assert read_orders(written(tmp_path, anonymous), "adair-es")[0].actor == "adair-es"


def test_a_command_nobody_signs_is_not_sent(tmp_path: Path):
    assert "nobody is named as the actor" in complaint(tmp_path, {"type": "CheckIn", "data": {}})


def test_an_unknown_type_is_pointed_out(tmp_path: Path):
    assert complaint(tmp_path, {**CHECK_IN, "type": "Checkin"}).startswith("No command is named Checkin")


def test_an_entry_without_data_is_pointed_out_by_its_number(tmp_path: Path):
    assert "entry 2: a command has a `type` and `data`" in complaint(tmp_path, [CHECK_IN, {"type": "CheckIn"}])


def test_a_file_that_is_no_json_is_said_to_be_none(tmp_path: Path):
    file = tmp_path / "commands.json"
    file.write_text("{")

    with pytest.raises(CliError, match="is no JSON"):
        read_orders(file)


def test_the_structured_form_carries_the_data_as_it_is():
    event = structured(Order("CheckIn", CHECK_IN["data"], "adair-greeter", id=REQUEST), "guest")

    assert (event["id"], event["source"], event["data"]) == (REQUEST, "/guest", CHECK_IN["data"])


def test_a_record_has_the_headers_a_command_needs(signature: Signature):
    headers = dict(signature.headers(Order("CheckIn", CHECK_IN["data"], "adair-greeter")))

    assert {"ce_specversion", "ce_id", "ce_source", "ce_type", "content-type", "ce_proof"} <= set(headers)


def test_without_a_stack_one_sentence_says_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CASEBUS_STACK", raising=False)

    status = main(["token", "adair-greeter"])

    assert (status, capsys.readouterr().err.count("\n")) == (2, 1)


def test_a_stack_is_found_from_a_folder_below(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / ".run").mkdir()
    (tmp_path / ".run" / "stack.json").write_text(json.dumps(STACK))
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    monkeypatch.delenv("CASEBUS_STACK", raising=False)

    assert find_stack().bootstrap == "127.0.0.1:9"


def test_a_stack_file_that_says_nothing_is_pointed_out(tmp_path: Path):
    (tmp_path / "stack.json").write_text("[]")

    with pytest.raises(CliError, match="does not describe a stack"):
        find_stack(str(tmp_path / "stack.json"))


def test_a_door_without_scheme_is_plain_http():
    assert read_stack(STACK, Path()).door("intake") == "http://127.0.0.1:8"


def test_a_sender_the_stack_does_not_know_is_pointed_out():
    with pytest.raises(CliError, match="no sender named stranger"):
        read_stack(STACK, Path()).signing_key("stranger")


def test_a_stopped_broker_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "stack.json"
    file.write_text(json.dumps(STACK))

    status = main(["tail", "request.created", "--stack", str(file)])

    assert (status, capsys.readouterr().err) == (
        2,
        "Kafka does not answer at 127.0.0.1:9. Is the stack up (`make up`)?\n",
    )
