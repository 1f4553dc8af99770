"""What becomes of an alert: it is delivered, and somebody takes it on. Values in, facts out."""

from datetime import datetime

from access.directory import Staff
from access.matrix import Ability, may
from casebus_contracts import Acknowledge, AlertAcknowledged, AlertDelivered
from chassis.rules import Decision, Delivered, decide, refuse, replace, unchanged
from notifications.alert import Alert, AlertStatus


def delivered(alert: Alert, delivered: Delivered, now: datetime) -> Decision:
    """A channel took it for one recipient."""
    taken = f"{delivered.channel}:{delivered.recipient}"
    if taken in alert.delivered:
        return unchanged(alert)
    status = AlertStatus.DELIVERED if alert.status is AlertStatus.RAISED else alert.status
    return decide(
        replace(alert, status=status, delivered=(*alert.delivered, taken)),
        AlertDelivered(alert_id=alert.id, channel=delivered.channel, recipient=delivered.recipient, at=now),
    )


def acknowledge(alert: Alert, command: Acknowledge, actor: Staff, now: datetime) -> Decision:
    """Any of its recipients takes it on, whatever their role; the first one who does (I-26)."""
    if denied := may(actor, Ability.ACKNOWLEDGE, owners=alert.recipients):
        return refuse(denied)
    if alert.status in (AlertStatus.ACKNOWLEDGED, AlertStatus.RESOLVED):
        return unchanged(alert)
    return decide(
        replace(alert, status=AlertStatus.ACKNOWLEDGED, acknowledged_by=actor.id, acknowledged_at=now),
        AlertAcknowledged(alert_id=command.alert_id, by=actor.id, at=now),
    )
