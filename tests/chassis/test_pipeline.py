"""What one batch does to the database, and what it answers."""

import asyncio
import json

import pytest
from pipeline_rig import Rig, command, headed, make_rig

from chassis.ids import new_id

LAST_FACT = "SELECT sequence, body FROM journal WHERE aggregate_id = $1 ORDER BY sequence"


async def test_an_accepted_command_leaves_state_journal_fact_receipt_and_inbox_row(rig: Rig) -> None:
    (item,) = await rig.feed(command("north"))

    assert item.receipt is not None
    assert item.receipt["outcome"] == "accepted"
    assert await rig.rows("SELECT id, name, version FROM regions") == [("north", "North", 1)]
    assert await rig.rows("SELECT topic FROM outbox ORDER BY id") == [("region.upserted",), ("receipts.guest",)]
    assert await rig.rows("SELECT id::text, state FROM inbox") == [(item.id, "done")]


async def test_the_second_message_of_an_aggregate_sees_the_first_ones_result(rig: Rig) -> None:
    outcomes = await rig.outcomes(command("north"), command("north", "South"), command("north", "South"))

    assert outcomes == ["accepted"] * 3
    assert await rig.rows("SELECT sequence FROM journal ORDER BY sequence") == [(1,), (2,)]
    assert await rig.rows("SELECT name, version FROM regions") == [("South", 2)]


async def test_sequences_go_on_across_batches(rig: Rig) -> None:
    for name in ("A", "B", "C"):
        await rig.feed(command("north", name))

    assert [row[0] for row in await rig.rows(LAST_FACT, "north")] == [1, 2, 3]


async def test_each_journal_row_carries_the_hash_of_the_one_before(rig: Rig) -> None:
    await rig.feed(command("north", "A"))
    await rig.feed(command("north", "B"))

    hashes = [row[0] for row in await rig.rows("SELECT hash FROM journal ORDER BY sequence")]
    assert len(set(hashes)) == 2
    assert await rig.rows("SELECT head FROM regions") == [(hashes[1],)]


async def test_a_repeat_from_the_same_place_is_silent(rig: Rig) -> None:
    record = command("north")
    await rig.feed(record)

    (again,) = await rig.feed(record)

    assert again.receipt is None
    assert await rig.rows("SELECT count(*) FROM outbox") == [(2,)]


async def test_a_repeat_from_another_place_gets_the_first_answer_again(rig: Rig) -> None:
    own_id = new_id()
    (first,) = await rig.feed(command("north", message_id=own_id))

    (second,) = await rig.feed(command("north", message_id=own_id))

    assert first.receipt is not None
    assert second.receipt is not None
    assert second.receipt["outcome"] == "duplicate"
    assert second.receipt["first"]["facts"] == first.receipt["facts"]
    assert await rig.rows("SELECT count(*) FROM journal") == [(1,)]


async def test_a_repeat_in_the_same_batch_is_a_duplicate_too(rig: Rig) -> None:
    own_id = new_id()

    outcomes = await rig.outcomes(command("north", message_id=own_id), command("north", message_id=own_id))

    assert outcomes == ["accepted", "duplicate"]


async def test_the_same_id_with_other_content_is_a_conflict(rig: Rig) -> None:
    own_id = new_id()
    await rig.feed(command("north", message_id=own_id))

    assert await rig.outcomes(command("north", "Other", message_id=own_id)) == ["conflict"]
    assert await rig.rows("SELECT name FROM regions") == [("North",)]


async def test_the_same_id_of_another_sender_is_another_message(rig: Rig) -> None:
    own_id = new_id()
    await rig.feed(command("north", message_id=own_id))

    assert await rig.outcomes(command("south", message_id=own_id, sender="other")) == ["accepted"]


async def test_a_duplicate_delivered_again_has_the_same_receipt_id(rig: Rig) -> None:
    own_id = new_id()
    repeat = command("north", message_id=own_id)
    await rig.feed(command("north", message_id=own_id))
    await rig.feed(repeat)
    await rig.feed(repeat)

    headers = await rig.rows("SELECT headers FROM outbox WHERE payload LIKE '%duplicate%'")
    assert len(headers) == 2
    assert len(set(headers)) == 1


async def test_a_refusal_is_answered_and_audited(rig: Rig) -> None:
    (item,) = await rig.feed(command("north", "refuse"))

    assert item.receipt is not None
    assert (item.receipt["outcome"], item.receipt["rule"]) == ("refused", "I-58")
    assert await rig.rows("SELECT actor, action, outcome, rule FROM audit") == [
        ("somebody", "UpsertRegion", "refused", "I-58")
    ]


async def test_a_rule_that_raises_parks_its_message_and_those_behind_it_alone(rig: Rig) -> None:
    outcomes = await rig.outcomes(command("north", "raise"), command("north"), command("south"))

    assert outcomes == ["parked", "waiting", "accepted"]
    assert await rig.rows("SELECT lane, state FROM lanes") == [("staffing.commands/north", "retrying")]
    assert await rig.rows("SELECT lane FROM parked") == [("staffing.commands/north",)] * 2
    assert await rig.rows("SELECT id FROM regions") == [("south",)]


async def test_a_message_behind_a_parked_one_waits_in_later_batches_too(rig: Rig) -> None:
    await rig.feed(command("north", "raise"))

    assert await rig.outcomes(command("north")) == ["waiting"]


async def test_a_fingerprint_names_class_and_place_but_no_value(rig: Rig) -> None:
    await rig.feed(command("north", "raise"))

    ((fingerprint,),) = await rig.rows("SELECT fingerprint FROM lanes")
    assert fingerprint.startswith("ValueError@upsert:")
    assert "must not be seen" not in fingerprint


async def test_a_row_the_database_refuses_parks_only_the_message_that_wrote_it(rig: Rig) -> None:
    await rig.rows("ALTER TABLE regions ADD CONSTRAINT short CHECK (length(name) < 8)")

    outcomes = await rig.outcomes(command("a"), command("b", "far too long"), command("c"))

    assert outcomes == ["accepted", "parked", "accepted"]


async def test_two_copies_making_one_aggregate_at_once_lose_no_fact(rig: Rig) -> None:
    other = await make_rig(rig.dsn)

    for number in range(30):
        await asyncio.gather(rig.feed(command(f"r{number}", "A")), other.feed(command(f"r{number}", "B")))
    await other.pool.close()

    assert await rig.rows("SELECT count(*), count(DISTINCT (aggregate_id, sequence)) FROM journal") == [(60, 60)]


async def test_one_command_through_two_copies_at_once_has_one_effect(rig: Rig) -> None:
    other = await make_rig(rig.dsn)
    ids = [new_id() for _ in range(30)]

    answers: list[list[str]] = []
    for own_id in ids:
        both = (copy.outcomes(command(own_id, message_id=own_id)) for copy in (rig, other))
        answers += await asyncio.gather(*both)
    await other.pool.close()

    assert sorted(answer for (answer,) in answers) == ["accepted"] * 30 + ["duplicate"] * 30


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (command("north", ce_id=None), "headers"),
        (command("north", ce_id=b"\xff\xfe"), "headers"),
        (command("north", ce_type=None), "headers"),
        (headed({"content-type": None}), "headers"),
        (command("north", ce_proof=None), "proof"),
    ],
)
async def test_an_unreadable_record_is_set_aside_and_the_next_one_goes_on(
    rig: Rig, record: object, reason: str
) -> None:
    assert isinstance(record, type(command("x")))

    outcomes = await rig.outcomes(record, command("south"))

    assert outcomes == ["accepted"]
    assert await rig.rows("SELECT reason FROM unreadable") == [(reason,)]
    ((dead,),) = await rig.rows("SELECT payload FROM outbox WHERE topic = 'staffing.dead'")
    assert json.loads(dead)["reason"] == reason
    assert record.value is not None
    assert record.value.decode() not in dead


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"no json", "body"),
        (b'{"region_id":"north","name":"a\\u0000b"}', "name"),
        (b'{"region_id":"north"}', "name"),
        (b'{"region_id":"north","name":"N","secret":1}', "secret"),
        (b'{"region_id":"south","name":"N"}', "region_id"),
        (b"[" * 100_000, "body"),
        (b'{"region_id":"north","name":"' + b"x" * 2_000_000 + b'"}', "body"),
    ],
)
async def test_a_command_that_cannot_be_read_is_answered_with_the_field(rig: Rig, body: bytes, field: str) -> None:
    record = command("north")
    record.value = body

    (item,) = await rig.feed(record)

    assert item.receipt is not None
    assert (item.receipt["outcome"], item.receipt["field"]) == ("invalid", field)


@pytest.mark.parametrize(
    ("headers", "field"),
    [
        ({"ce_type": b"Nonsense"}, "type"),
        ({"ce_specversion": b"0.3"}, "specversion"),
        ({"content-type": b"text/plain"}, "content-type"),
        ({"ce_id": b"018f0000-0000-7000-8000-000000000000"}, "id"),
        ({"ce_id": b"5"}, "id"),
        ({"ce_partitionkey": b"south"}, "partitionkey"),
    ],
)
async def test_an_envelope_that_is_wrong_is_answered_with_the_attribute(
    rig: Rig, headers: dict[str, bytes | None], field: str
) -> None:
    (item,) = await rig.feed(headed(headers))

    assert item.receipt is not None
    assert (item.receipt["outcome"], item.receipt["field"]) == ("invalid", field)


async def test_a_sender_that_may_not_send_this_type_is_refused(rig: Rig) -> None:
    (item,) = await rig.feed(command("north", sender="stranger"))

    assert item.receipt is not None
    assert (item.receipt["outcome"], item.receipt["rule"]) == ("refused", "I-07")


async def test_foreign_text_where_an_id_should_stand_travels_as_a_digest(rig: Rig) -> None:
    (item,) = await rig.feed(command("north", ce_correlationid=b"Jane Doe, born 1990"))
    await rig.feed(headed({"ce_proof": None, "ce_type": b"Create Jane Doe", "ce_id": b"Jane Doe"}))

    assert item.correlation.startswith("#")
    assert await rig.rows("SELECT count(*) FROM outbox WHERE headers || payload LIKE '%Jane%'") == [(0,)]


async def test_an_unknown_field_whose_name_is_no_name_is_not_quoted(rig: Rig) -> None:
    record = command("north")
    record.value = b'{"region_id":"north","name":"N","Jane Doe":1}'

    (item,) = await rig.feed(record)

    assert item.receipt is not None
    assert item.receipt["field"].startswith("#")


async def test_a_null_or_strange_header_nobody_needs_does_no_harm(rig: Rig) -> None:
    assert await rig.outcomes(command("north", whatever=None, other=b"\xff")) == ["accepted"]
