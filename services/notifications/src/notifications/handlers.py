"""Which message needs what."""

from collections.abc import Callable
from datetime import datetime
from operator import attrgetter
from typing import Any

from access.directory import ACTOR, County, Office, Region, Staff, operates
from access.matrix import WHO_RULES
from casebus_contracts import (
    Acknowledge,
    CountyUpserted,
    OfficeUpserted,
    OverdueKind,
    RegionUpserted,
    StaffUpserted,
    UpsertMemo,
    VisitAutoClosed,
    VisitLeft,
    VisitNoShow,
    VisitOverdue,
    VoterCorrectiveActionSent,
    VoterCountsDeviating,
    VoterFormsOverdue,
    VoterFormsTransmitted,
    VoterOfferMissing,
    VoterRegistrationLogged,
    VoterStockCounted,
    VoterStockLow,
    WalkinTimed,
)
from chassis.wiring import Input, KeyFunction, Service, change, read, read_all, read_every
from notifications import answers, memos, overdue, voters
from notifications.alert import Alert, Watch, overdue_alert_id
from notifications.memos import Memo
from notifications.reads import make_reads
from notifications.voters import Matter, Settled, alert_id_of, key_of

SERVICE = Service(
    "notifications",
    tables=(Alert, Memo, Watch, Settled),
    replicas=(Region, County, Office, Staff),
    who_rules=WHO_RULES,
)
SERVICE.operated_by(Staff, operates)
SERVICE.offer(make_reads)


def _alert_of(kind: OverdueKind) -> Input:
    return change(Alert, _of_visit(kind))


def _of_visit(kind: OverdueKind) -> KeyFunction:
    def key(fact: WalkinTimed | VisitLeft | VisitNoShow | VisitAutoClosed, actor: str, now: datetime) -> str:
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
SERVICE.on(VisitNoShow, overdue.no_show, watch=WATCH, **ALERTS_OF_VISIT)
SERVICE.on(
    VisitAutoClosed,
    overdue.closed_for_the_day,
    watch=WATCH,
    waiting=_alert_of(OverdueKind.WAITING),
    serving=_alert_of(OverdueKind.SERVING),
)
SERVICE.on(Acknowledge, answers.acknowledge, actor=ACTOR, alert=change(Alert, "alert_id"))
SERVICE.on_delivered(answers.delivered, alert=change(Alert, "subject_id"))

SERVICE.on(UpsertMemo, memos.upsert_memo, actor=ACTOR, memo=change(Memo, "memo_id"))

SERVICE.replicate(RegionUpserted, Region)
SERVICE.replicate(CountyUpserted, County)
SERVICE.replicate(OfficeUpserted, Office)
SERVICE.replicate(StaffUpserted, Staff)


def _matter(matter: Matter, about: Callable[[Any], str | None]) -> dict[str, Input]:
    """The A-16 of a matter, and what is known of it. No subject, nothing to look for."""

    def of(make: Callable[[Matter, str], str]) -> KeyFunction:
        def key(fact: Any, actor: str, now: datetime) -> str | None:
            subject = about(fact)
            return None if subject is None else make(matter, subject)

        return key

    return {"alert": change(Alert, of(alert_id_of)), "settled": change(Settled, of(key_of), new=Settled)}


OFFER = _matter(Matter.OFFER, attrgetter("request_id"))
FORMS = _matter(Matter.FORMS, attrgetter("office_id"))
STOCK = _matter(Matter.STOCK, attrgetter("office_id"))
COUNTS = _matter(Matter.COUNTS, voters.month_of)
PEOPLE = {"office": read(Office, "office_id"), "staff": read_every(Staff)}

SERVICE.on(VoterOfferMissing, voters.offer_missing, **OFFER, **PEOPLE)
SERVICE.on(VoterCorrectiveActionSent, voters.letter_sent, **OFFER)
SERVICE.on(VoterRegistrationLogged, voters.entry_logged, **OFFER)
SERVICE.on(VoterFormsOverdue, voters.forms_overdue, **FORMS, **PEOPLE)
SERVICE.on(VoterFormsTransmitted, voters.forms_transmitted, **FORMS)
SERVICE.on(VoterStockLow, voters.stock_low, **STOCK, **PEOPLE)
SERVICE.on(VoterStockCounted, voters.stock_counted, **STOCK)
SERVICE.on(VoterCountsDeviating, voters.counts_deviate, **COUNTS, **PEOPLE)
