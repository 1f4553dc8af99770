"""A visit at the Adair office that takes too long, and the people who hear of it, for tests."""

from datetime import UTC, datetime, time, timedelta

from access.directory import Office, Staff
from access.roles import Role
from casebus_contracts import OfficeSettings, OverdueKind, Severity, VisitOverdue
from chassis.rules import replace
from notifications.alert import Alert, Watch, overdue_alert_id

NINE = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
REQUEST = "01956c3a-0000-7000-8000-000000000001"

ADAIR = Office(
    "ADAIR",
    name="Adair County Office",
    county_fips="29001",
    region_id="northeast",
    zone="America/Chicago",
    opens=time(8),
    closes=time(17),
    active=True,
    receptionist=True,
    settings=OfficeSettings(),
)
GREETER = Staff(
    "adair-greeter",
    name="Gia Ross",
    work_email="gia.ross@example.gov",
    role=Role.RC_GREETER,
    office_id=ADAIR.id,
)
SUPERVISOR = replace(
    GREETER, id="adair-supervisor", name="Sam Ortiz", work_email="sam.ortiz@example.gov", role=Role.SUPERVISOR
)
CLERK = replace(GREETER, id="adair-clerical", name="Carla Reyes", role=Role.CLERICAL)
STAFF = (CLERK, GREETER, SUPERVISOR)

WAITED = VisitOverdue(
    request_id=REQUEST, office_id=ADAIR.id, kind=OverdueKind.WAITING, since=NINE, at=NINE + 30 * MINUTE
)
"""Came at nine, and half an hour later nobody has begun."""

UNWATCHED = Watch(REQUEST)

RAISED = Alert(
    overdue_alert_id(REQUEST, OverdueKind.WAITING),
    rule="A-14",
    severity=Severity.MEDIUM,
    office_id=ADAIR.id,
    subject_type="request",
    subject_id=REQUEST,
    dedupe_key=f"{REQUEST}:waiting",
    recipients=(GREETER.id, SUPERVISOR.id),
    text=(
        "A-14: a walk-in has waited too long.\n"
        "Office: Adair County Office (ADAIR)\n"
        f"Request: {REQUEST}\n"
        f"Details, after signing in: /v1/requests/{REQUEST}?purpose=A-14\n"
    ),
    raised_at=NINE + 30 * MINUTE,
)


def alert_of(kind: OverdueKind) -> Alert:
    """The open alert of this kind about the same visit."""
    return replace(RAISED, id=overdue_alert_id(REQUEST, kind), dedupe_key=f"{REQUEST}:{kind.value}")
