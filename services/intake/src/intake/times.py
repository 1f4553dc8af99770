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
from intake.lobby import Lobby
from intake.request import Arrival, Request, VisitStatus
from intake.visit import SERVING, STOP_ALL_CLOCKS, WAITING, barred

AHEAD = timedelta(seconds=5)
"""Clocks of other systems may run ahead this far."""


@dataclass(frozen=True, slots=True)
class Times:
    """The times of a visit that has been timed in."""

    arrival: Arrival
    time_in: datetime
    time_out: datetime | None = None

    @property
    def wait_seconds(self) -> int:
        """From arrival until service began."""
        return int((self.time_in - self.arrival.at).total_seconds())

    @property
    def service_seconds(self) -> int | None:
        """How long the service took, once it is over."""
        return None if self.time_out is None else int((self.time_out - self.time_in).total_seconds())

    def out_of_order(self) -> Refused | None:
        """Arrival, time in, time out: each at or after the one before."""
        if self.time_in < self.arrival.at:
            return Refused("INV-I1", "timed in before arrival")
        if self.time_out is not None and self.time_out < self.time_in:
            return Refused("INV-I1", "timed out before time in")
        return None

    def accurate(self, office: Office) -> bool:
        """Nobody is served overnight: a later local day at the end is a mistake (Q35)."""
        return self.time_out is None or office.local_day(self.time_in) == office.local_day(self.time_out)


def time_in(request: Request, lobby: Lobby, office: Office, command: TimeIn, actor: Staff, now: datetime) -> Decision:
    """Service begins, at the earliest on arrival (I-29, I-36, INV-I1, INV-I3, Q38)."""
    if no := barred(request, command, actor, Ability.TIME):
        return no
    if request.time_in is not None:
        return _repeated(request, request.time_in, command.at)
    if request.arrival is None or request.visit_status is not VisitStatus.WAITING:
        return refuse("INV-I1", "nobody waits")
    times = Times(request.arrival, command.at or now)
    if denied := _out_of_reach(command.at, office, actor, now) or times.out_of_order():
        return refuse(denied)
    return _settle(request, times, lobby, office, _told(request, times, TimedAction.TIME_IN, office, actor))


def time_out(request: Request, lobby: Lobby, office: Office, command: TimeOut, actor: Staff, now: datetime) -> Decision:
    """Service ends, at the earliest when it began (I-29, I-36, INV-I1, INV-I2, INV-I3, Q35, Q38)."""
    if no := barred(request, command, actor, Ability.TIME):
        return no
    if request.arrival is None or request.time_in is None:
        return refuse("INV-I2", "not timed in")
    if request.time_out is not None:
        return _repeated(request, request.time_out, command.at)
    if request.visit_status is not VisitStatus.SERVING:
        return refuse("INV-I1", "nobody is served")
    times = Times(request.arrival, request.time_in, command.at or now)
    if denied := _out_of_reach(command.at, office, actor, now) or times.out_of_order():
        return refuse(denied)
    if not times.accurate(office) and (denied := may(actor, Ability.EDIT_TIMES, office=office.id)):
        return refuse(denied)
    return _settle(request, times, lobby, office, _told(request, times, TimedAction.TIME_OUT, office, actor))


def correct_times(request: Request, lobby: Lobby, office: Office, command: CorrectTimes, actor: Staff) -> Decision:
    """Whoever may edit times puts them right, in order still (I-30, INV-I1, INV-I2)."""
    if no := barred(request, command, actor, Ability.EDIT_TIMES):
        return no
    if command.time_in is None and command.time_out is None:
        return invalid("time_in", "neither time is given")
    if request.arrival is None or request.visit_status is VisitStatus.LEFT:
        return refuse("INV-I1", "no visit with times")
    begun = command.time_in or request.time_in
    if begun is None:
        return refuse("INV-I2", "not timed in")
    times = Times(request.arrival, begun, command.time_out or request.time_out)
    if (times.time_in, times.time_out) == (request.time_in, request.time_out):
        return unchanged(request)
    if denied := times.out_of_order():
        return refuse(denied)
    explained = replace(request, correction_reason=command.reason)
    return _settle(explained, times, lobby, office, _told(request, times, TimedAction.CORRECTED, office, actor))


def _repeated(request: Request, known: datetime, at: datetime | None) -> Decision:
    if at is None or at == known:
        return unchanged(request)
    return refuse("INV-I3", "timed already, at another time")


def _out_of_reach(at: datetime | None, office: Office, actor: Staff, now: datetime) -> Refused | None:
    """Without the right to edit times a given time lies close to now (Q38)."""
    if at is None or now - office.time_edit_back <= at <= now + AHEAD:
        return None
    return may(actor, Ability.EDIT_TIMES, office=office.id)


def _settle(request: Request, times: Times, lobby: Lobby, office: Office, told: WalkinTimed) -> Decided:
    """The visit with its new times, in the right place of the lobby and under the right clocks."""
    begun = () if request.time_in else (_serving(told, times.time_in),)
    status = VisitStatus.SERVING if times.time_out is None else VisitStatus.SERVED
    timed = replace(
        request, visit_status=status, time_in=times.time_in, time_out=times.time_out, accurate=told.accurate
    )
    if times.time_out is None or times.service_seconds is None:
        clocks = (cancel_timer(WAITING), set_timer(SERVING, times.time_in + office.serve_limit))
        return decide(timed, *begun, told, guard=lobby.begin(request.id), timers=clocks)
    guard = lobby.finish(request.id, times.time_out, times.service_seconds, told.accurate)
    return decide(timed, *begun, told, guard=guard, timers=STOP_ALL_CLOCKS)


def _told(request: Request, times: Times, action: TimedAction, office: Office, actor: Staff) -> WalkinTimed:
    """What changed: the end of the visit if that did, else its beginning."""
    ended = times.time_out is not None and times.time_out != request.time_out
    return WalkinTimed(
        request_id=request.id,
        office_id=request.office_id,
        ticket=times.arrival.ticket,
        action=action,
        at=times.time_out if ended and times.time_out else times.time_in,
        staff_id=actor.id,
        wait_seconds=times.wait_seconds,
        service_seconds=times.service_seconds,
        accurate=times.accurate(office),
        previous_at=request.time_out if ended else request.time_in,
    )


def _serving(told: WalkinTimed, at: datetime) -> VisitServing:
    return VisitServing(
        request_id=told.request_id, office_id=told.office_id, ticket=told.ticket, at=at, staff_id=told.staff_id
    )
