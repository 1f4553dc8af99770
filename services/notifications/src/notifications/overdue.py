"""A-14: a walk-in waits too long, is served too long, or is still here at closing time. Values in, facts out."""

from datetime import datetime

from access.directory import Office, Staff
from access.roles import Role
from casebus_contracts import (
    AlertResolved,
    OverdueKind,
    Severity,
    TimedAction,
    VisitAutoClosed,
    VisitLeft,
    VisitNoShow,
    VisitOverdue,
    WalkinTimed,
)
from chassis.rules import Decision, decide, later, replace, unchanged
from notifications.alert import Alert, AlertStatus, Watch, open_ones, overdue_alert_id, overdue_key

RULE = "A-14"
RECIPIENTS = frozenset({Role.RC_GREETER, Role.SUPERVISOR})
LINK = "/v1/requests/{id}?purpose=A-14"
"""A route of intake, which wants to know what a request is looked at for."""
WORDS = {
    OverdueKind.WAITING: "a walk-in has waited too long",
    OverdueKind.SERVING: "a walk-in is served too long or was never timed out",
    OverdueKind.CLOSING: "a walk-in is still here at closing time",
}


def visit_overdue(
    alert: Alert | None,
    watch: Watch,
    office: Office | None,
    staff: tuple[Staff, ...],
    fact: VisitOverdue,
    now: datetime,
) -> Decision:
    """Tell the greeters and supervisors the office has now, once per visit and kind (INV-N1, INV-N2)."""
    if watch.is_over(fact.kind, fact.since) or (alert is not None and alert.is_open):
        return unchanged(alert)
    if office is None or not staff:
        return later(fact.office_id, "the office or its staff is not known yet")
    told = tuple(member for member in staff if member.active and member.role in RECIPIENTS)
    raised = _alert(alert, office, told, fact, now)
    # The watch is saved unchanged: whoever hears at the same moment that the visit moved on has to see this alert.
    return decide(raised, raised.told(), guard=watch, deliveries=raised.mails(office, told))


def walk_in_timed(
    watch: Watch, waiting: Alert | None, serving: Alert | None, closing: Alert | None, fact: WalkinTimed, now: datetime
) -> Decision:
    """Being timed in ends the wait, being timed out the visit; a correction may be either."""
    if fact.action is TimedAction.TIME_IN or fact.service_seconds is None:
        return _resolve(watch.has_begun(fact.at), (waiting,), fact.TYPE, now)
    return _resolve(watch.has_ended(fact.at), (waiting, serving, closing), fact.TYPE, now)


def visit_left(
    watch: Watch, waiting: Alert | None, serving: Alert | None, closing: Alert | None, fact: VisitLeft, now: datetime
) -> Decision:
    """Whoever has left neither waits nor is served."""
    return _resolve(watch.has_ended(fact.at), (waiting, serving, closing), fact.TYPE, now)


def no_show(
    watch: Watch, waiting: Alert | None, serving: Alert | None, closing: Alert | None, fact: VisitNoShow, now: datetime
) -> Decision:
    """Whoever was called and did not come waits no more."""
    return _resolve(watch.has_ended(fact.at), (waiting, serving, closing), fact.TYPE, now)


def closed_for_the_day(
    watch: Watch, waiting: Alert | None, serving: Alert | None, fact: VisitAutoClosed, now: datetime
) -> Decision:
    """Nobody waits or is served behind closed doors. That the visit was never timed out stays to be put right."""
    return _resolve(watch, (waiting, serving), fact.TYPE, now)


def _resolve(watch: Watch, alerts: tuple[Alert | None, ...], cause: str, now: datetime) -> Decision:
    ended = tuple(
        replace(alert, status=AlertStatus.RESOLVED, resolved_at=now, cause=cause) for alert in open_ones(*alerts)
    )
    if not ended:
        return decide(watch)
    told = (AlertResolved(alert_id=alert.id, at=now, cause=cause) for alert in ended)
    return decide(ended[0], *told, others=ended[1:], guard=watch)


def _alert(alert: Alert | None, office: Office, told: tuple[Staff, ...], fact: VisitOverdue, now: datetime) -> Alert:
    """A new alert, or the one of an earlier time raised anew."""
    fresh = Alert(
        overdue_alert_id(fact.request_id, fact.kind),
        rule=RULE,
        severity=Severity.MEDIUM,
        office_id=office.id,
        subject_type="request",
        subject_id=fact.request_id,
        dedupe_key=overdue_key(fact.request_id, fact.kind),
        recipients=tuple(member.id for member in told),
        text=_text(office, fact),
        raised_at=now,
    )
    return (
        fresh
        if alert is None
        else replace(fresh, version=alert.version, loaded_version=alert.loaded_version, head=alert.head)
    )


def _text(office: Office, fact: VisitOverdue) -> str:
    """Rule, office, opaque id and link, nothing else (INV-N4)."""
    return (
        f"{RULE}: {WORDS[fact.kind]}.\n"
        f"Office: {office.name} ({office.id})\n"
        f"Request: {fact.request_id}\n"
        f"Details, after signing in: {LINK.format(id=fact.request_id)}\n"
    )
