"""The whole system at a broker that asks who is there: the same services, the same commands for a terminal."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from certificates import make_certificate
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from casebus_cli.client import connect
from casebus_cli.orders import Order
from casebus_cli.stack import read_stack
from casebus_deploy.acls import all_rights, grant_rights
from casebus_testing import places
from casebus_testing.checker import Places, check
from casebus_testing.senders import GUEST
from casebus_testing.stack import Stack, StackError
from casebus_testing.system import System
from casebus_testing.waiting import eventually

REGION = Order("UpsertRegion", {"region_id": "north", "name": "North"}, actor="system")


def admin_of(stack: Stack) -> AdminClient:
    return AdminClient({**stack.login.librdkafka(), "bootstrap.servers": stack.kafka, "log_level": 0})


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def system(secured_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[System]:
    """All services, who forget fast."""
    place, env = tmp_path_factory.mktemp("system"), {"CASEBUS_FORGET_SECONDS": "1"}
    async with await System.launch(place, stack=secured_stack, prefix="sys.", env=env) as running:
        yield running


async def casebus(system: System, *words: str) -> tuple[int | None, str]:
    """Exit status and output of the command, run as a person would."""
    stack_file = str(system.run_dir / places.NAME)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "casebus_cli.main", words[0], "--stack", stack_file, *words[1:]),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, said.decode()


async def test_commands_are_sent_answered_and_seen(system: System, tmp_path: Path) -> None:
    file = tmp_path / "region.json"
    file.write_text(json.dumps({"type": REGION.type, "actor": "system", "data": REGION.data}))

    sent = await casebus(system, "send", str(file))
    seen = await casebus(system, "tail", "region.upserted", "--from-start", "--count", "1")

    assert (sent[0], sent[1].split()[:2]) == (0, ["accepted", "UpsertRegion"])
    assert (seen[0], "north" in seen[1]) == (0, True)


async def test_the_operator_sees_how_everything_stands_and_what_became_of_an_id(system: System) -> None:
    standing, trail = await casebus(system, "flows", "--once"), await casebus(system, "where", "north")

    assert (standing[0], "region.upserted" in standing[1]) == (0, True)
    assert (trail[0], "region.upserted" in trail[1]) == (0, True)


async def test_a_service_deletes_commands_that_are_done(system: System) -> None:
    admin = admin_of(system.stack)
    place = TopicPartition("sys.staffing.commands", 0)

    def first() -> int:
        return int(admin.list_offsets({place: OffsetSpec.earliest()})[place].result(10).offset)

    await eventually(lambda: first() > 0, what="the region's command is deleted")


async def test_a_guest_does_not_read_what_others_send(system: System) -> None:
    assert await casebus(system, "tail", "staffing.commands", "--count", "1", "--from-start") == (
        2,
        "sys.guest may not read sys.staffing.commands.\n",
    )


async def test_a_wrong_password_is_told(system: System, tmp_path: Path) -> None:
    content = places.describe(system)
    (tmp_path / "password").write_text("not this one")
    content["senders"]["guest"]["kafka_password_file"] = str(tmp_path / "password")
    (tmp_path / "stack.json").write_text(json.dumps(content))

    status, said = await casebus(system, "tail", "region.upserted", "--stack", str(tmp_path / "stack.json"))

    bootstrap = content["kafka"]["bootstrap"]
    assert (status, said) == (2, f"Kafka at {bootstrap} is down, or does not know sys.guest by this password.\n")


async def test_the_checker_reads_everything(system: System) -> None:
    verdict = await check(Places.of(places.describe(system)), 10)

    assert verdict.line == "0 lost, 0 doubled"


async def test_a_service_without_its_group_says_so_and_ends(system: System) -> None:
    admin, everything = admin_of(system.stack), all_rights({"guest": GUEST.entry()}, "sys.")
    grant_rights(admin, [right for right in everything if right.name != "sys.staffing"])

    with pytest.raises(StackError, match=r"does not let sys\.staffing into the consumer group sys\.staffing"):
        await system.start("staffing", name="staffing-2")

    assert grant_rights(admin, everything) == (1, 0)


def test_deploy_makes_topics_users_and_rights(secured_stack: Stack, system: System, tmp_path: Path) -> None:
    (tmp_path / "dep.guest").write_text("secret")
    env = {
        "CASEBUS_KAFKA": secured_stack.kafka,
        "CASEBUS_KAFKA_USER": secured_stack.login.user,
        "CASEBUS_KAFKA_PASSWORD_FILE": str(secured_stack.password_file),
        "CASEBUS_SENDERS": str(system.files.senders),
        "CASEBUS_TOPIC_PREFIX": "dep.",
    }
    deploy = [sys.executable, "-m", "casebus_deploy", "--passwords", str(tmp_path)]

    first, second = (subprocess.run(deploy, env={**os.environ, **env}, capture_output=True, text=True) for _ in "12")

    assert (first.returncode, "receipts.guest" in first.stdout, "users made: dep.guest" in first.stdout) == (
        0,
        True,
        True,
    )
    assert second.stdout.splitlines()[-1] == "0 rights given, 0 taken away"


async def test_everything_can_be_encrypted_too(tmp_path: Path) -> None:
    with Stack.start(tmp_path, secure=True, tls=make_certificate(tmp_path)) as stack:
        async with await System.launch(tmp_path, stack=stack, services=("staffing",)) as system:
            described = places.describe(system)
            async with connect(read_stack(described, tmp_path)) as sender:
                receipt = await sender.ask(REGION)

    assert (described["kafka"]["security_protocol"], receipt.outcome) == ("SASL_SSL", "accepted")
