"""The intake service as a program."""

from pathlib import Path

from access.proofs import Senders
from chassis.app import main
from intake.handlers import SERVICE

MIGRATIONS = Path(__file__).parents[2] / "migrations"


def run() -> None:
    """Run until SIGTERM. Settings come from the environment."""
    main(SERVICE, Senders.load, MIGRATIONS)
