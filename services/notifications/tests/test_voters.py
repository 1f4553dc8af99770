"""A-16: raised once, to both coordinators, saying little; resolved when the matter is settled, whatever comes first."""

from dataclasses import replace
from datetime import date

import pytest

from access.directory import Office, Staff
from access.roles import Role
from casebus_contracts import (
    AlertRaised,
    AlertResolved,
    Channel,
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
from chassis.rules import Decided, Decision, Delivery, Later, Unchanged, decide
from notifications.alert import Alert, AlertStatus
from notifications.examples import ADAIR, CLERK, GREETER, MINUTE, NINE, REQUEST, SUPERVISOR
from notifications.voters import (
    LINKS,
    Matter,
    Settled,
    alert_id_of,
    counts_deviate,
    entry_logged,
    forms_overdue,
    forms_transmitted,
    key_of,
    letter_sent,
    offer_missing,
    stock_counted,
    stock_low,
)

TEN = NINE + 60 * MINUTE
LOCAL = replace(SUPERVISOR, id="adair-coordinator", positions=(Position.LOCAL_NVRA_COORDINATOR,))
STATE = replace(
    SUPERVISOR,
    id="state-coordinator",
    office_id="CENTRAL",
    role=Role.CENTRAL,
    positions=(Position.STATE_NVRA_COORDINATOR, Position.PROGRAM_COORDINATOR),
)
ELSEWHERE = replace(LOCAL, id="boone-coordinator", office_id="BOONE")
STAFF = (CLERK, GREETER, SUPERVISOR, LOCAL, STATE, ELSEWHERE)

MISSING = VoterOfferMissing(request_id=REQUEST, office_id=ADAIR.id, at=NINE)
LATE = VoterFormsOverdue(office_id=ADAIR.id, due_on=date(2026, 2, 27), forms_overdue=2, at=NINE)
LOW = VoterStockLow(office_id=ADAIR.id, forms_in_stock=3, forms_needed=48, at=NINE)
LETTER = VoterCorrectiveActionSent(request_id=REQUEST, office_id=ADAIR.id, by=CLERK.id, at=TEN)
ENTRY = VoterRegistrationLogged(
    entry_id=REQUEST, request_id=REQUEST, office_id=ADAIR.id, occasion="apply", channel=Channel.IN_PERSON, at=TEN
)
SENT = VoterFormsTransmitted(
    office_id=ADAIR.id, sent_on=date(2026, 3, 2), forms=2, forms_overdue=0, by=CLERK.id, at=TEN
)
COUNTED = VoterStockCounted(office_id=ADAIR.id, forms_in_stock=48, forms_needed=48, by=CLERK.id, at=TEN)
UNSETTLED = Settled(key_of(Matter.OFFER, REQUEST))
SUBJECTS = {Matter.OFFER: REQUEST, Matter.FORMS: ADAIR.id, Matter.STOCK: ADAIR.id}


def raised(
    matter: Matter,
    alert: Alert | None = None,
    settled: Settled | None = None,
    office: Office | None = ADAIR,
    staff: tuple[Staff, ...] = STAFF,
) -> Decision:
    known = settled or Settled(key_of(matter, SUBJECTS[matter]))
    match matter:
        case Matter.OFFER:
            return offer_missing(alert, known, office, staff, MISSING, NINE)
        case Matter.FORMS:
            return forms_overdue(alert, known, office, staff, LATE, NINE)
        case Matter.STOCK:
            return stock_low(alert, known, office, staff, LOW, NINE)


def resolved(matter: Matter, alert: Alert | None, settled: Settled) -> Decision:
    match matter:
        case Matter.OFFER:
            return letter_sent(alert, settled, LETTER, TEN)
        case Matter.FORMS:
            return forms_transmitted(alert, settled, SENT, TEN)
        case Matter.STOCK:
            return stock_counted(alert, settled, COUNTED, TEN)


def alert_of(outcome: Decision) -> Alert:
    assert isinstance(outcome, Decided), outcome
    alert = outcome.states[0]
    assert isinstance(alert, Alert)
    return alert


def settled_of(outcome: Decision) -> Settled:
    assert isinstance(outcome, Decided), outcome
    settled = outcome.states[-1]
    assert isinstance(settled, Settled)
    return settled


@pytest.mark.rule("V-07", "V-08", "V-11", "A-16")
@pytest.mark.parametrize("matter", SUBJECTS)
def test_both_coordinators_hear_of_it_at_once(matter: Matter) -> None:
    outcome = raised(matter)

    assert isinstance(outcome, Decided)
    (fact,) = outcome.facts
    assert isinstance(fact, AlertRaised)
    assert (fact.rule, fact.severity, fact.recipients) == ("A-16", Severity.HIGH, (LOCAL.id, STATE.id))
    assert [each.recipient for each in outcome.deliveries] == [LOCAL.id, STATE.id]


def test_whom_the_office_names_is_its_coordinator() -> None:
    named = replace(ADAIR, local_coordinator=SUPERVISOR.id)

    assert alert_of(raised(Matter.STOCK, office=named, staff=(CLERK, SUPERVISOR, STATE))).recipients == (
        SUPERVISOR.id,
        STATE.id,
    )


def test_while_there_is_no_coordinator_the_supervisors_of_the_office_hear_of_it() -> None:
    gone = replace(STATE, active=False)

    assert alert_of(raised(Matter.FORMS, staff=(CLERK, SUPERVISOR, ELSEWHERE, gone))).recipients == (SUPERVISOR.id,)


@pytest.mark.rule("INV-N1")
@pytest.mark.parametrize("matter", SUBJECTS)
def test_an_open_alert_is_not_raised_again(matter: Matter) -> None:
    assert raised(matter, alert=alert_of(raised(matter))) == Unchanged()


@pytest.mark.parametrize("matter", SUBJECTS)
def test_it_is_resolved_when_the_matter_is_settled(matter: Matter) -> None:
    alert = alert_of(raised(matter))
    outcome = resolved(matter, alert, Settled(alert.dedupe_key))

    assert isinstance(outcome, Decided)
    assert alert_of(outcome).status is AlertStatus.RESOLVED
    (fact,) = outcome.facts
    assert isinstance(fact, AlertResolved)
    assert (fact.alert_id, fact.at) == (alert.id, TEN)


@pytest.mark.parametrize("matter", SUBJECTS)
def test_what_is_known_to_be_settled_raises_nothing(matter: Matter) -> None:
    settled = settled_of(resolved(matter, None, Settled(key_of(matter, SUBJECTS[matter]))))

    assert settled.until == TEN
    assert raised(matter, settled=settled) == Unchanged()


def test_what_begins_after_the_last_end_is_raised_anew() -> None:
    over = replace(alert_of(raised(Matter.STOCK)), status=AlertStatus.RESOLVED, resolved_at=NINE, cause="x")
    earlier = Settled(over.dedupe_key, until=NINE - MINUTE)

    again = alert_of(raised(Matter.STOCK, alert=over, settled=earlier))
    assert (again.id, again.status, again.resolved_at) == (over.id, AlertStatus.RAISED, None)


def test_an_entry_that_is_written_after_all_resolves_it() -> None:
    alert = alert_of(raised(Matter.OFFER))

    assert alert_of(entry_logged(alert, UNSETTLED, ENTRY, TEN)).cause == "voter.registration.logged"


def test_an_entry_without_a_contact_resolves_nothing() -> None:
    assert entry_logged(None, None, ENTRY.model_copy(update={"request_id": None}), TEN) == Unchanged()


def test_as_long_as_late_forms_are_left_behind_the_alert_stays() -> None:
    alert = alert_of(raised(Matter.FORMS))

    assert forms_transmitted(alert, UNSETTLED, SENT.model_copy(update={"forms_overdue": 1}), TEN) == Unchanged()


@pytest.mark.parametrize(("stock", "needed"), [(47, 48), (0, 0)])
def test_a_count_that_is_short_resolves_nothing(stock: int, needed: int) -> None:
    counted = COUNTED.model_copy(update={"forms_in_stock": stock, "forms_needed": needed})

    assert stock_counted(alert_of(raised(Matter.STOCK)), UNSETTLED, counted, TEN) == Unchanged()


@pytest.mark.parametrize(("office", "staff"), [(None, STAFF), (ADAIR, ())])
def test_without_a_directory_it_waits(office: Office | None, staff: tuple[Staff, ...]) -> None:
    assert raised(Matter.OFFER, office=office, staff=staff) == Later(ADAIR.id, "")


@pytest.mark.rule("INV-N4", "V-14")
@pytest.mark.parametrize("matter", SUBJECTS)
def test_it_says_rule_office_id_and_link_only(matter: Matter) -> None:
    alert = alert_of(raised(matter))

    about = f"Request: {REQUEST}\n" if matter is Matter.OFFER else ""
    _, rest = alert.text.split("\n", 1)
    assert alert.text.startswith("A-16: ")
    assert rest == (
        f"Office: Adair County Office (ADAIR)\n{about}"
        f"Details, after signing in: {LINKS[matter].format(id=SUBJECTS[matter])}\n"
    )


def test_the_latest_end_is_remembered() -> None:
    assert UNSETTLED.at(TEN).at(NINE) == replace(UNSETTLED, until=TEN)
    assert decide(UNSETTLED.at(NINE)).states == (replace(UNSETTLED, until=NINE),)


def test_every_matter_has_an_alert_of_its_own() -> None:
    assert len({alert_id_of(matter, ADAIR.id) for matter in Matter}) == len(Matter)


@pytest.mark.rule("V-07", "V-08", "V-11")
@pytest.mark.parametrize("matter", SUBJECTS)
def test_each_is_mailed_what_the_alert_says(matter: Matter) -> None:
    outcome = raised(matter)

    assert isinstance(outcome, Decided)
    alert = alert_of(outcome)
    assert outcome.deliveries == tuple(
        Delivery(alert.id, "email", member.id, member.work_email, "A-16 at Adair County Office", alert.text)
        for member in (LOCAL, STATE)
    )


@pytest.mark.rule("INV-N1")
@pytest.mark.parametrize(
    ("matter", "subject"), [(Matter.OFFER, "request"), (Matter.FORMS, "voter_desk"), (Matter.STOCK, "voter_desk")]
)
def test_an_alert_is_told_with_what_it_is_about(matter: Matter, subject: str) -> None:
    outcome = raised(matter)

    assert isinstance(outcome, Decided)
    (fact,) = outcome.facts
    assert isinstance(fact, AlertRaised)
    assert (fact.subject.type, fact.subject.id) == (subject, SUBJECTS[matter])
    assert fact.dedupe_key == f"{SUBJECTS[matter]}:voter_{matter.value}"


@pytest.mark.parametrize("matter", SUBJECTS)
def test_whoever_raises_it_holds_what_is_known_to_be_settled(matter: Matter) -> None:
    earlier = Settled(key_of(matter, SUBJECTS[matter]), until=NINE - MINUTE)

    assert settled_of(raised(matter, settled=earlier)) == earlier


def test_an_end_is_remembered_and_its_moment_kept() -> None:
    outcome = resolved(Matter.OFFER, alert_of(raised(Matter.OFFER)), UNSETTLED)

    assert (alert_of(outcome).resolved_at, settled_of(outcome).until) == (TEN, TEN)


def test_a_matter_settled_in_the_same_moment_is_settled() -> None:
    assert raised(Matter.STOCK, settled=Settled(key_of(Matter.STOCK, ADAIR.id), until=NINE)) == Unchanged()


def test_what_is_raised_anew_goes_on_counting_its_facts() -> None:
    over = replace(alert_of(raised(Matter.STOCK)), status=AlertStatus.RESOLVED, version=4, loaded_version=4, head="h")

    again = alert_of(raised(Matter.STOCK, alert=over))
    assert (again.version, again.loaded_version, again.head) == (4, 4, "h")


def test_alerts_about_two_offices_are_two() -> None:
    assert alert_id_of(Matter.STOCK, "ADAIR") != alert_id_of(Matter.STOCK, "BOONE")
    assert alert_of(raised(Matter.STOCK)).id == alert_id_of(Matter.STOCK, ADAIR.id)


def test_one_form_is_enough_where_none_is_needed() -> None:
    counted = COUNTED.model_copy(update={"forms_in_stock": 1, "forms_needed": 0})

    assert settled_of(stock_counted(None, UNSETTLED, counted, TEN)).until == TEN


DEVIATING = VoterCountsDeviating(
    office_id=ADAIR.id, month="2026-02", covered_contacts=40, entries=30, letters=2, at=NINE
)


def counts(alert: Alert | None = None, office: Office | None = ADAIR) -> Decision:
    return counts_deviate(alert, Settled("ADAIR.2026-02:voter_counts"), office, STAFF, DEVIATING, NINE)


@pytest.mark.rule("V-09", "A-16")
def test_a_month_that_does_not_add_up_is_told_to_both_coordinators_with_a_link_to_its_figures() -> None:
    alert = alert_of(counts())

    assert (alert.rule, alert.recipients, alert.subject_id) == ("A-16", (LOCAL.id, STATE.id), ADAIR.id)
    assert alert.dedupe_key == "ADAIR.2026-02:voter_counts"
    assert "/v1/reports/voter-registration?office_id=ADAIR&month=2026-02\n" in alert.text
    assert not any(number in alert.text for number in ("40", "30"))


@pytest.mark.rule("V-09")
def test_a_month_is_told_once() -> None:
    assert counts(alert_of(counts())) == Unchanged()


@pytest.mark.rule("V-09")
def test_a_month_of_an_office_not_heard_of_yet_waits_for_it() -> None:
    assert counts(office=None) == Later(ADAIR.id, "the office or its staff is not known yet")
