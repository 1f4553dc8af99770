"""An alert, and what is remembered of the visit it is about."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import ClassVar

from access.directory import Office, Staff
from casebus_contracts import AlertRaised, AlertSubject, OverdueKind, Severity
from chassis.rules import Aggregate, Delivery, derived_id, replace


class AlertStatus(StrEnum):
    """How far an alert has come. All but the last are open."""

    RAISED = "raised"
    DELIVERED = "delivered"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Alert(Aggregate):
    """One per dedupe key, raised and resolved any number of times (INV-N1)."""

    NAME: ClassVar[str] = "alert"
    TABLE: ClassVar[str] = "alerts"

    rule: str
    severity: Severity
    office_id: str
    subject_type: str
    subject_id: str
    dedupe_key: str
    recipients: tuple[str, ...]
    text: str
    raised_at: datetime
    status: AlertStatus = AlertStatus.RAISED
    delivered: tuple[str, ...] = ()
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    resolved_at: datetime | None = None
    cause: str | None = None

    @property
    def is_open(self) -> bool:
        """Somebody should still look."""
        return self.status is not AlertStatus.RESOLVED

    def told(self) -> AlertRaised:
        """What others hear when it is raised."""
        return AlertRaised(
            alert_id=self.id,
            rule=self.rule,
            severity=self.severity,
            office_id=self.office_id,
            subject=AlertSubject(type=self.subject_type, id=self.subject_id),
            recipients=self.recipients,
            raised_at=self.raised_at,
            dedupe_key=self.dedupe_key,
            text=self.text,
        )

    def mails(self, office: Office, recipients: Iterable[Staff]) -> tuple[Delivery, ...]:
        """An e-mail to each of them."""
        title = f"{self.rule} at {office.name}"
        return tuple(Delivery(self.id, "email", each.id, each.work_email, title, self.text) for each in recipients)


def overdue_alert_id(request_id: str, kind: OverdueKind) -> str:
    """The id of the A-14 of a visit: every fact about the visit leads to it."""
    return derived_id(_minted_at(request_id), "A-14", overdue_key(request_id, kind))


def overdue_key(request_id: str, kind: OverdueKind) -> str:
    """The dedupe key of A-14."""
    return f"{request_id}:{kind.value}"


def _minted_at(uuid7: str) -> datetime:
    return datetime.fromtimestamp(int(uuid7[:8] + uuid7[9:13], 16) / 1000, UTC)


@dataclass(frozen=True, slots=True)
class Watch(Aggregate):
    """What is known of the visit of a request; its id is the request's.

    A guard: facts of different topics have no order, so that the end of a wait can be heard of before the alarm
    about it. `begun_until` and `ended_until` are the latest times at which service had begun, and the visit ended.
    """

    NAME: ClassVar[str] = "watch"
    TABLE: ClassVar[str] = "watches"
    GUARD: ClassVar[bool] = True

    begun_until: datetime | None = None
    ended_until: datetime | None = None

    def has_begun(self, at: datetime) -> "Watch":
        """Service has begun: nobody waits since before `at`."""
        return replace(self, begun_until=max(at, self.begun_until or at))

    def has_ended(self, at: datetime) -> "Watch":
        """The visit has ended: nobody is here since before `at`."""
        return replace(self.has_begun(at), ended_until=max(at, self.ended_until or at))

    def is_over(self, kind: OverdueKind, since: datetime) -> bool:
        """Whether what has lasted since `since` is known to have ended."""
        until = self.begun_until if kind is OverdueKind.WAITING else self.ended_until
        return until is not None and since <= until


def open_ones(*alerts: Alert | None) -> Iterator[Alert]:
    """Those that exist and are open."""
    return (alert for alert in alerts if alert is not None and alert.is_open)
