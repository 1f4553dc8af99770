"""A sender with keys, and a small office of topics on the session's broker."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from access.keys import NewSender, SenderFiles, write_senders
from access.proofs import Senders
from casebus_cli.orders import Signature
from casebus_cli.stack import Stack as Place
from casebus_contracts import FACTS
from casebus_testing.stack import Stack


@pytest.fixture(scope="session")
def sender_files(tmp_path_factory: pytest.TempPathFactory) -> SenderFiles:
    return write_senders(tmp_path_factory.mktemp("senders"), [NewSender("guest", as_system=("UpsertRegion",))])


@pytest.fixture(scope="session")
def signature(sender_files: SenderFiles) -> Signature:
    return Signature("guest", "guest-1", sender_files.signing_keys["guest"].read_bytes())


@pytest.fixture
def place(stack: Stack, sender_files: SenderFiles, topic_prefix: str) -> Place:
    """The stack as the command line sees it; no service runs."""
    return Place(stack.kafka, {}, sender_files.signing_keys, topic_prefix=topic_prefix)


@dataclass
class Clerk:
    """Stands where a service would: reads commands, checks their proofs, writes what the test says."""

    senders: Senders
    consumer: AIOKafkaConsumer
    producer: AIOKafkaProducer
    prefix: str

    async def next_command(self):
        record = await self.consumer.getone()
        return record, dict(record.headers)

    async def write(self, topic: str, key: str, text: str) -> None:
        await self.producer.send_and_wait(self.prefix + topic, text.encode(), key.encode())


@pytest_asyncio.fixture
async def clerk(place: Place, sender_files: SenderFiles) -> AsyncIterator[Clerk]:
    topics = {"intake.commands": 3, "staffing.commands": 1, "receipts.guest": 3}
    topics |= {fact.TOPIC: fact.PARTITIONS for fact in FACTS.values() if fact.COMPACTED and fact.OWNER == "staffing"}
    admin = AIOKafkaAdminClient(bootstrap_servers=place.bootstrap)
    await admin.start()
    stamped = {"message.timestamp.type": "LogAppendTime"}
    prefix = place.topic_prefix
    await admin.create_topics(
        [NewTopic(prefix + name, count, 1, topic_configs=stamped) for name, count in topics.items()]
    )
    consumer = AIOKafkaConsumer(
        prefix + "intake.commands",
        prefix + "staffing.commands",
        bootstrap_servers=place.bootstrap,
        auto_offset_reset="earliest",
    )
    producer = AIOKafkaProducer(bootstrap_servers=place.bootstrap)
    await consumer.start()
    await producer.start()
    yield Clerk(Senders.load(sender_files.jwks, sender_files.senders), consumer, producer, prefix)
    await consumer.stop()
    await producer.stop()
    await admin.delete_topics([prefix + name for name in topics])
    await admin.close()


@pytest.fixture
def place_file(place: Place, tmp_path: Path) -> Path:
    senders = {name: {"signing_key_file": str(path)} for name, path in place.signing_keys.items()}
    kafka = {"bootstrap": place.bootstrap, "topic_prefix": place.topic_prefix}
    file = tmp_path / "stack.json"
    file.write_text(json.dumps({"kafka": kafka, "services": {}, "senders": senders}))
    return file
