"""Alerts to people. Owner: notifications."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from casebus_contracts.base import (
    AlertId,
    Code,
    Command,
    Fact,
    FactPart,
    Internal,
    Moment,
    OfficeId,
    Public,
    StaffId,
    Text,
    clean,
)
from casebus_contracts.codes import Severity

SubjectId = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(clean)]
Recipients = Annotated[tuple[StaffId, ...], Field(max_length=1000)]


class Acknowledge(Command, service="notifications", key="alert_id"):
    """A recipient has seen the alert and takes it on."""

    alert_id: Internal[AlertId]


class AlertSubject(FactPart):
    """What an alert is about, by opaque id."""

    type: Internal[Code]
    id: Internal[SubjectId]


class AlertRaised(Fact, topic="alert.raised", owner="notifications", subject="alert", key="alert_id"):
    """Somebody should look. `text` names rule, office and opaque id, never a client."""

    alert_id: Internal[AlertId]
    rule: Public[Code]
    severity: Internal[Severity]
    office_id: Public[OfficeId]
    subject: Internal[AlertSubject]
    recipients: Internal[Recipients]
    raised_at: Internal[Moment]
    dedupe_key: Internal[SubjectId]
    text: Internal[Text]


class AlertDelivered(Fact, topic="alert.delivered", owner="notifications", subject="alert", key="alert_id"):
    """A channel took the alert for one recipient."""

    alert_id: Internal[AlertId]
    channel: Internal[Code]
    recipient: Internal[StaffId]
    at: Internal[Moment]


class AlertAcknowledged(Fact, topic="alert.acknowledged", owner="notifications", subject="alert", key="alert_id"):
    """A recipient takes care of it."""

    alert_id: Internal[AlertId]
    by: Internal[StaffId]
    at: Internal[Moment]


class AlertResolved(Fact, topic="alert.resolved", owner="notifications", subject="alert", key="alert_id"):
    """The reason for the alert is gone. `cause` is the type of the fact that ended it."""

    alert_id: Internal[AlertId]
    at: Internal[Moment]
    cause: Internal[Code]
