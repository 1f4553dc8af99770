"""The notifications service as a program."""

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict

from access.proofs import Senders
from chassis.app import main
from notifications.deliver import Mailer
from notifications.handlers import SERVICE

MIGRATIONS = Path(__file__).parents[2] / "migrations"


class MailSettings(BaseSettings):
    """Where mail goes (host:port of a mail server) and from whom it comes."""

    model_config = SettingsConfigDict(env_prefix="CASEBUS_")

    smtp: str
    mail_from: str


def run() -> None:
    """Run until SIGTERM. Settings come from the environment."""
    settings = MailSettings()
    SERVICE.deliver(Mailer(settings.smtp, settings.mail_from).send)
    main(SERVICE, Senders.load, MIGRATIONS)
