"""A sender on a real broker; the test stands where a service would."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from casebus_cli import bootstrap, send
from casebus_cli.client import NoReceipt, connect
from casebus_cli.main import main
from casebus_cli.orders import Order
from casebus_contracts.receipts import Receipt

REQUEST = "0197c9a0-0000-7000-8000-00000000000a"
CHECK_IN = {"request_id": REQUEST, "office_id": "adair"}


def answer(command_id: str, outcome: str = "accepted", *, final: bool = True) -> str:
    receipt = Receipt(command_id=command_id, command_type="CheckIn", outcome=outcome, final=final)
    return receipt.model_dump_json(by_alias=True, exclude_none=True)


async def test_the_proof_of_a_record_holds_for_the_record_as_the_broker_kept_it(place, clerk):
    async with connect(place) as sender:
        sent = await sender.send(Order("CheckIn", CHECK_IN, "adair-greeter"))
    record, headers = await clerk.next_command()

    appended_at = datetime.fromtimestamp(record.timestamp / 1000, UTC)
    proven = clerk.senders.check_proof(headers["ce_proof"], sent, "CheckIn", REQUEST, record.value, appended_at)
    assert (proven.sender, proven.subject) == ("guest", "adair-greeter")


async def test_a_receipt_reaches_the_one_who_asked(place, clerk):
    async with connect(place) as sender:
        sent = await sender.send(Order("CheckIn", CHECK_IN, "adair-greeter"))
        await clerk.write("receipts.guest", sent, answer(sent))

        receipt = await sender.receipt(sent)

    assert (receipt.command_id, receipt.outcome) == (sent, "accepted")


async def test_an_interim_answer_is_not_the_last_word(place, clerk):
    async with connect(place) as sender:
        sent = await sender.send(Order("CheckIn", CHECK_IN, "adair-greeter"))
        await clerk.write("receipts.guest", sent, answer(sent, "parked", final=False))
        await clerk.write("receipts.guest", sent, answer(sent))

        receipt = await sender.receipt(sent)

    assert (receipt.outcome, [other.outcome for other in sender.receipts.interim]) == ("accepted", ["parked"])


async def test_silence_ends_at_the_deadline(place, clerk):
    async with connect(place) as sender:
        sent = await sender.send(Order("CheckIn", CHECK_IN, "adair-greeter"))

        with pytest.raises(NoReceipt):
            await sender.receipt(sent, deadline_seconds=0.3)


async def test_many_commands_keep_their_order_within_a_key(place, clerk):
    orders = [Order("CheckIn", {**CHECK_IN, "office_id": f"office-{number}"}, "adair-greeter") for number in range(20)]

    async with connect(place) as sender:
        sent = await sender.send_all(orders)

    assert [(await clerk.next_command())[1]["ce_id"].decode() for _ in orders] == sent


async def test_send_prints_what_became_of_a_command_and_fails_if_it_was_refused(place, clerk, place_file: Path, capsys):
    file = place_file.with_name("command.json")
    file.write_text(json.dumps({"type": "CheckIn", "data": CHECK_IN, "actor": "adair-greeter"}))
    sending = asyncio.create_task(asyncio.to_thread(main, ["send", str(file), "--stack", str(place_file)]))
    _, headers = await clerk.next_command()
    command_id = headers["ce_id"].decode()

    await clerk.write("receipts.guest", command_id, answer(command_id, "refused"))

    assert (await sending, capsys.readouterr().out.split()[:3]) == (1, ["refused", "CheckIn", command_id])


async def test_bootstrap_sends_what_the_directory_lacks_as_system(place, clerk):
    await clerk.write("region.upserted", "north", json.dumps({"region_id": "north", "name": "Renamed later"}))
    orders = [Order("UpsertRegion", {"region_id": region, "name": region}, "system") for region in ("north", "south")]
    loading = asyncio.create_task(bootstrap.load(place, orders, quiet=True))
    record, headers = await clerk.next_command()
    command_id = headers["ce_id"].decode()

    await clerk.write("receipts.guest", command_id, answer(command_id))

    assert (await loading, record.key) == (0, b"south")


async def test_bootstrap_of_a_directory_that_is_there_sends_nothing(place, clerk, place_file: Path, capsys):
    await clerk.write("region.upserted", "north", json.dumps({"region_id": "north", "name": "North"}))
    file = place_file.with_name("directory.json")
    file.write_text(json.dumps([{"type": "UpsertRegion", "data": {"region_id": "north", "name": "North"}}]))

    status = await asyncio.to_thread(main, ["bootstrap", str(file), "--stack", str(place_file)])

    assert (status, capsys.readouterr().out) == (0, "0 entries loaded, 1 were there already.\n")


async def test_bootstrap_sees_past_another_topic_that_speaks_of_the_same_person(place, clerk):
    person = {"staff_id": "ann", "name": "Ann", "work_email": "ann@adair.example", "role": "es", "office_id": "adair"}
    hire = {**person, "positions": [], "active": True}
    await clerk.write("staff.upserted", "ann", json.dumps(hire))
    told = {"staff_id": "ann", "available": False, "by": "ann", "at": "2025-11-24T14:00:00Z"}
    await clerk.write("staff.availability.changed", "ann", json.dumps(told))

    assert await bootstrap.load(place, [Order("UpsertStaff", hire, "system")], quiet=True) == 0


async def test_tail_shows_what_a_topic_holds(place, clerk, place_file: Path, capsys):
    await clerk.write("region.upserted", "north", '{"region_id": "north"}')

    words = ["tail", "region.upserted", "--from-start", "--count", "1", "--stack", str(place_file)]
    status = await asyncio.to_thread(main, words)

    shown = capsys.readouterr().out
    assert (status, "region.upserted[0]@0 north" in shown) == (0, True)


async def test_tail_of_a_topic_that_is_not_there_says_so(place, clerk, place_file: Path, capsys):
    status = await asyncio.to_thread(main, ["tail", "no.such", "--stack", str(place_file)])

    assert (status, capsys.readouterr().err) == (2, f"There is no topic {place.topic_prefix}no.such.\n")


async def test_through_kafka_answers_come_in_the_order_of_the_file(place, clerk):
    orders = [Order("CheckIn", CHECK_IN, "adair-greeter") for _ in range(3)]
    answering = asyncio.create_task(_answer_backwards(clerk, len(orders)))

    received = [receipt.command_id async for receipt in send.through_kafka(place, "guest", orders, 10)]

    await answering
    assert received == [order.id for order in orders]


async def _answer_backwards(clerk, count: int) -> None:
    ids = [(await clerk.next_command())[1]["ce_id"].decode() for _ in range(count)]
    for command_id in reversed(ids):
        await clerk.write("receipts.guest", command_id, answer(command_id))
