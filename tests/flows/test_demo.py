"""The demo's day on the session's servers, and the checker after sabotage."""

import asyncio
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio
from rich.console import Console

from casebus_cli.client import connect
from casebus_cli.kafka import records_until_end
from casebus_cli.orders import Order, new_id
from casebus_testing import places
from casebus_testing.demo.run import place_of, play
from casebus_testing.demo.screen import Lines
from casebus_testing.demo.summary import Result
from casebus_testing.stack import Stack
from casebus_testing.system import System

LOSE_ONE = """
CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
  $$ BEGIN DELETE FROM outbox WHERE id = NEW.id; RETURN NULL; END $$;
CREATE TRIGGER lose AFTER INSERT ON outbox FOR EACH ROW WHEN (NEW.topic = 'visit.serving') EXECUTE FUNCTION lose()"""
STOP_LOSING = "DROP TRIGGER lose ON outbox; DROP FUNCTION lose()"


@dataclass(frozen=True)
class Day:
    system: System
    result: Result


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def day(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Day]:
    """The system after the day has been played once."""
    run_dir, prefix = tmp_path_factory.mktemp("demo"), f"demo{os.getpid()}."
    async with await System.launch(run_dir, stack=stack, prefix=prefix) as system:
        with (run_dir / "said.txt").open("w") as said:
            result = await play(system, Lines(Console(file=said)))
        yield Day(system, result)


async def test_everything_in_the_day_was_as_it_must_be(day: Day):
    assert day.result.failures == []


async def test_nothing_was_lost_and_nothing_doubled(day: Day):
    assert day.result.verdict.line == "0 lost, 0 doubled"


async def test_the_books_of_both_offices_hold_every_visitor_and_every_letter(day: Day):
    in_log = sum(len(each.log) for each in day.result.books)
    received = sum(number for each in day.result.books for number in each.requests.values())

    assert (in_log, received) == (112, 120)
    assert day.result.holds["intake"]["requests"] == 120


async def test_one_visitor_nobody_asked_is_on_the_list_of_letters_to_be_written(day: Day):
    assert {each.office: len(each.to_correct) for each in day.result.books} == {"adair": 0, "boone": 1}


async def test_an_eligibility_specialist_could_not_add_a_request(day: Day):
    assert day.result.account.answers["CreateRequest", "refused"] == 1


async def test_the_repeated_command_was_answered_as_a_duplicate(day: Day):
    assert day.result.account.answers["CheckIn", "duplicate"] == 1


async def test_the_alert_reached_greeter_and_supervisor_of_the_office_by_mail(day: Day):
    to = Counter(mail.to.strip("<>") for mail in day.result.mails if mail.title.startswith("A-14"))

    # One visitor waited too long there, and one was never timed out.
    assert to == {"gerald.tamm@adair.example.org": 2, "paula.nystrom@adair.example.org": 2}


async def test_the_visitor_nobody_asked_is_told_to_the_coordinators(day: Day):
    to = {mail.to.strip("<>") for mail in day.result.mails if mail.title.startswith("A-16")}

    assert to == {"conrad.ibarra@adair.example.org", "carla.benedetti@boone.example.org"}


async def test_the_checker_names_what_was_lost_and_what_was_doubled(day: Day):
    await _lose_one_outbox_row(day.system)
    await _double_one_fact(day.system)

    status, said = await _check(day.system.run_dir / places.NAME)

    assert (status, said.splitlines()[-1]) == (1, "1 lost, 1 doubled")


async def _lose_one_outbox_row(system: System) -> None:
    """Begin to serve a visitor; the row that says so vanishes from the outbox before any relay sees it."""
    target = {"request_id": new_id(), "office_id": "boone"}
    walk_in = {"request_type": "walk_in", "reasons": ["other"], "anonymous": True, "channel": "in_person"}
    steps = (("CreateRequest", {**target, **walk_in}), ("CheckIn", target), ("TimeIn", target))
    intake = await asyncpg.connect(system.database("intake"))
    await intake.execute(LOSE_ONE)
    async with connect(place_of(system)) as sender:
        for type_, data in steps:
            assert (await sender.ask(Order(type_, data, "boone-greeter"))).outcome == "accepted"
    await intake.execute(STOP_LOSING)
    await intake.close()


async def _double_one_fact(system: System) -> None:
    """The last thing that happened, told again under another id."""
    place = place_of(system)
    record = (await records_until_end(place.bootstrap, [f"{place.topic_prefix}walkin.timed"]))[-1]
    headers = [(name, new_id().encode() if name == "ce_id" else value) for name, value in record.headers]
    async with connect(place) as sender:
        await sender.publish("walkin.timed", record.key, record.value, headers)


async def _check(stack_file: Path) -> tuple[int | None, str]:
    command = ["-m", "casebus_testing.checker", "--stack", str(stack_file), "--settle", "2"]
    process = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    return process.returncode, said.decode()
