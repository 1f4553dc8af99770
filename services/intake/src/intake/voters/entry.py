"""An entry of the voter log: that there is one is told, what a person answered is not (V-14, INV-I10).

The answer lies in a table of its own, with a term of its own (V-10). It has no facts and is in no journal.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from casebus_contracts import Channel, CompletedBy, LogVoterRegistration, VoterResponse
from chassis.rules import Aggregate


@dataclass(frozen=True, slots=True)
class VoterRegistrationEntry(Aggregate):
    """That registration was offered, or a card handed in. It says nothing about any person."""

    NAME: ClassVar[str] = "voter_registration_entry"
    TABLE: ClassVar[str] = "voter_entries"

    office_id: str
    occasion: str
    channel: Channel
    logged_at: datetime
    logged_by: str
    request_id: str | None = None
    logged_day: date | None = None
    """Of `logged_at`, in the office."""


@dataclass(frozen=True, slots=True)
class VoterAnswer(Aggregate):
    """Who answered what; its id is the entry's. `month` is the office's, `YYYY-MM`: the log is filed by it."""

    NAME: ClassVar[str] = "voter_answer"
    TABLE: ClassVar[str] = "voter_answers"
    GUARD: ClassVar[bool] = True
    PERSONAL: ClassVar[frozenset[str]] = frozenset(
        {"name", "birth_date", "response", "completed_by", "ticked", "left_office", "form_received_on"}
    )

    month: str
    name: str
    birth_date: date
    response: VoterResponse
    completed_by: CompletedBy
    ticked: VoterResponse | None = None
    left_office: bool = False
    form_received_on: date | None = None
    office_id: str | None = None


def entry_of(command: LogVoterRegistration, by: str, now: datetime, day: date | None) -> VoterRegistrationEntry:
    """The entry a command asks for."""
    return VoterRegistrationEntry(
        command.entry_id,
        office_id=command.office_id,
        occasion=command.occasion,
        channel=command.channel,
        logged_at=now,
        logged_by=by,
        request_id=command.request_id,
        logged_day=day,
    )


def answer_of(command: LogVoterRegistration, day: date) -> VoterAnswer:
    """The answer a command tells, filed under the month of `day`."""
    return VoterAnswer(
        command.entry_id,
        month=f"{day:%Y-%m}",
        name=command.name,
        birth_date=command.birth_date,
        response=command.response,
        completed_by=command.completed_by,
        ticked=command.ticked,
        left_office=command.left_office,
        form_received_on=command.form_received_on,
        office_id=command.office_id,
    )


def counted_as(response: VoterResponse) -> VoterResponse:
    """How a report counts an answer: both ways of saying no are one (V-03)."""
    return VoterResponse.NO if response is VoterResponse.NO_ALREADY_REGISTERED else response
