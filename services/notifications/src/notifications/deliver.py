"""Carries deliveries out: e-mail, built and sent by Apprise.

Apprise's own `notify` gives a message a new Message-ID at each attempt, and a second attempt after a crash would be
a second message to its reader. So its parts are used one by one, and the Message-ID is the delivery's.
"""

import asyncio
from email import message_from_string

from apprise import NotifyFormat
from apprise.plugins.email.base import NotifyEmail
from apprise.plugins.email.smtp import AppriseSMTPController, SMTPSecureMode


class NotDelivered(Exception):
    """The channel did not take a message; it will be tried again."""


class Mailer:
    """Sends plain text over a mail server that asks for neither TLS nor a password: one on loopback."""

    def __init__(self, smtp: str, mail_from: str) -> None:
        """`smtp` is host:port, `mail_from` the address mail comes from."""
        host, _, port = smtp.rpartition(":")
        self._host, self._port, self._from = host, int(port), mail_from

    async def send(self, delivery_id: str, channel: str, address: str, title: str, text: str) -> None:
        """Send one delivery, under the same Message-ID at every attempt.

        Raises NotDelivered when the server does not take it, OSError or SMTPException when there is none.
        """
        if channel != "email":
            raise NotDelivered(f"no such channel: {channel}")
        await asyncio.to_thread(self._mail, f"<{delivery_id}@casebus>", address, title, text)

    def _mail(self, message_id: str, address: str, title: str, text: str) -> None:
        (built,) = NotifyEmail.prepare_emails(
            subject=title,
            body=text,
            from_addr=("casebus", self._from),
            to=[("", address)],
            smtp_host=self._host,
            notify_format=NotifyFormat.TEXT,
        )
        message = message_from_string(str(built.body))
        message.replace_header("Message-ID", message_id)
        with AppriseSMTPController(self._host, self._port, SMTPSecureMode.INSECURE) as server:
            if not server.sendmail(self._from, [address], message.as_string()):
                raise NotDelivered("the mail server did not take it")
