"""Voter registration at every contact (National Voter Registration Act). Owner: intake.

What a person answered is in the command alone: facts say that there is an entry, and count.
"""

from typing import Annotated

from pydantic import Field

from casebus_contracts.base import (
    Code,
    Command,
    Count,
    Day,
    Fact,
    Flag,
    Internal,
    Moment,
    Month,
    Name,
    OfficeId,
    Ordinal,
    Personal,
    Public,
    RequestId,
    Restricted,
    StaffId,
    Uuid7,
)
from casebus_contracts.codes import Channel, CompletedBy, VoterResponse

EntryId = Uuid7
EntryIds = Annotated[tuple[EntryId, ...], Field(min_length=1, max_length=500)]


class LogVoterRegistration(Command, service="intake", key="entry_id"):
    """What came of offering voter registration, or of a card handed in. `occasion` is a reason or another code.

    `ticked` is what the form says although it is not signed; `left_office`: the card was taken along and
    did not come back; `form_received_on` is the day a completed form came in, if one did.
    """

    entry_id: Internal[EntryId]
    request_id: Internal[RequestId | None] = None
    office_id: Public[OfficeId]
    name: Personal[Name]
    birth_date: Personal[Day]
    response: Restricted[VoterResponse]
    completed_by: Internal[CompletedBy]
    occasion: Internal[Code]
    channel: Internal[Channel]
    ticked: Restricted[VoterResponse | None] = None
    left_office: Restricted[Flag] = False
    form_received_on: Restricted[Day | None] = None


class TransmitVoterForms(Command, service="intake", key="office_id"):
    """Completed forms went to the election authority."""

    office_id: Public[OfficeId]
    entry_ids: Internal[EntryIds]
    sent_on: Internal[Day]


class SendCorrectiveLetter(Command, service="intake", key="request_id"):
    """Nobody recorded an offer: the letter with the forms goes to the client."""

    request_id: Internal[RequestId]


class CountVoterForms(Command, service="intake", key="office_id"):
    """The empty forms in the cupboard were counted."""

    office_id: Public[OfficeId]
    forms_in_stock: Internal[Count]


class VoterRegistrationLogged(
    Fact,
    topic="voter.registration.logged",
    owner="intake",
    subject="voter_registration_entry",
    key="entry_id",
):
    """The voter log of an office has one entry more. To be counted; the answer is not in it."""

    entry_id: Internal[EntryId]
    request_id: Internal[RequestId | None] = None
    office_id: Public[OfficeId]
    occasion: Internal[Code]
    channel: Internal[Channel]
    at: Internal[Moment]


class VoterFormsTransmitted(
    Fact, topic="voter.forms.transmitted", owner="intake", subject="voter_desk", key="office_id"
):
    """So many forms went out; so many that should have gone are still here."""

    office_id: Public[OfficeId]
    sent_on: Internal[Day]
    forms: Internal[Ordinal]
    forms_overdue: Internal[Count]
    by: Internal[StaffId]
    at: Internal[Moment]


class VoterFormsOverdue(Fact, topic="voter.forms.overdue", owner="intake", subject="voter_desk", key="office_id"):
    """Forms lie in an office past the last day to send them."""

    office_id: Public[OfficeId]
    due_on: Internal[Day]
    forms_overdue: Internal[Ordinal]
    at: Internal[Moment]


class VoterOfferMissing(
    Fact, topic="voter.offer.missing", owner="intake", subject="request", key="request_id", partitions=3
):
    """A covered contact is over and nobody recorded an offer: corrective action is open."""

    request_id: Internal[RequestId]
    office_id: Public[OfficeId]
    at: Internal[Moment]


class VoterCorrectiveActionSent(
    Fact, topic="voter.corrective_action.sent", owner="intake", subject="request", key="request_id", partitions=3
):
    """The corrective letter is out, a copy kept."""

    request_id: Internal[RequestId]
    office_id: Public[OfficeId]
    by: Internal[StaffId]
    at: Internal[Moment]


class VoterStockCounted(Fact, topic="voter.stock.counted", owner="intake", subject="voter_desk", key="office_id"):
    """The stock of empty forms, and what two months are expected to need."""

    office_id: Public[OfficeId]
    forms_in_stock: Internal[Count]
    forms_needed: Internal[Count]
    by: Internal[StaffId]
    at: Internal[Moment]


class VoterStockLow(Fact, topic="voter.stock.low", owner="intake", subject="voter_desk", key="office_id"):
    """The stock will not last two months."""

    office_id: Public[OfficeId]
    forms_in_stock: Internal[Count]
    forms_needed: Internal[Count]
    at: Internal[Moment]


class VoterCountsDeviating(Fact, topic="voter.counts.deviating", owner="intake", subject="voter_desk", key="office_id"):
    """In a month the voter log of an office was far from its covered contacts."""

    office_id: Public[OfficeId]
    month: Internal[Month]
    covered_contacts: Internal[Count]
    entries: Internal[Count]
    letters: Internal[Count]
    at: Internal[Moment]
