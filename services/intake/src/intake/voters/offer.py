"""Whether registration was offered at a contact; if nobody recorded it, the letter that makes up for it (V-08)."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from access.directory import Office, Staff
from access.matrix import Ability, may
from casebus_contracts import Channel, SendCorrectiveLetter, VoterCorrectiveActionSent, VoterOfferMissing
from chassis.rules import Aggregate, Decided, Decision, also, decide, invalid, refuse, replace, unchanged
from intake.request import KeptClient, Request, RequestStatus, VisitStatus
from intake.voters.letter import LETTER

TALKED = frozenset({Channel.IN_PERSON, Channel.PHONE, Channel.HOME_VISIT, Channel.CHAT})
"""Somebody was there to be offered registration. Who only writes is not on the reception log (V-06)."""

_ENDED = frozenset({VisitStatus.SERVED, VisitStatus.LEFT, VisitStatus.NO_SHOW, VisitStatus.AUTO_CLOSED})


@dataclass(frozen=True, slots=True)
class Offer(Aggregate):
    """What is on record about the offer to one contact; its id is the request's. `letter` is the copy kept."""

    NAME: ClassVar[str] = "voter_offer"
    TABLE: ClassVar[str] = "voter_offers"
    GUARD: ClassVar[bool] = True
    PERSONAL: ClassVar[frozenset[str]] = frozenset({"letter"})

    entries: int = 0
    office_id: str | None = None
    missing_at: datetime | None = None
    letter: str | None = None
    letter_day: date | None = None
    letter_by: str | None = None

    @property
    def corrected(self) -> bool:
        """The letter has gone out."""
        return self.letter_day is not None


def contact_over(decided: Decided, offer: Offer, now: datetime) -> Decided:
    """What ends a covered contact without an entry in the voter log opens corrective action too (INV-I9, V-08).

    `decided` is what has been decided about a request.
    """
    request = decided.states[0]
    if not (isinstance(request, Request) and _to_be_offered(request) and _is_over(request)):
        return decided
    if offer.entries or offer.missing_at or offer.corrected:
        return decided
    told = VoterOfferMissing(request_id=request.id, office_id=request.office_id, at=now)
    return also(decided, told, others=(replace(offer, missing_at=now, office_id=request.office_id),))


def send_corrective_letter(
    request: Request,
    offer: Offer,
    offices: tuple[Office, ...],
    command: SendCorrectiveLetter,
    actor: Staff,
    now: datetime,
) -> Decision:
    """The letter is rendered whole, and its copy kept; where an offer is on record there is nothing to correct."""
    if denied := may(actor, Ability.VOTER_LOG, office=request.office_id, owners=request.owners):
        return refuse(denied)
    if offer.corrected:
        return unchanged(offer)
    if offer.entries:
        return refuse("V-08", "an offer is on record")
    if not request.nvra_covered:
        return invalid("request_id", "not a covered contact")
    if request.client is None:
        return invalid("request_id", "nobody to write to: the contact is anonymous")
    here = next((each for each in offices if each.id == request.office_id), None)
    if here is None:
        return invalid("request_id", "of an office that is not known")
    day = here.local_day(now)
    letter = rendered(request.client, here, request.received_at, day)
    sent = replace(offer, letter=letter, letter_day=day, letter_by=actor.id, office_id=here.id)
    told = VoterCorrectiveActionSent(request_id=request.id, office_id=request.office_id, by=actor.id, at=now)
    return decide(request, told, guard=sent)


def rendered(client: KeptClient, office: Office, contact_at: datetime, day: date) -> str:
    """The letter to this client. Its words are in `letter.py`."""
    return LETTER.substitute(
        name=f"{client.first_name} {client.last_name}",
        office=office.name,
        authority=office.election_authority or "the election authority of your county",
        contact_day=_long(office.local_day(contact_at)),
        day=_long(day),
    )


def _to_be_offered(request: Request) -> bool:
    return request.nvra_covered and request.channel in TALKED


def _is_over(request: Request) -> bool:
    return request.status is RequestStatus.CLOSED or request.visit_status in _ENDED


def _long(day: date) -> str:
    return f"{day:%B} {day.day}, {day.year}"
