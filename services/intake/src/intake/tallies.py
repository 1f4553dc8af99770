"""What is counted, of which state, in which cell: the roll-ups that reports are made from. Values in, cells out.

A day is the office's local day; durations are filed by whole minutes. Only accurate times count as durations (I-18).
"""

from datetime import date

from casebus_contracts import RequestType, VoterResponse
from chassis.rules import Cell, Cells
from intake.intervals import Stay, seconds
from intake.merit import MeritCall
from intake.request import Request, RequestStatus, VisitStatus
from intake.voters.entry import VoterAnswer, VoterRegistrationEntry, counted_as
from intake.voters.offer import TALKED, Offer

REQUESTS = "requests"
"""By type, and `.covered` behind it where voter registration is to be offered."""
HOURS = "hours"
"""Walk-ins by local hour."""
REASONS_WALK_IN, REASONS_SPOKEN, REASONS_WRITTEN = "reasons.walk_in", "reasons.spoken", "reasons.written"
"""By reason."""
ANONYMOUS, UNSIGNED, CLOSED = "anonymous", "unsigned", "closed"
"""By the day the request was received; unsigned ones by how far the signature is."""
WAIT, SERVICE, ESTIMATE = "wait", "service", "estimate"
"""Visits by minutes waited, minutes served, and minutes by which the estimate was too long; the sums are seconds."""
UNSERVED = "unserved"
"""Visits by how they ended without a time that counts."""
ENTRIES, ANSWERS, LETTERS = "voter_entries", "voter_answers", "voter_letters"
"""The voter log by occasion and channel, answers by month and as they count (V-03), corrective letters."""
MERIT_CALLS = "merit_calls"

BY_MONTH = {
    name: f"{name}.month"
    for name in (
        *(REQUESTS, HOURS, REASONS_WALK_IN, REASONS_SPOKEN, REASONS_WRITTEN, ANONYMOUS, CLOSED),
        *(WAIT, SERVICE, ESTIMATE, ENTRIES),
    )
}
"""What is also filed by month, under its first day: a year of the state would be a million cells by day."""

ENDED_UNSERVED = frozenset({VisitStatus.LEFT, VisitStatus.NO_SHOW, VisitStatus.AUTO_CLOSED})
INACCURATE = "inaccurate"


def of_request(request: Request) -> Cells:
    """A request by type, hour, reasons; whether it is anonymous, unsigned, closed."""
    place, walk_in = request.office_id, request.request_type is RequestType.WALK_IN
    received = request.local(request.received_at)
    day, spoken = received.date(), request.channel in TALKED
    kind = request.request_type.value
    label = f"{kind}.covered" if request.nvra_covered and spoken else kind
    reasons = REASONS_WRITTEN if not spoken else REASONS_WALK_IN if walk_in else REASONS_SPOKEN
    cells: list[tuple[Cell, int]] = [((REQUESTS, place, day, label, 0), 0)]
    cells += [((reasons, place, day, reason, 0), 0) for reason in request.reasons]
    if walk_in:
        cells.append(((HOURS, place, day, "", received.hour), 0))
    if request.anonymous:
        cells.append(((ANONYMOUS, place, day, kind, 0), 0))
    if request.signature is not None:
        cells.append(((UNSIGNED, place, day, request.signature.value, 0), 0))
    if request.status is RequestStatus.CLOSED:
        cells.append(((CLOSED, place, day, kind, 0), 0))
    return tuple(cells)


def of_visit(request: Request) -> Cells:
    """A visit that is over: how long it took, or why that is not known."""
    place, day, status = request.office_id, request.ticket_day, request.visit_status
    if day is None or status is None:
        return ()
    if status in ENDED_UNSERVED:
        return (((UNSERVED, place, day, status.value, 0), 0),)
    if status is not VisitStatus.SERVED:
        return ()
    if not request.accurate or request.arrived_at is None or request.time_in is None:
        return (((UNSERVED, place, day, INACCURATE, 0), 0),)
    waited = int((request.time_in - request.arrived_at).total_seconds())
    served = seconds(request.intervals, Stay.SERVING)
    off = (request.estimate_told_minutes or 0) * 60 - waited
    return (
        ((WAIT, place, day, "", waited // 60), waited),
        ((SERVICE, place, day, "", served // 60), served),
        ((ESTIMATE, place, day, "", round(off / 60)), off),
    )


def of_month(cell: Cell) -> Cell | None:
    """The cell of the month, for what is filed by month as well."""
    tally, place, day, label, value = cell
    return (BY_MONTH[tally], place, day.replace(day=1), label, value) if tally in BY_MONTH else None


def of_entry(entry: VoterRegistrationEntry) -> Cells:
    """One more in the voter log of that day."""
    if entry.logged_day is None:
        return ()
    label = f"{entry.occasion}.{entry.channel.value}"
    return (((ENTRIES, entry.office_id, entry.logged_day, label, 0), 0),)


def of_answer(answer: VoterAnswer) -> Cells:
    """An answer counts in its month and no finer, both ways of saying no as one (V-03, V-14)."""
    if answer.office_id is None:
        return ()
    month = date.fromisoformat(f"{answer.month}-01")
    response: VoterResponse = counted_as(answer.response)
    return (((ANSWERS, answer.office_id, month, response.value, 0), 0),)


def of_offer(offer: Offer) -> Cells:
    """A corrective letter, on the day it went out."""
    if offer.office_id is None or offer.letter_day is None:
        return ()
    return (((LETTERS, offer.office_id, offer.letter_day, "", 0), 0),)


def of_merit_call(call: MeritCall) -> Cells:
    """A call to the merit office, on its day."""
    return () if call.day is None else (((MERIT_CALLS, call.office_id, call.day, "", 0), 0),)
