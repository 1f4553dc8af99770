"""Visits: the lobby of an office, from the ticket to the end. Owner: intake. A visit is part of its request."""

from casebus_contracts.base import (
    Command,
    Count,
    Explanation,
    Fact,
    Flag,
    Internal,
    Moment,
    OfficeId,
    Ordinal,
    Personal,
    Public,
    RequestId,
    StaffId,
    Text,
)
from casebus_contracts.codes import LeaveStage, OverdueKind, TimedAction


class CheckIn(Command, service="intake", key="request_id"):
    """The client is here and takes a ticket."""

    request_id: Internal[RequestId]
    office_id: Public[OfficeId]


class TimeIn(Command, service="intake", key="request_id"):
    """Service begins, now or at the given time."""

    request_id: Internal[RequestId]
    office_id: Public[OfficeId]
    at: Internal[Moment | None] = None


class TimeOut(Command, service="intake", key="request_id"):
    """Service is over, now or at the given time."""

    request_id: Internal[RequestId]
    office_id: Public[OfficeId]
    at: Internal[Moment | None] = None


class CorrectTimes(Command, service="intake", key="request_id"):
    """Put wrong times right and say why. What is absent stays as it is."""

    request_id: Internal[RequestId]
    office_id: Public[OfficeId]
    time_in: Internal[Moment | None] = None
    time_out: Internal[Moment | None] = None
    reason: Personal[Explanation]


class LeaveVisit(Command, service="intake", key="request_id"):
    """The client goes without being served to the end."""

    request_id: Internal[RequestId]
    office_id: Public[OfficeId]
    stage: Internal[LeaveStage]
    reason: Personal[Text | None] = None


class Invite(Command, service="intake", key="request_id"):
    """This one is called to the desk, whoever stands before. A specialist who calls becomes the interviewer."""

    request_id: Internal[RequestId]
    office_id: Public[OfficeId]


class Recall(Command, service="intake", key="request_id"):
    """Call once more: nobody came."""

    request_id: Internal[RequestId]
    office_id: Public[OfficeId]


class NoShow(Command, service="intake", key="request_id"):
    """Called, and did not come: the visit is over."""

    request_id: Internal[RequestId]
    office_id: Public[OfficeId]


class Hold(Command, service="intake", key="request_id"):
    """Service pauses; the client steps aside."""

    request_id: Internal[RequestId]
    office_id: Public[OfficeId]


class Resume(Command, service="intake", key="request_id"):
    """Service goes on after a hold."""

    request_id: Internal[RequestId]
    office_id: Public[OfficeId]


class Return(Command, service="intake", key="request_id"):
    """Back to the queue, to the place the arrival gives."""

    request_id: Internal[RequestId]
    office_id: Public[OfficeId]


class VisitWaiting(Fact, topic="visit.waiting", owner="intake", subject="request", key="request_id", partitions=3):
    """The client holds a ticket and was told how long it will take."""

    request_id: Internal[RequestId]
    office_id: Public[OfficeId]
    ticket: Internal[Ordinal]
    at: Internal[Moment]
    people_ahead: Internal[Count]
    estimate_minutes: Internal[Count]


class VisitServing(Fact, topic="visit.serving", owner="intake", subject="request", key="request_id", partitions=3):
    """Service has begun."""

    request_id: Internal[RequestId]
    office_id: Public[OfficeId]
    ticket: Internal[Ordinal]
    at: Internal[Moment]
    staff_id: Internal[StaffId | None] = None


class VisitLeft(Fact, topic="visit.left", owner="intake", subject="request", key="request_id", partitions=3):
    """The client went away."""

    request_id: Internal[RequestId]
    office_id: Public[OfficeId]
    ticket: Internal[Ordinal]
    at: Internal[Moment]
    stage: Internal[LeaveStage]


class VisitOverdue(Fact, topic="visit.overdue", owner="intake", subject="request", key="request_id", partitions=3):
    """A visit has passed a limit of its office: watched since `since`, over the limit at `at`."""

    request_id: Internal[RequestId]
    office_id: Public[OfficeId]
    kind: Internal[OverdueKind]
    since: Internal[Moment]
    at: Internal[Moment]


class WalkinTimed(Fact, topic="walkin.timed", owner="intake", subject="request", key="request_id", partitions=3):
    """The times of a walk-in were set or corrected. Averages count it only if `accurate`."""

    request_id: Internal[RequestId]
    office_id: Public[OfficeId]
    ticket: Internal[Ordinal]
    action: Internal[TimedAction]
    at: Internal[Moment]
    staff_id: Internal[StaffId]
    wait_seconds: Internal[Count]
    service_seconds: Internal[Count | None] = None
    accurate: Internal[Flag]
    previous_at: Internal[Moment | None] = None


class VisitCalled(Fact, topic="visit.called", owner="intake", subject="request", key="request_id", partitions=3):
    """The client was called to the desk."""

    request_id: Internal[RequestId]
    office_id: Public[OfficeId]
    ticket: Internal[Ordinal]
    at: Internal[Moment]
    staff_id: Internal[StaffId | None] = None


class VisitRecalled(Fact, topic="visit.recalled", owner="intake", subject="request", key="request_id", partitions=3):
    """The client was called again; `calls` counts all calls of this ticket."""

    request_id: Internal[RequestId]
    office_id: Public[OfficeId]
    ticket: Internal[Ordinal]
    at: Internal[Moment]
    staff_id: Internal[StaffId | None] = None
    calls: Internal[Ordinal]


class VisitHeld(Fact, topic="visit.held", owner="intake", subject="request", key="request_id", partitions=3):
    """Service pauses."""

    request_id: Internal[RequestId]
    office_id: Public[OfficeId]
    ticket: Internal[Ordinal]
    at: Internal[Moment]
    staff_id: Internal[StaffId | None] = None


class VisitResumed(Fact, topic="visit.resumed", owner="intake", subject="request", key="request_id", partitions=3):
    """Service goes on."""

    request_id: Internal[RequestId]
    office_id: Public[OfficeId]
    ticket: Internal[Ordinal]
    at: Internal[Moment]
    staff_id: Internal[StaffId | None] = None


class VisitReturned(Fact, topic="visit.returned", owner="intake", subject="request", key="request_id", partitions=3):
    """The client waits again."""

    request_id: Internal[RequestId]
    office_id: Public[OfficeId]
    ticket: Internal[Ordinal]
    at: Internal[Moment]
    staff_id: Internal[StaffId | None] = None


class VisitNoShow(Fact, topic="visit.no_show", owner="intake", subject="request", key="request_id", partitions=3):
    """The client was called and did not come."""

    request_id: Internal[RequestId]
    office_id: Public[OfficeId]
    ticket: Internal[Ordinal]
    at: Internal[Moment]
    staff_id: Internal[StaffId | None] = None


class VisitAutoClosed(
    Fact, topic="visit.auto_closed", owner="intake", subject="request", key="request_id", partitions=3
):
    """The office has closed over an open visit. Its times are not accurate."""

    request_id: Internal[RequestId]
    office_id: Public[OfficeId]
    ticket: Internal[Ordinal]
    at: Internal[Moment]
    staff_id: Internal[StaffId | None] = None
    stage: Internal[LeaveStage]
