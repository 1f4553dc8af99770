"""A walk-in, sent from outside. Needs aiokafka and PyJWT[crypto], nothing of casebus; run it beside `make up`."""

import asyncio
import base64
import hashlib
import json
import secrets
import time
import uuid
from pathlib import Path
from typing import Any

import jwt
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

STACK = json.loads(Path(".run/stack.json").read_text())
KAFKA = STACK["kafka"]["bootstrap"]
SIGNING_KEY = Path(STACK["senders"]["guest"]["signing_key_file"]).read_text()
OFFICE, GREETER = STACK["sample"]["offices"][0], STACK["sample"]["staff"]["rc_greeter"]


def uuid7() -> str:
    bits = (time.time_ns() // 1_000_000 << 80) | secrets.randbits(80)
    return str(uuid.UUID(int=bits & ~(0xF << 76) & ~(0x3 << 62) | (0x7 << 76) | (0x2 << 62)))


def record(message_id: str, type_: str, key: str, data: dict[str, Any]) -> dict[str, Any]:
    body = json.dumps(data).encode()
    digest = hashlib.sha256(b"\n".join([type_.encode(), key.encode(), body])).digest()
    bh = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    claims = {"jti": message_id, "aud": "casebus", "azp": "guest", "sub": GREETER, "iat": int(time.time()), "bh": bh}
    headers = {
        "ce_specversion": "1.0",
        "ce_id": message_id,
        "ce_source": "/outside/first-walk-in",
        "ce_type": type_,
        "content-type": "application/json",
        "ce_proof": jwt.encode(claims, SIGNING_KEY, algorithm="RS256", headers={"kid": "guest-1"}),
    }
    return {"key": key.encode(), "value": body, "headers": [(name, text.encode()) for name, text in headers.items()]}


async def main() -> None:
    request_id = uuid7()
    visit = {"request_id": request_id, "office_id": OFFICE}
    walk_in = {"request_type": "walk_in", "reasons": ["apply"], "anonymous": True, "channel": "in_person", **visit}
    orders = [(uuid7(), "CreateRequest", walk_in), (uuid7(), "CheckIn", visit), (uuid7(), "TimeIn", visit)]
    awaited = {("receipts.guest", message_id) for message_id, _, _ in orders}
    awaited |= {("request.created", request_id), ("walkin.timed", request_id)}
    topics = {topic for topic, _ in awaited}
    async with (
        asyncio.timeout(60),
        AIOKafkaConsumer(*topics, bootstrap_servers=KAFKA, auto_offset_reset="earliest") as consumer,
        AIOKafkaProducer(bootstrap_servers=KAFKA, acks="all", enable_idempotence=True) as producer,
    ):
        for message_id, type_, data in orders:
            await producer.send_and_wait("intake.commands", **record(message_id, type_, request_id, data))
        while awaited:
            message = await consumer.getone()
            if (message.topic, message.key.decode()) in awaited:
                awaited.remove((message.topic, message.key.decode()))
                print(message.topic, message.value.decode(), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
