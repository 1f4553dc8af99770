"""The page for other systems is true, and enough."""

import ast
import re
import runpy
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from access.keys import NewSender, write_senders
from access.proofs import Senders
from casebus_contracts import COMMANDS, FACTS
from casebus_contracts.documents import DOCUMENT, PROGRAM, document
from casebus_contracts.examples import COMMAND, REQUEST

PAGE = document()
STACK = (
    '{{"kafka": {{"bootstrap": "none"}}, "senders": {{"guest": {{"signing_key_file": "{key}"}}}}, "sample": {sample}}}'
)
SAMPLE = '{"offices": ["adair"], "staff": {"rc_greeter": "adair-greeter"}}'


@pytest.fixture
def guest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Senders:
    """A place as `make up` leaves it, as far as signing needs it."""
    files = write_senders(tmp_path / ".run", [NewSender("guest")])
    (tmp_path / ".run" / "stack.json").write_text(STACK.format(key=files.signing_keys["guest"], sample=SAMPLE))
    monkeypatch.chdir(tmp_path)
    return Senders.load(files.jwks, files.senders)


def program() -> dict[str, Any]:
    return runpy.run_path(str(PROGRAM), run_name="first_walk_in")


def test_the_page_is_the_one_the_contracts_make() -> None:
    assert DOCUMENT.read_text() == PAGE


def test_no_place_of_the_page_was_left_empty() -> None:
    assert "{{" not in PAGE


@pytest.mark.parametrize("type_", [*COMMANDS, *FACTS])
def test_every_message_has_its_chapter(type_: str) -> None:
    assert f"\n### {type_}\n" in PAGE


def test_every_link_leads_somewhere() -> None:
    chapters = {
        re.sub(r"[^a-z0-9_ -]", "", title.lower()).replace(" ", "-") for title in re.findall(r"^#+ (.+)$", PAGE, re.M)
    }
    targets = re.findall(r"\]\(([^)]+)\)", PAGE)

    lost = [to for to in targets if to.startswith("#") and to[1:] not in chapters]
    lost += [to for to in targets if not to.startswith("#") and not (DOCUMENT.parent / to).exists()]
    assert lost == []


def test_the_program_knows_nothing_of_ours() -> None:
    tree = ast.parse(PROGRAM.read_text())
    named = [[a.name for a in node.names] for node in ast.walk(tree) if isinstance(node, ast.Import)]
    named += [[node.module or ""] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]

    foreign = {name.partition(".")[0] for names in named for name in names} - sys.stdlib_module_names
    assert foreign == {"aiokafka", "jwt"}


def test_a_proof_made_as_the_page_says_holds(guest: Senders) -> None:
    sent = program()["record"](COMMAND, "CheckIn", REQUEST, {"request_id": REQUEST, "office_id": "adair"})

    headers = dict(sent["headers"])
    proven = guest.check_proof(headers["ce_proof"], COMMAND, "CheckIn", REQUEST, sent["value"], datetime.now(UTC))
    assert (proven.sender, proven.subject) == ("guest", "adair-greeter")


@pytest.mark.usefixtures("guest")
def test_the_ids_of_the_program_are_of_now() -> None:
    made = program()["uuid7"]()

    assert re.fullmatch("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", made)
    assert abs(int(made[:8] + made[9:13], 16) / 1000 - time.time()) < 5
