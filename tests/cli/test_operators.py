"""`casebus parked` and `casebus dead`, as far as no service is needed: words in, sentences out."""

import json
from pathlib import Path

import pytest

from casebus_cli.dead import place_of
from casebus_cli.errors import CliError
from casebus_cli.main import main
from casebus_cli.parked import readers_of
from casebus_cli.rollups import told
from casebus_cli.show import table
from casebus_cli.stack import Stack as Place


@pytest.fixture
def silent_file(place_file: Path) -> Path:
    """A stack whose services do not answer."""
    content = json.loads(place_file.read_text())
    content["services"] = {name: {"http": "http://127.0.0.1:9"} for name in ("intake", "intake-2", "staffing")}
    content["sample"] = {"offices": ["adair"], "staff": {"operator": "adair-operator"}}
    place_file.write_text(json.dumps(content))
    return place_file


def run(file: Path, *words: str) -> int:
    return main([*words, "--stack", str(file)])


@pytest.mark.parametrize("text", ["intake.commands/1/42", "intake.commands[1]@42"])
def test_a_place_is_read_as_the_dead_topic_and_as_tail_write_it(text: str):
    assert place_of(text) == {"topic": "intake.commands", "partition": 1, "offset": 42}


@pytest.mark.parametrize("text", ["intake.commands", "intake.commands/1", "a/b/c", "in take/1/2", ""])
def test_what_is_no_place_is_pointed_out(text: str):
    with pytest.raises(CliError, match="is no place; write TOPIC/PARTITION/OFFSET"):
        place_of(text)


def test_the_services_that_facts_will_reach_are_named():
    assert readers_of({"visit.left": 1, "staff.upserted": 2, "request.created": 3}) == ["intake", "notifications"]


def test_columns_stand_under_their_names():
    assert table(("lane", "next_try_at"), [["a/1", "now"], ["longer/2", ""]]) == [
        "LANE      NEXT TRY AT",
        "a/1       now",
        "longer/2",
    ]


def test_each_service_is_asked_once_however_many_copies_it_has():
    http = dict.fromkeys(("intake", "intake-2", "staffing"), "http://127.0.0.1:9")

    assert Place("", http, {}).services == ["intake", "staffing"]


def test_each_service_that_is_away_is_named(silent_file: Path, capsys: pytest.CaptureFixture[str]):
    status = run(silent_file, "parked", "ls")

    said = capsys.readouterr()
    address = "http://127.0.0.1:9/v1/operations/parked: ConnectError."
    assert (status, said.out) == (2, "")
    assert said.err == f"intake does not answer at {address}\nstaffing does not answer at {address}\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("parked", "ls", "--service", "billing"), "The stack has no service named billing."),
        (("dead", "show", "nowhere"), "nowhere is no place; write TOPIC/PARTITION/OFFSET."),
        (("dead", "resend", "a/0/1", "--header", "ce_type"), "--header ce_type: write NAME=VALUE."),
        (("dead", "resend", "a/0/1", "--body", "none.json"), "none.json cannot be read: No such file or directory."),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(
    silent_file: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], sentence: str
):
    assert (run(silent_file, *words), capsys.readouterr().err) == (2, f"{sentence}\n")


def test_without_a_sample_directory_an_operator_has_to_be_named(place_file: Path, capsys: pytest.CaptureFixture[str]):
    assert (run(place_file, "parked", "ls"), capsys.readouterr().err) == (
        2,
        "Nobody is named as the operator; use --actor STAFF_ID.\n",
    )


def test_a_discard_without_a_reason_is_not_sent(silent_file: Path, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        run(silent_file, "parked", "discard", "intake.commands/1")

    assert "--reason" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("wrong", "dry_run", "sentence"),
    [
        (0, True, "intake: 3 states counted, all roll-ups are right."),
        (0, False, "intake: 3 states counted, all roll-ups are right."),
        (1, True, "intake: 3 states counted, 1 cell differed."),
        (2, False, "intake: 3 states counted, 2 cells differed and were put right."),
    ],
)
def test_a_recount_says_what_it_found_and_did(wrong: int, dry_run: bool, sentence: str):
    assert told({"service": "intake", "dry_run": dry_run, "states": 3, "wrong_cells": wrong}) == sentence


def test_a_recount_of_a_service_that_is_away_says_so(silent_file: Path, capsys: pytest.CaptureFixture[str]):
    assert run(silent_file, "rebuild-rollups", "--check", "--service", "intake") == 2
    assert "intake does not answer at http://127.0.0.1:9/v1/operations/rebuild-rollups" in capsys.readouterr().err
