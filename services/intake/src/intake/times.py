"""Walk-ins are timed in and out, and wrong times corrected. Values in, facts out. All times are compared in UTC."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from access.directory import Office, Staff
from access.matrix import Ability, may
from casebus_contracts import CorrectTimes, TimedAction, TimeIn, TimeOut, VisitServing, WalkinTimed
from chassis.rules import (
    Decided,
    Decision,
    Refused,
    cancel_timer,
    decide,
    invalid,
    refuse,
    replace,
    set_timer,
    unchanged,
)
from intake.intervals import Line, Stay, retimed, seconds
from intake.lobby import Lobby
from intake.request import Arrival, Request, VisitStatus
from intake.visit import SERVING, STOP_ALL_CLOCKS, WAITING, barred
from intake.voters.offer import Offer, contact_over

AHEAD = timedelta(seconds=5)
"""Clocks of other systems may run ahead this far."""

_NOT_SERVED_YET = (VisitStatus.WAITING, VisitStatus.CALLED)
_NOT_TIMED_OUT = (VisitStatus.SERVING, VisitStatus.ON_HOLD, VisitStatus.AUTO_CLOSED)
_GONE_UNSERVED = (VisitStatus.LEFT, VisitStatus.NO_SHOW)


@dataclass(frozen=True, slots=True)
class Times:
    """The times of a visit that has been timed in."""

    arrival: Arrival
    time_in: datetime
    time_out: datetime | None = None
    closed_at: datetime | None = None
    """When closing time ended it, if that did."""

    @property
    def wait_seconds(self) -> int:
        """From arrival until service began."""
        return int((self.time_in - self.arrival.at).total_seconds())

    def line(self, so_far: Line, staff_id: str) -> Line:
        """The intervals of the visit, put under these times."""
        return retimed(so_far, self.arrival.at, self.time_in, self.end, staff_id)

    @property
    def end(self) -> datetime | None:
        """When service ended, as far as anybody knows."""
        return self.time_out or self.closed_at

    def out_of_order(self) -> Refused | None:
        """Arrival, time in, time out: each at or after the one before."""
        if self.time_in < self.arrival.at:
            return Refused("INV-I1", "timed in before arrival")
        if self.end is not None and self.end < self.time_in:
            return Refused("INV-I1", "timed out before time in")
        return None

    def overnight(self, office: Office) -> bool:
        """Whether service ends on a later local day than it began."""
        return self.time_out is not None and office.local_day(self.time_in) != office.local_day(self.time_out)

    def accurate(self, office: Office) -> bool:
        """Nobody is served overnight (Q35), and what closing time ended was over at another time (Q34)."""
        return self.closed_at is None and not self.overnight(office)


def time_in(request: Request, lobby: Lobby, office: Office, command: TimeIn, actor: Staff, now: datetime) -> Decision:
    """Service begins, at the earliest on arrival (I-29, I-36, INV-I1, INV-I3, Q38)."""
    if no := barred(request, command, actor, Ability.TIME):
        return no
    if request.time_in is not None:
        return _repeated(request, request.time_in, command.at)
    if request.arrival is None or request.visit_status not in _NOT_SERVED_YET:
        return refuse("INV-I1", "nobody waits")
    times = Times(request.arrival, command.at or now)
    if denied := _out_of_reach(command.at, office, actor, now) or times.out_of_order():
        return refuse(denied)
    return _settle(request, times, lobby, office, TimedAction.TIME_IN, actor)


def time_out(
    request: Request, lobby: Lobby, office: Office, offer: Offer, command: TimeOut, actor: Staff, now: datetime
) -> Decision:
    """Service ends, at the earliest when it began (I-29, I-36, INV-I1, INV-I2, INV-I3, Q35, Q38)."""
    if no := barred(request, command, actor, Ability.TIME):
        return no
    if request.arrival is None or request.time_in is None:
        return refuse("INV-I2", "not timed in")
    if request.time_out is not None:
        return _repeated(request, request.time_out, command.at)
    if request.visit_status not in _NOT_TIMED_OUT:
        return refuse("INV-I1", "nobody is served")
    times = Times(request.arrival, request.time_in, command.at or now, request.auto_closed_at)
    if denied := _out_of_reach(command.at, office, actor, now) or times.out_of_order():
        return refuse(denied)
    if times.overnight(office) and (denied := may(actor, Ability.EDIT_TIMES, office=office.id)):
        return refuse(denied)
    return contact_over(_settle(request, times, lobby, office, TimedAction.TIME_OUT, actor), offer, now)


def correct_times(
    request: Request, lobby: Lobby, office: Office, offer: Offer, command: CorrectTimes, actor: Staff, now: datetime
) -> Decision:
    """Whoever may edit times puts them right, in order still (I-30, INV-I1, INV-I2)."""
    if no := barred(request, command, actor, Ability.EDIT_TIMES):
        return no
    if command.time_in is None and command.time_out is None:
        return invalid("time_in", "neither time is given")
    if request.arrival is None or request.visit_status in _GONE_UNSERVED:
        return refuse("INV-I1", "no visit with times")
    begun = command.time_in or request.time_in
    if begun is None:
        return refuse("INV-I2", "not timed in")
    times = Times(request.arrival, begun, command.time_out or request.time_out, request.auto_closed_at)
    if (times.time_in, times.time_out) == (request.time_in, request.time_out):
        return unchanged(request)
    if denied := times.out_of_order():
        return refuse(denied)
    explained = replace(request, correction_reason=command.reason)
    return contact_over(_settle(explained, times, lobby, office, TimedAction.CORRECTED, actor), offer, now)


def _repeated(request: Request, known: datetime, at: datetime | None) -> Decision:
    if at is None or at == known:
        return unchanged(request)
    return refuse("INV-I3", "timed already, at another time")


def _out_of_reach(at: datetime | None, office: Office, actor: Staff, now: datetime) -> Refused | None:
    """Without the right to edit times a given time lies close to now (Q38)."""
    if at is None or now - office.time_edit_back <= at <= now + AHEAD:
        return None
    return may(actor, Ability.EDIT_TIMES, office=office.id)


def _settle(request: Request, times: Times, lobby: Lobby, office: Office, action: TimedAction, actor: Staff) -> Decided:
    """The visit with its new times, in the right place of the lobby and under the right clocks."""
    line = times.line(request.intervals, actor.id)
    told = _told(request, times, line, action, office, actor)
    timed = replace(request, time_in=times.time_in, time_out=times.time_out, accurate=told.accurate, intervals=line)
    begun = () if request.time_in else (_serving(told, times.time_in),)
    if times.time_out is None:
        return _goes_on(timed, begun, told, lobby, office)
    guard = lobby.finish(request.id, times.time_out, seconds(line, Stay.SERVING), told.accurate)
    served = replace(timed, visit_status=VisitStatus.SERVED)
    return decide(served, *begun, told, guard=guard, timers=STOP_ALL_CLOCKS)


def _goes_on(
    timed: Request, begun: tuple[VisitServing, ...], told: WalkinTimed, lobby: Lobby, office: Office
) -> Decided:
    """Service without an end yet. What is on hold, or was ended by closing time, stays that way."""
    if timed.time_in is None or timed.visit_status is VisitStatus.AUTO_CLOSED:
        return decide(timed, *begun, told)
    clocks = (cancel_timer(WAITING), set_timer(SERVING, timed.time_in + office.serve_limit))
    if timed.visit_status is VisitStatus.ON_HOLD:
        return decide(timed, told, timers=clocks)
    serving = replace(timed, visit_status=VisitStatus.SERVING)
    return decide(serving, *begun, told, guard=lobby.begin(timed.id), timers=clocks)


def _told(request: Request, times: Times, line: Line, action: TimedAction, office: Office, actor: Staff) -> WalkinTimed:
    """What changed: the end of the visit if that did, else its beginning. Time on hold is no service."""
    ended = times.time_out is not None and times.time_out != request.time_out
    return WalkinTimed(
        request_id=request.id,
        office_id=request.office_id,
        ticket=times.arrival.ticket,
        action=action,
        at=times.time_out if ended and times.time_out else times.time_in,
        staff_id=actor.id,
        wait_seconds=times.wait_seconds,
        service_seconds=None if times.time_out is None else seconds(line, Stay.SERVING),
        accurate=times.accurate(office),
        previous_at=request.time_out if ended else request.time_in,
    )


def _serving(told: WalkinTimed, at: datetime) -> VisitServing:
    return VisitServing(
        request_id=told.request_id, office_id=told.office_id, ticket=told.ticket, at=at, staff_id=told.staff_id
    )
