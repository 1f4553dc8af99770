"""The voter log: on every channel, about everybody (V-02, V-12). Values in, facts out."""

from datetime import date, datetime

from access.calendars import ElectionDeadline, Holiday
from access.directory import Office, Staff
from access.matrix import Ability, may
from casebus_contracts import CompletedBy, LogVoterRegistration, VoterRegistrationLogged, VoterResponse
from chassis.rules import Decision, Invalid, Refused, decide, existing, invalid, refuse, replace, unchanged, unknown
from intake.request import Request
from intake.voters.entry import VoterAnswer, VoterRegistrationEntry, answer_of, entry_of
from intake.voters.forms import FormsBox, due_on
from intake.voters.offer import Offer


def log_voter_registration(
    entry: VoterRegistrationEntry | None,
    answer: VoterAnswer | None,
    request: Request | None,
    offer: Offer | None,
    box: FormsBox,
    office: Office,
    holidays: tuple[Holiday, ...],
    deadlines: tuple[ElectionDeadline, ...],
    command: LogVoterRegistration,
    actor: Staff,
    now: datetime,
) -> Decision:
    """Write down what somebody answered, or the card they handed in, with or without a request (V-03, V-06)."""
    if denied := may(actor, Ability.VOTER_LOG, office=office.id, owners=request.owners if request else ()):
        return refuse(denied)
    if entry is not None:
        same = _is_repeated(entry, answer, command)
        return unchanged(entry) if same else existing("entry_id")
    if wrong := _not_of_this_contact(request, command) or _not_loggable(offer, command, office.local_day(now)):
        return wrong
    day = office.local_day(now)
    made = entry_of(command, actor.id, now, day)
    used = box.used(f"{day:%Y-%m}")
    received_on = command.form_received_on
    kept = (
        used
        if received_on is None
        else used.put(made.id, received_on, due_on(office, received_on, holidays, deadlines))
    )
    offered = () if offer is None else (replace(offer, entries=offer.entries + 1, office_id=office.id),)
    clocks = () if received_on is None else (kept.clock(office, now),)
    return decide(made, _told(made), others=(answer_of(command, day), kept, *offered), timers=clocks)


def _is_repeated(entry: VoterRegistrationEntry, answer: VoterAnswer | None, command: LogVoterRegistration) -> bool:
    """Whether the command says what is on record already. Whose answer is forgotten cannot be asked."""
    if answer is None:
        return False
    wanted = entry_of(command, entry.logged_by, entry.logged_at, entry.logged_day)
    return entry == wanted and answer == replace(answer_of(command, entry.logged_at.date()), month=answer.month)


def _not_of_this_contact(request: Request | None, command: LogVoterRegistration) -> Refused | Invalid | None:
    if command.request_id is None:
        return None
    if request is None:
        return unknown("request_id")
    if request.office_id != command.office_id:
        return invalid("office_id", "not the office of this request")
    return None


def _not_loggable(offer: Offer | None, command: LogVoterRegistration, today: date) -> Refused | Invalid | None:
    """Whose answer it is, and whether it is one (V-04, V-05)."""
    if command.completed_by is CompletedBy.AUTH_REP:
        return refuse("V-05", "nobody registers for the participant: give the forms along")
    if command.response is VoterResponse.DECLINED:
        return _not_declined(offer, command)
    if command.ticked not in (None, command.response):
        return invalid("ticked", "the card says something else")
    if command.form_received_on is None:
        return None
    if command.response is not VoterResponse.YES or command.left_office:
        return invalid("form_received_on", "no completed form can have come in")
    return invalid("form_received_on", "in the future") if command.form_received_on > today else None


def _not_declined(offer: Offer | None, command: LogVoterRegistration) -> Refused | Invalid | None:
    """Declined is only who was offered the card, left it here, and marked nothing on it (V-04)."""
    if command.ticked not in (None, VoterResponse.DECLINED):
        return refuse("V-04", "log what is ticked, signed or not")
    if offer is not None and offer.corrected:
        return refuse("V-04", "the offer was missed, and the letter has gone out")
    if command.left_office:
        return refuse("V-04", "the card left the office and did not come back")
    if command.form_received_on is not None:
        return invalid("form_received_on", "no completed form can have come in")
    return None


def _told(entry: VoterRegistrationEntry) -> VoterRegistrationLogged:
    return VoterRegistrationLogged(
        entry_id=entry.id,
        request_id=entry.request_id,
        office_id=entry.office_id,
        occasion=entry.occasion,
        channel=entry.channel,
        at=entry.logged_at,
    )
