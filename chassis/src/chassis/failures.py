"""What a failure of the database means, by SQLSTATE, and the pipeline's own exceptions."""

from enum import Enum

import asyncpg


class LostRace(Exception):
    """Somebody else wrote a row first; the batch is done again."""


class RuleError(Exception):
    """A rule returned something that cannot be saved. A bug; its message is parked."""


class TooEarly(Exception):
    """A fact came before its predecessor. `aggregate_id` is what it waits for."""

    def __init__(self, aggregate_id: str) -> None:
        super().__init__("later")
        self.aggregate_id = aggregate_id


class DatabaseAway(Exception):
    """The database cannot be reached or does not take writes now."""


class TookTooLong(Exception):
    """A question was given up after the time that questions may take."""


class CannotGoOn(Exception):
    """The service and its database do not fit together; parking would hide it."""


class CannotStart(Exception):
    """Something the service needs is missing. The text says what and how to get it."""


class Verdict(Enum):
    """What to do with a batch whose transaction failed."""

    AWAY = "pause the partitions and keep polling"
    AGAIN = "the whole batch again, with jitter, never counted"
    STOP = "stop the service and say so"
    CULPRIT = "find the message that causes it, try it once more, then park it"


_AWAY = ("08", "53", "58", "57P01", "57P02", "57P03", "25006", "28", "3D")
_AGAIN = ("40", "55P03", "25P03")
_STOP = ("42", "3F", "XX", "0A")


def judge(error: BaseException) -> Verdict:
    """The verdict on an exception that escaped a transaction."""
    if isinstance(error, LostRace):
        return Verdict.AGAIN
    if isinstance(error, asyncpg.PostgresError):
        state = error.sqlstate or ""
        if state.startswith(_AWAY):
            return Verdict.AWAY
        if state.startswith(_AGAIN):
            return Verdict.AGAIN
        if state.startswith(_STOP):
            return Verdict.STOP
        return Verdict.CULPRIT
    if isinstance(error, asyncpg.InternalClientError):
        # The driver lost its way, as it may when the server dies under it: a new connection shows what is the matter.
        return Verdict.AGAIN
    if isinstance(error, OSError | asyncpg.InterfaceError | TimeoutError):
        return Verdict.AWAY
    return Verdict.CULPRIT


def described(error: BaseException) -> str:
    """An exception in words without values: its class, and what the database says where that names only its own things.

    A message of class 42 (a missing table, a missing right) speaks of the statement, whose values are parameters;
    others may quote a row.
    """
    state = getattr(error, "sqlstate", None) or ""
    told = str(error.args[0]).partition("\n")[0] if state.startswith(("42", "3F")) and error.args else ""
    return ": ".join(filter(None, (type(error).__name__, told)))
