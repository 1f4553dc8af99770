"""Alerts to people, and the list of state-wide memos and hot tips. Owner: notifications."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from casebus_contracts.base import (
    AlertId,
    Code,
    Command,
    Fact,
    FactPart,
    Flag,
    Internal,
    MemoId,
    Moment,
    Name,
    OfficeId,
    Public,
    StaffId,
    Text,
    WebAddress,
    clean,
)
from casebus_contracts.codes import MemoKind, Severity

SubjectId = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(clean)]
Recipients = Annotated[tuple[StaffId, ...], Field(max_length=1000)]
Subjects = Annotated[tuple[Code, ...], Field(min_length=1, max_length=50)]
"""Codes of what something is about: reasons for coming, or what a call was about."""


class Acknowledge(Command, service="notifications", key="alert_id"):
    """A recipient has seen the alert and takes it on."""

    alert_id: Internal[AlertId]


class UpsertMemo(Command, service="notifications", key="memo_id"):
    """Put a memo or hot tip on the list, change it, or withdraw it. Without `valid_until` it holds until withdrawn."""

    memo_id: Internal[MemoId]
    kind: Internal[MemoKind]
    title: Internal[Name]
    url: Internal[WebAddress]
    about: Internal[Subjects]
    valid_from: Internal[Moment]
    valid_until: Internal[Moment | None] = None
    withdrawn: Internal[Flag] = False


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


class MemoUpserted(Fact, topic="memo.upserted", owner="notifications", subject="memo", key="memo_id", compacted=True):
    """A memo or hot tip as it is now. It holds from `valid_from` until before `valid_until`, unless withdrawn."""

    memo_id: Internal[MemoId]
    kind: Internal[MemoKind]
    title: Internal[Name]
    url: Internal[WebAddress]
    about: Internal[Subjects]
    valid_from: Internal[Moment]
    valid_until: Internal[Moment | None] = None
    withdrawn: Internal[Flag] = False
