"""Whatever is logged by mistake, no value of a message comes out."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chassis.logs import AllowList

ROOT = Path(__file__).parents[2]
MARK = "Zacharias-Canary"
EXEMPT = {"app.py"}
"""Logs the texts of its own `CannotStart` and `CannotGoOn`."""

_PROGRAM = f"""
import asyncio, logging, threading, warnings
import structlog
from chassis.logs import set_up_logs
set_up_logs("intake", "info")
log = structlog.get_logger()
mark = "{MARK}"
class Strange:
    __repr__ = __str__ = lambda self: mark
log.info("by key", client=mark, comment=mark, id="0190")
log.info("by object", id=Strange(), reason=Strange(), topic=[mark], count={{"a": mark}})
log.info("by exception", error=ValueError(mark))
try:
    try:
        raise KeyError(mark)
    except KeyError as error:
        raise ValueError(mark) from error
except ValueError:
    log.exception("caught")
    log.error("given", exc_info=True)
    logging.getLogger("uvicorn.error").exception("in a library")
    logging.getLogger("somebody").error(f"text {{mark}}", exc_info=True)
logging.getLogger("aiokafka.x").error("pattern %s", mark)
warnings.warn(mark)
async def fails():
    raise ValueError(mark)
async def main():
    task = asyncio.create_task(fails(), name=mark)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    del task
    asyncio.get_running_loop().call_soon(int, mark)
    await asyncio.sleep(0)
asyncio.run(main())
def raises():
    raise ValueError(mark)
thread = threading.Thread(target=raises)
thread.start()
thread.join()
raise ValueError(mark)
"""


@pytest.fixture(scope="module")
def output() -> str:
    """What a process writes that logs a person's name in every way there is."""
    told = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=False)
    assert told.returncode == 1
    return told.stdout + told.stderr


def test_a_personal_value_comes_out_in_no_way(output: str) -> None:
    assert MARK not in output


def test_every_line_is_json_and_known_keys_pass(output: str) -> None:
    lines = [json.loads(line) for line in output.splitlines()]

    assert lines[0]["id"] == "0190"
    assert {line["service"] for line in lines} == {"intake"}


def test_what_did_not_pass_is_counted(output: str) -> None:
    dropped = {line["event"]: line.get("dropped") for line in map(json.loads, output.splitlines())}

    assert (dropped["by key"], dropped["by object"]) == (2, 4)


def test_an_exception_is_class_place_and_cause(output: str) -> None:
    caught = next(line for line in map(json.loads, output.splitlines()) if line["event"] == "caught")

    assert (caught["error"], caught["place"].split(":")[0]) == ("ValueError", "<string>")
    assert caught["cause"].startswith("KeyError at ")


@pytest.mark.parametrize("event", ["caught", "given", "in a library", "pattern %s", "ended by what nobody caught"])
def test_what_happened_is_still_told(output: str, event: str) -> None:
    assert event in {json.loads(line)["event"] for line in output.splitlines()}


def test_foreign_letters_and_long_texts_are_bounded() -> None:
    kept = AllowList()(None, "info", {"event": "x", "reason": "a\nb\u202e" + "c" * 1000})

    assert kept["reason"].startswith("a?b?c")
    assert len(kept["reason"]) == 500


def calls(source: str) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith(("log.", "logger.")):
            yield node


def risks(source: str) -> list[str]:
    """Calls of a logger whose text is made at run time, or that turn something into text."""
    found = []
    for call in calls(source):
        made = [each for each in ast.walk(call) if isinstance(each, ast.JoinedStr)]
        told = [
            each for each in ast.walk(call) if isinstance(each, ast.Call) and ast.unparse(each.func) in ("str", "repr")
        ]
        constant = not call.args or isinstance(call.args[0], ast.Constant)
        if made or told or not constant:
            found.append(ast.unparse(call))
    return found


def logging_modules() -> list[Path]:
    folders = [ROOT / "chassis/src", ROOT / "access/src", *(ROOT / "services").glob("*/src")]
    return [file for folder in folders for file in folder.rglob("*.py") if file.name not in EXEMPT]


def test_what_we_log_is_a_constant_text_with_values_beside_it() -> None:
    found: dict[str, list[str]] = {}
    for file in logging_modules():
        if made := risks(file.read_text("utf-8")):
            found[str(file.relative_to(ROOT))] = made

    assert found == {}


@pytest.mark.parametrize("source", ["log.info(f'x {y}')", "log.error('x', error=str(e))", "log.info(text)"])
def test_a_text_made_at_run_time_is_seen(source: str) -> None:
    assert risks(source) == [source]


def test_keys_that_we_log_are_known() -> None:
    used: set[Any] = {
        keyword.arg
        for file in logging_modules()
        for call in calls(file.read_text("utf-8"))
        for keyword in call.keywords
    }

    from chassis.logs import KNOWN

    assert used <= KNOWN
