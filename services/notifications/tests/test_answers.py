"""What becomes of an alert."""

from dataclasses import replace

import pytest

from access.directory import Staff
from access.roles import Role
from casebus_contracts import Acknowledge, AlertAcknowledged, AlertDelivered
from chassis.rules import Decided, Delivered, Refused, Unchanged, decide
from notifications.alert import Alert, AlertStatus
from notifications.answers import acknowledge, delivered
from notifications.examples import CLERK, GREETER, MINUTE, NINE, RAISED, SUPERVISOR

NOW = NINE + 31 * MINUTE
TAKEN = Delivered(RAISED.id, "email", GREETER.id)
SEEN = Acknowledge(alert_id=RAISED.id)
ACKNOWLEDGED = replace(
    RAISED, status=AlertStatus.ACKNOWLEDGED, acknowledged_by=GREETER.id, acknowledged_at=NINE + 30 * MINUTE
)
RESOLVED = replace(RAISED, status=AlertStatus.RESOLVED, resolved_at=NOW, cause="visit.left")


def test_a_delivery_is_told_with_channel_and_recipient() -> None:
    assert delivered(RAISED, TAKEN, NOW) == decide(
        replace(RAISED, status=AlertStatus.DELIVERED, delivered=("email:adair-greeter",)),
        AlertDelivered(alert_id=RAISED.id, channel="email", recipient="adair-greeter", at=NOW),
    )


def test_a_second_recipient_is_told_too() -> None:
    first = replace(RAISED, status=AlertStatus.DELIVERED, delivered=("email:adair-greeter",))

    outcome = delivered(first, replace(TAKEN, recipient=SUPERVISOR.id), NOW)

    assert isinstance(outcome, Decided)
    assert outcome.states == (replace(first, delivered=("email:adair-greeter", "email:adair-supervisor")),)


def test_the_same_delivery_twice_is_one() -> None:
    first = replace(RAISED, status=AlertStatus.DELIVERED, delivered=("email:adair-greeter",))

    assert delivered(first, TAKEN, NOW) == Unchanged()


@pytest.mark.parametrize("alert", [ACKNOWLEDGED, RESOLVED], ids=["acknowledged", "resolved"])
def test_a_late_delivery_does_not_turn_an_alert_back(alert: Alert) -> None:
    outcome = delivered(alert, TAKEN, NOW)

    assert isinstance(outcome, Decided)
    assert outcome.states == (replace(alert, delivered=("email:adair-greeter",)),)


@pytest.mark.rule("I-26")
@pytest.mark.parametrize("status", [AlertStatus.RAISED, AlertStatus.DELIVERED])
def test_a_recipient_takes_an_alert_on(status: AlertStatus) -> None:
    outcome = acknowledge(replace(RAISED, status=status), SEEN, GREETER, NINE + 30 * MINUTE)

    assert outcome == decide(
        ACKNOWLEDGED, AlertAcknowledged(alert_id=RAISED.id, by="adair-greeter", at=NINE + 30 * MINUTE)
    )


@pytest.mark.rule("I-26")
@pytest.mark.parametrize("role", Role)
def test_a_recipient_takes_it_on_whatever_the_role(role: Role) -> None:
    assert isinstance(acknowledge(RAISED, SEEN, replace(GREETER, role=role), NOW), Decided)


@pytest.mark.rule("I-26")
@pytest.mark.parametrize("actor", [CLERK, replace(SUPERVISOR, id="another-supervisor")], ids=lambda each: each.id)
def test_nobody_but_a_recipient_takes_it_on(actor: Staff) -> None:
    assert acknowledge(RAISED, SEEN, actor, NOW) == Refused("I-26", "")


@pytest.mark.parametrize("alert", [ACKNOWLEDGED, RESOLVED], ids=["acknowledged", "resolved"])
@pytest.mark.parametrize("actor", [GREETER, SUPERVISOR], ids=lambda each: each.id)
def test_an_alert_is_taken_on_once(alert: Alert, actor: Staff) -> None:
    assert acknowledge(alert, SEEN, actor, NOW) == Unchanged()
