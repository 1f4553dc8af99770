"""E-mail goes to a real mail server on loopback."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import Message
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope

from notifications.deliver import Mailer, NotDelivered

DELIVERY = "01956c3a-0000-7000-8000-0000000000de"
GREETER = "gia.ross@example.gov"


class Letterbox:
    """Keeps what it gets, and turns away who is not on the staff."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: Any) -> str:  # noqa: N802
        if not address.endswith("@example.gov"):
            return "550 nobody of this name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        self.messages.append(message_from_bytes(content if isinstance(content, bytes) else str(content).encode()))
        return "250 OK"


@asynccontextmanager
async def mail_server() -> AsyncIterator[tuple[Letterbox, Mailer]]:
    letterbox = Letterbox()
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(letterbox), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield letterbox, Mailer(f"127.0.0.1:{port}", "casebus@example.gov")
    finally:
        server.close()


async def test_an_alert_arrives_as_plain_text() -> None:
    async with mail_server() as (letterbox, mailer):
        await mailer.send(DELIVERY, "email", GREETER, "A-14 at Adair", "A-14: waited too long & more.\n")

    (message,) = letterbox.messages
    assert (message["To"], message["From"], message["Subject"]) == (
        GREETER,
        "casebus <casebus@example.gov>",
        "A-14 at Adair",
    )
    assert str(message.get_payload()).splitlines() == ["A-14: waited too long & more."]


async def test_a_second_attempt_is_the_same_message_to_its_reader() -> None:
    async with mail_server() as (letterbox, mailer):
        for _ in range(2):
            await mailer.send(DELIVERY, "email", GREETER, "A-14 at Adair", "A-14")

    assert [message.get_all("Message-ID") for message in letterbox.messages] == [[f"<{DELIVERY}@casebus>"]] * 2


async def test_a_message_that_is_not_taken_is_not_delivered() -> None:
    async with mail_server() as (_, mailer):
        with pytest.raises(NotDelivered):
            await mailer.send(DELIVERY, "email", "gone@elsewhere.example", "A-14 at Adair", "A-14")


async def test_a_mail_server_that_is_away_is_an_error() -> None:
    async with mail_server() as (_, mailer):
        pass

    with pytest.raises(OSError, match="refused"):
        await mailer.send(DELIVERY, "email", GREETER, "A-14 at Adair", "A-14")


async def test_only_email_is_sent() -> None:
    async with mail_server() as (letterbox, mailer):
        with pytest.raises(NotDelivered):
            await mailer.send(DELIVERY, "pigeon", GREETER, "A-14 at Adair", "A-14")

    assert letterbox.messages == []
