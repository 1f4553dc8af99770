"""Which message needs what."""

from datetime import datetime

from access.directory import ACTOR, Office, Staff, operates
from access.matrix import WHO_RULES
from casebus_contracts import (
    Acknowledge,
    OfficeUpserted,
    OverdueKind,
    StaffUpserted,
    VisitLeft,
    VisitOverdue,
    WalkinTimed,
)
from chassis.wiring import Input, KeyFunction, Service, change, read, read_all
from notifications import answers, overdue
from notifications.alert import Alert, Watch, overdue_alert_id

SERVICE = Service("notifications", tables=(Alert, Watch), replicas=(Office, Staff), who_rules=WHO_RULES)
SERVICE.operated_by(Staff, operates)


def _alert_of(kind: OverdueKind) -> Input:
    return change(Alert, _of_visit(kind))


def _of_visit(kind: OverdueKind) -> KeyFunction:
    def key(fact: WalkinTimed | VisitLeft, actor: str, now: datetime) -> str:
        return overdue_alert_id(fact.request_id, kind)

    return key


def _its_own(fact: VisitOverdue, actor: str, now: datetime) -> str:
    return overdue_alert_id(fact.request_id, fact.kind)


WATCH = change(Watch, "request_id", new=Watch)
ALERTS_OF_VISIT = {kind.value: _alert_of(kind) for kind in OverdueKind}

SERVICE.on(
    VisitOverdue,
    overdue.visit_overdue,
    alert=change(Alert, _its_own),
    watch=WATCH,
    office=read(Office, "office_id"),
    staff=read_all(Staff, "office_id", of="office_id"),
)
SERVICE.on(WalkinTimed, overdue.walk_in_timed, watch=WATCH, **ALERTS_OF_VISIT)
SERVICE.on(VisitLeft, overdue.visit_left, watch=WATCH, **ALERTS_OF_VISIT)
SERVICE.on(Acknowledge, answers.acknowledge, actor=ACTOR, alert=change(Alert, "alert_id"))
SERVICE.on_delivered(answers.delivered, alert=change(Alert, "subject_id"))

SERVICE.replicate(OfficeUpserted, Office)
SERVICE.replicate(StaffUpserted, Staff)
