"""A-16: an offer is missing, forms are late, the stock is short, or a month does not add up. Values in, facts out.

Both coordinators hear of it: the one of the office and the one of the state.
"""

import dataclasses
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import ClassVar

from access.directory import Office, Staff
from access.roles import SUPERVISORS
from casebus_contracts import (
    AlertResolved,
    Position,
    Severity,
    VoterCorrectiveActionSent,
    VoterCountsDeviating,
    VoterFormsOverdue,
    VoterFormsTransmitted,
    VoterOfferMissing,
    VoterRegistrationLogged,
    VoterStockCounted,
    VoterStockLow,
)
from chassis.rules import Aggregate, Decision, decide, derived_id, later, replace, unchanged
from notifications.alert import Alert, AlertStatus

RULE = "A-16"
_ALWAYS = datetime.fromtimestamp(0, UTC)
"""What the id of an alert about an office is made from: there is one for all times."""


class Matter(StrEnum):
    """What an A-16 is about."""

    OFFER = "offer"
    FORMS = "forms"
    STOCK = "stock"
    COUNTS = "counts"


WORDS = {
    Matter.OFFER: "a covered contact ended and no offer to register is on record",
    Matter.FORMS: "voter registration forms lie in the office past their last day",
    Matter.STOCK: "the stock of voter registration forms will not last two months",
    Matter.COUNTS: "entries and letters of a month are far from the covered contacts",
}
LINKS = {
    Matter.OFFER: "/v1/requests/{id}?purpose=A-16",
    Matter.FORMS: "/v1/offices/{id}/voter-registration",
    Matter.STOCK: "/v1/offices/{id}/voter-registration",
    Matter.COUNTS: "/v1/reports/voter-registration?office_id={office}&month={id}",
}


@dataclass(frozen=True, slots=True)
class Settled(Aggregate):
    """Until when a matter is known to have been in order; its id is the dedupe key of its alert.

    A guard: facts of different topics have no order, so that the end of a matter can be heard of before its alarm.
    """

    NAME: ClassVar[str] = "settled"
    TABLE: ClassVar[str] = "settled"
    GUARD: ClassVar[bool] = True

    until: datetime | None = None

    def at(self, moment: datetime) -> "Settled":
        """It was in order at this moment."""
        return replace(self, until=max(moment, self.until or moment))

    def covers(self, moment: datetime) -> bool:
        """Whether it was in order then or later."""
        return self.until is not None and moment <= self.until


def key_of(matter: Matter, subject_id: str) -> str:
    """The dedupe key of A-16."""
    return f"{subject_id}:voter_{matter.value}"


def alert_id_of(matter: Matter, subject_id: str) -> str:
    """The id of the A-16: every fact about the matter leads to it."""
    return derived_id(_ALWAYS, RULE, key_of(matter, subject_id))


def offer_missing(
    alert: Alert | None,
    settled: Settled,
    office: Office | None,
    staff: tuple[Staff, ...],
    fact: VoterOfferMissing,
    now: datetime,
) -> Decision:
    """Nobody recorded an offer (V-08)."""
    return _raise(Matter.OFFER, fact.request_id, alert, settled, office, staff, fact, now)


def forms_overdue(
    alert: Alert | None,
    settled: Settled,
    office: Office | None,
    staff: tuple[Staff, ...],
    fact: VoterFormsOverdue,
    now: datetime,
) -> Decision:
    """Forms were not sent in time (V-07)."""
    return _raise(Matter.FORMS, fact.office_id, alert, settled, office, staff, fact, now)


def stock_low(
    alert: Alert | None,
    settled: Settled,
    office: Office | None,
    staff: tuple[Staff, ...],
    fact: VoterStockLow,
    now: datetime,
) -> Decision:
    """Too few forms are left (V-11)."""
    return _raise(Matter.STOCK, fact.office_id, alert, settled, office, staff, fact, now)


def counts_deviate(
    alert: Alert | None,
    settled: Settled,
    office: Office | None,
    staff: tuple[Staff, ...],
    fact: VoterCountsDeviating,
    now: datetime,
) -> Decision:
    """The numbers of a month do not fit together (V-09). One alert a month; nothing resolves it but a person."""
    return _raise(Matter.COUNTS, month_of(fact), alert, settled, office, staff, fact, now)


def month_of(fact: VoterCountsDeviating) -> str:
    """What the alert is about: an office's month."""
    return f"{fact.office_id}.{fact.month}"


def letter_sent(alert: Alert | None, settled: Settled, fact: VoterCorrectiveActionSent, now: datetime) -> Decision:
    """The corrective letter makes up for the missing offer."""
    return _settle(alert, settled, fact.TYPE, fact.at, now)


def entry_logged(
    alert: Alert | None, settled: Settled | None, fact: VoterRegistrationLogged, now: datetime
) -> Decision:
    """An offer is on record after all."""
    return unchanged() if settled is None else _settle(alert, settled, fact.TYPE, fact.at, now)


def forms_transmitted(alert: Alert | None, settled: Settled, fact: VoterFormsTransmitted, now: datetime) -> Decision:
    """Nothing late is left behind."""
    return unchanged() if fact.forms_overdue else _settle(alert, settled, fact.TYPE, fact.at, now)


def stock_counted(alert: Alert | None, settled: Settled, fact: VoterStockCounted, now: datetime) -> Decision:
    """There are enough again; an empty cupboard never is."""
    if fact.forms_in_stock < max(1, fact.forms_needed):
        return unchanged()
    return _settle(alert, settled, fact.TYPE, fact.at, now)


def _raise(
    matter: Matter,
    subject_id: str,
    alert: Alert | None,
    settled: Settled,
    office: Office | None,
    staff: tuple[Staff, ...],
    fact: VoterOfferMissing | VoterFormsOverdue | VoterStockLow | VoterCountsDeviating,
    now: datetime,
) -> Decision:
    """Tell both coordinators, once (INV-N1, INV-N2)."""
    if settled.covers(fact.at) or (alert is not None and alert.is_open):
        return unchanged(alert)
    if office is None or not staff:
        return later(fact.office_id, "the office or its staff is not known yet")
    told = _told_people(office, staff)
    fresh = Alert(
        alert_id_of(matter, subject_id),
        rule=RULE,
        severity=Severity.HIGH,
        office_id=office.id,
        subject_type="request" if matter is Matter.OFFER else "voter_desk",
        subject_id=office.id if matter is Matter.COUNTS else subject_id,
        dedupe_key=key_of(matter, subject_id),
        recipients=tuple(member.id for member in told),
        text=_text(matter, office, subject_id),
        raised_at=now,
    )
    raised = (
        fresh
        if alert is None
        else dataclasses.replace(fresh, version=alert.version, loaded_version=alert.loaded_version, head=alert.head)
    )
    # `settled` is saved unchanged: whoever hears at the same moment that the matter is over has to see this alert.
    return decide(raised, raised.told(), guard=settled, deliveries=raised.mails(office, told))


def _settle(alert: Alert | None, settled: Settled, cause: str, at: datetime, now: datetime) -> Decision:
    over = settled.at(at)
    if alert is None or not alert.is_open:
        return decide(over)
    resolved = replace(alert, status=AlertStatus.RESOLVED, resolved_at=now, cause=cause)
    return decide(resolved, AlertResolved(alert_id=alert.id, at=now, cause=cause), guard=over)


def _told_people(office: Office, staff: tuple[Staff, ...]) -> tuple[Staff, ...]:
    """The coordinators of the office and the state; while there is neither, the office's supervisors."""
    active = [member for member in staff if member.active]
    coordinators = tuple(member for member in active if _coordinates(member, office))
    return coordinators or tuple(
        member for member in active if member.office_id == office.id and member.role in SUPERVISORS
    )


def _coordinates(member: Staff, office: Office) -> bool:
    if Position.STATE_NVRA_COORDINATOR in member.positions or member.id == office.local_coordinator:
        return True
    return member.office_id == office.id and Position.LOCAL_NVRA_COORDINATOR in member.positions


def _text(matter: Matter, office: Office, subject_id: str) -> str:
    """Rule, office, opaque id and link, nothing else (INV-N4, V-14)."""
    about = f"Request: {subject_id}\n" if matter is Matter.OFFER else ""
    return (
        f"{RULE}: {WORDS[matter]}.\n"
        f"Office: {office.name} ({office.id})\n"
        f"{about}"
        f"Details, after signing in: {_link(matter, office, subject_id)}\n"
    )


def _link(matter: Matter, office: Office, subject_id: str) -> str:
    """Where the owner shows more."""
    return LINKS[matter].format(id=subject_id.removeprefix(f"{office.id}."), office=office.id)
