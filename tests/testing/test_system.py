"""The system as a whole, here without services: files, topics, mail, places."""

import json
import mailbox
import smtplib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import confluent_kafka.admin
import pytest

from casebus_testing.stack import Stack, StackError
from casebus_testing.system import System
from casebus_testing.waiting import eventually


async def launch(tmp_path: Path, stack: Stack, prefix: str, **options: object) -> System:
    return await System.launch(tmp_path, stack=stack, prefix=prefix, **{"services": (), **options})  # type: ignore[arg-type]


async def test_the_places_are_named_in_one_file(tmp_path: Path, stack: Stack, topic_prefix: str):
    async with await launch(tmp_path, stack, topic_prefix):
        places = json.loads((tmp_path / "stack.json").read_text())

    assert set(places) == {"kafka", "services", "smtp", "jwks", "senders", "clock_file", "sample"}


async def test_the_guest_has_a_private_key_and_a_public_one(tmp_path: Path, stack: Stack, topic_prefix: str):
    async with await launch(tmp_path, stack, topic_prefix):
        places = json.loads((tmp_path / "stack.json").read_text())

    assert Path(places["senders"]["guest"]["signing_key_file"]).read_text().startswith("-----BEGIN")
    assert [key["kid"] for key in json.loads(Path(places["jwks"]).read_text())["keys"]] == ["guest-1"]


async def test_mail_that_is_sent_lies_in_the_mailbox(tmp_path: Path, stack: Stack, topic_prefix: str):
    async with await launch(tmp_path, stack, topic_prefix) as system:
        host, port = system.smtp.split(":")
        with smtplib.SMTP(host, int(port)) as client:
            client.sendmail("a@example.org", ["b@example.org"], "Subject: waiting too long\n\nTicket 7")

        (letter,) = mailbox.Maildir(system.mailbox)

    assert letter["subject"] == "waiting too long"


async def test_topics_of_the_system_carry_its_prefix(tmp_path: Path, stack: Stack, topic_prefix: str):
    async with await launch(tmp_path, stack, topic_prefix):
        client = confluent_kafka.admin.AdminClient({"bootstrap.servers": stack.kafka})

        assert f"{topic_prefix}receipts.guest" in client.list_topics(timeout=10).topics


async def test_time_can_be_moved_for_all(tmp_path: Path, stack: Stack, topic_prefix: str):
    async with await launch(tmp_path, stack, topic_prefix) as system:
        system.clock.shift(timedelta(hours=1))
        system.clock.shift(timedelta(minutes=5))

    offsets = json.loads((tmp_path / "clock.json").read_text())["offsets"]
    assert [entry["offset_seconds"] for entry in offsets] == [3600, 3900]
    assert datetime.fromisoformat(offsets[0]["from"]) <= datetime.fromisoformat(offsets[1]["from"]) <= datetime.now(UTC)


async def test_after_the_stop_there_are_no_places(tmp_path: Path, stack: Stack, topic_prefix: str):
    system = await launch(tmp_path, stack, topic_prefix)
    await system.stop()

    assert not (tmp_path / "stack.json").exists()


async def test_a_service_that_ends_at_once_is_told_with_the_end_of_its_log(
    tmp_path: Path, stack: Stack, topic_prefix: str
):
    with pytest.raises(StackError, match="no_such_service ended while it started"):
        await launch(tmp_path, stack, topic_prefix, services=("no_such_service",))


async def test_a_system_leaves_nothing_on_servers_it_shares(tmp_path: Path, stack: Stack, topic_prefix: str):
    async with await launch(tmp_path, stack, topic_prefix):
        pass

    client = confluent_kafka.admin.AdminClient({"bootstrap.servers": stack.kafka})

    def no_topic_is_left() -> bool:
        return not [name for name in client.list_topics(timeout=10).topics if name.startswith(topic_prefix)]

    await eventually(no_topic_is_left)
