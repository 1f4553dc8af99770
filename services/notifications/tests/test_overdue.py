"""A-14: raised once, to the right people, saying little; resolved when the visit moves on, whatever comes first."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from access.directory import Office, Staff
from access.roles import Role
from casebus_contracts import (
    AlertRaised,
    AlertResolved,
    AlertSubject,
    LeaveStage,
    OverdueKind,
    Severity,
    TimedAction,
    VisitAutoClosed,
    VisitLeft,
    VisitNoShow,
    VisitOverdue,
    WalkinTimed,
)
from chassis.rules import Decided, Decision, Delivery, Later, Unchanged, decide
from notifications.alert import Alert, AlertStatus, Watch, overdue_alert_id
from notifications.examples import (
    ADAIR,
    CLERK,
    GREETER,
    MINUTE,
    NINE,
    RAISED,
    REQUEST,
    STAFF,
    SUPERVISOR,
    UNWATCHED,
    WAITED,
    alert_of,
)
from notifications.overdue import closed_for_the_day, no_show, visit_left, visit_overdue, walk_in_timed

HALF_PAST = NINE + 30 * MINUTE
TEN = NINE + 60 * MINUTE
TIMED_IN = WalkinTimed(
    request_id=REQUEST,
    office_id="ADAIR",
    ticket=1,
    action=TimedAction.TIME_IN,
    at=TEN,
    staff_id="adair-clerical",
    wait_seconds=3600,
    accurate=True,
)
TIMED_OUT = TIMED_IN.model_copy(
    update={"action": TimedAction.TIME_OUT, "at": TEN + 15 * MINUTE, "service_seconds": 900}
)
LEFT = VisitLeft(request_id=REQUEST, office_id="ADAIR", ticket=1, at=TEN, stage=LeaveStage.WAITING)
WAITING, SERVING, CLOSING = (alert_of(kind) for kind in OverdueKind)


def overdue(
    alert: Alert | None = None,
    watch: Watch = UNWATCHED,
    staff: tuple[Staff, ...] = STAFF,
    fact: VisitOverdue = WAITED,
    now: datetime = HALF_PAST,
) -> Decision:
    return visit_overdue(alert, watch, ADAIR, staff, fact, now)


def raised(outcome: Decision) -> AlertRaised:
    assert isinstance(outcome, Decided)
    (fact,) = outcome.facts
    assert isinstance(fact, AlertRaised)
    return fact


def resolved(outcome: Decision) -> list[str]:
    """The ids of the alerts that were resolved."""
    assert isinstance(outcome, Decided)
    return [fact.alert_id for fact in outcome.facts if isinstance(fact, AlertResolved)]


def watch_after(outcome: Decision) -> Watch:
    assert isinstance(outcome, Decided)
    watch = outcome.states[-1]
    assert isinstance(watch, Watch)
    return watch


@pytest.mark.rule("A-14", "INV-N2")
def test_greeters_and_supervisors_hear_of_one_who_waits_too_long() -> None:
    title = "A-14 at Adair County Office"
    assert overdue() == decide(
        RAISED,
        AlertRaised(
            alert_id=RAISED.id,
            rule="A-14",
            severity=Severity.MEDIUM,
            office_id="ADAIR",
            subject=AlertSubject(type="request", id=REQUEST),
            recipients=("adair-greeter", "adair-supervisor"),
            raised_at=HALF_PAST,
            dedupe_key=f"{REQUEST}:waiting",
            text=RAISED.text,
        ),
        guard=UNWATCHED,
        deliveries=(
            Delivery(RAISED.id, "email", "adair-greeter", "gia.ross@example.gov", title, RAISED.text),
            Delivery(RAISED.id, "email", "adair-supervisor", "sam.ortiz@example.gov", title, RAISED.text),
        ),
    )


@pytest.mark.rule("INV-N2")
@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.RC_GREETER, Role.SUPERVISOR)])
def test_nobody_else_hears_of_it(role: Role) -> None:
    other = replace(CLERK, role=role)

    assert raised(overdue(staff=(GREETER, other))).recipients == (GREETER.id,)


@pytest.mark.rule("INV-N2")
def test_who_has_left_the_staff_hears_of_nothing() -> None:
    assert raised(overdue(staff=(GREETER, replace(SUPERVISOR, active=False)))).recipients == (GREETER.id,)


@pytest.mark.rule("INV-N2")
@pytest.mark.parametrize(("office", "staff"), [(ADAIR, ()), (None, STAFF)])
def test_an_alarm_waits_until_the_office_and_its_staff_are_known(
    office: Office | None, staff: tuple[Staff, ...]
) -> None:
    assert visit_overdue(None, UNWATCHED, office, staff, WAITED, HALF_PAST) == Later("ADAIR", "")


@pytest.mark.rule("INV-N4")
@pytest.mark.parametrize("kind", OverdueKind)
def test_an_alert_says_rule_office_opaque_id_and_link(kind: OverdueKind) -> None:
    text = raised(overdue(fact=WAITED.model_copy(update={"kind": kind}))).text

    assert text.splitlines()[0].startswith("A-14: a walk-in ")
    assert text.splitlines()[1:] == [
        "Office: Adair County Office (ADAIR)",
        f"Request: {REQUEST}",
        f"Details, after signing in: /v1/requests/{REQUEST}?purpose=A-14",
    ]


@pytest.mark.rule("INV-N4")
def test_each_kind_is_said_in_its_own_words() -> None:
    assert len({raised(overdue(fact=WAITED.model_copy(update={"kind": kind}))).text for kind in OverdueKind}) == 3


@pytest.mark.rule("INV-N1")
@pytest.mark.parametrize("status", [AlertStatus.RAISED, AlertStatus.DELIVERED, AlertStatus.ACKNOWLEDGED])
def test_while_an_alert_is_open_no_second_one_is_raised(status: AlertStatus) -> None:
    assert overdue(replace(RAISED, status=status)) == Unchanged()


@pytest.mark.rule("INV-N1")
def test_each_kind_has_an_alert_of_its_own() -> None:
    assert len({overdue_alert_id(REQUEST, kind) for kind in OverdueKind}) == 3


@pytest.mark.rule("INV-N1")
def test_each_request_has_an_alert_of_its_own_that_is_as_old() -> None:
    other = REQUEST[:-1] + "2"

    assert overdue_alert_id(other, OverdueKind.WAITING)[:13] == REQUEST[:13]
    assert overdue_alert_id(other, OverdueKind.WAITING) != overdue_alert_id(REQUEST, OverdueKind.WAITING)


@pytest.mark.rule("INV-N1")
def test_one_who_waits_too_long_once_more_is_an_alert_once_more() -> None:
    before = replace(
        RAISED,
        status=AlertStatus.RESOLVED,
        delivered=("email:adair-greeter",),
        acknowledged_by=GREETER.id,
        acknowledged_at=TEN,
        resolved_at=TEN,
        cause="walkin.timed",
    )
    again = WAITED.model_copy(update={"since": TEN + MINUTE})

    outcome = overdue(before, UNWATCHED.has_begun(TEN), fact=again, now=TEN + 31 * MINUTE)

    assert isinstance(outcome, Decided)
    assert outcome.states[0] == replace(RAISED, raised_at=TEN + 31 * MINUTE)


def test_an_alert_raised_once_more_goes_on_counting_its_facts() -> None:
    before = replace(RAISED, status=AlertStatus.RESOLVED, version=4, loaded_version=4, head="ab")

    outcome = overdue(before)

    assert isinstance(outcome, Decided)
    again = outcome.states[0]
    assert (again.version, again.loaded_version, again.head) == (4, 4, "ab")


@pytest.mark.rule("A-14")
def test_being_timed_in_ends_the_wait_and_its_alert() -> None:
    ended = replace(WAITING, status=AlertStatus.RESOLVED, resolved_at=TEN, cause="walkin.timed")

    assert walk_in_timed(UNWATCHED, WAITING, None, None, TIMED_IN, TEN) == decide(
        ended,
        AlertResolved(alert_id=WAITING.id, at=TEN, cause="walkin.timed"),
        guard=Watch(REQUEST, begun_until=TEN),
    )


@pytest.mark.rule("A-14")
def test_being_timed_in_does_not_end_the_visit() -> None:
    assert resolved(walk_in_timed(UNWATCHED, None, SERVING, CLOSING, TIMED_IN, TEN)) == []


@pytest.mark.rule("A-14")
def test_being_timed_out_ends_every_alert_of_the_visit() -> None:
    outcome = walk_in_timed(UNWATCHED, WAITING, SERVING, CLOSING, TIMED_OUT, TEN)

    assert resolved(outcome) == [WAITING.id, SERVING.id, CLOSING.id]
    assert isinstance(outcome, Decided)
    assert [state.id for state in outcome.states] == [WAITING.id, SERVING.id, CLOSING.id, REQUEST]


@pytest.mark.rule("A-14")
def test_leaving_ends_every_alert_of_the_visit() -> None:
    outcome = visit_left(UNWATCHED, WAITING, SERVING, CLOSING, LEFT, TEN)

    assert resolved(outcome) == [WAITING.id, SERVING.id, CLOSING.id]
    assert isinstance(outcome, Decided)
    assert {fact.cause for fact in outcome.facts if isinstance(fact, AlertResolved)} == {"visit.left"}


@pytest.mark.rule("A-14")
def test_a_correction_of_the_time_in_ends_the_wait_only() -> None:
    corrected = TIMED_IN.model_copy(update={"action": TimedAction.CORRECTED})

    assert resolved(walk_in_timed(UNWATCHED, WAITING, SERVING, CLOSING, corrected, TEN)) == [WAITING.id]


@pytest.mark.rule("A-14")
def test_a_correction_that_ends_the_visit_ends_its_alerts() -> None:
    corrected = TIMED_OUT.model_copy(update={"action": TimedAction.CORRECTED})

    assert resolved(walk_in_timed(UNWATCHED, WAITING, SERVING, CLOSING, corrected, TEN)) == [
        WAITING.id,
        SERVING.id,
        CLOSING.id,
    ]


def test_an_alert_that_was_resolved_is_not_resolved_again() -> None:
    over = replace(WAITING, status=AlertStatus.RESOLVED)

    assert walk_in_timed(UNWATCHED, over, None, None, TIMED_IN, TEN) == decide(Watch(REQUEST, begun_until=TEN))


@pytest.mark.rule("A-14")
def test_an_acknowledged_alert_is_resolved_all_the_same() -> None:
    taken_on = replace(WAITING, status=AlertStatus.ACKNOWLEDGED)

    assert resolved(walk_in_timed(UNWATCHED, taken_on, None, None, TIMED_IN, TEN)) == [WAITING.id]


@pytest.mark.rule("A-14")
def test_an_alarm_about_a_wait_that_is_known_to_be_over_raises_nothing() -> None:
    watch = watch_after(walk_in_timed(UNWATCHED, None, None, None, TIMED_IN, TEN))

    assert overdue(watch=watch) == Unchanged()


@pytest.mark.rule("A-14")
@pytest.mark.parametrize("kind", OverdueKind)
def test_an_alarm_about_a_visit_that_is_known_to_be_over_raises_nothing(kind: OverdueKind) -> None:
    watch = watch_after(visit_left(UNWATCHED, None, None, None, LEFT, TEN))

    assert overdue(watch=watch, fact=WAITED.model_copy(update={"kind": kind})) == Unchanged()


@pytest.mark.rule("A-14")
@pytest.mark.parametrize("kind", [OverdueKind.SERVING, OverdueKind.CLOSING])
def test_being_timed_in_silences_no_alarm_about_the_service(kind: OverdueKind) -> None:
    watch = watch_after(walk_in_timed(UNWATCHED, None, None, None, TIMED_IN, TEN))

    assert raised(overdue(watch=watch, fact=WAITED.model_copy(update={"kind": kind, "since": TEN})))


@pytest.mark.rule("A-14")
@pytest.mark.parametrize(("since", "silent"), [(TEN, True), (TEN + timedelta(seconds=1), False)])
def test_what_began_after_the_last_end_is_another_matter(since: datetime, silent: bool) -> None:
    outcome = overdue(watch=UNWATCHED.has_begun(TEN), fact=WAITED.model_copy(update={"since": since}))

    assert (outcome == Unchanged()) is silent


def test_the_latest_end_is_remembered() -> None:
    watch = UNWATCHED.has_ended(TEN).has_ended(NINE).has_begun(NINE)

    assert watch == Watch(REQUEST, begun_until=TEN, ended_until=TEN)


@pytest.mark.rule("A-14")
def test_not_coming_when_called_ends_every_alert_of_the_visit() -> None:
    fact = VisitNoShow(request_id=REQUEST, office_id="ADAIR", ticket=1, at=TEN, staff_id="clerk")

    assert resolved(no_show(UNWATCHED, WAITING, SERVING, CLOSING, fact, TEN)) == [WAITING.id, SERVING.id, CLOSING.id]
    assert watch_after(no_show(UNWATCHED, None, None, None, fact, TEN)) == Watch(REQUEST).has_ended(TEN)


@pytest.mark.rule("A-14")
def test_closing_time_leaves_only_the_alert_that_nobody_timed_the_visit_out() -> None:
    fact = VisitAutoClosed(request_id=REQUEST, office_id="ADAIR", ticket=1, at=TEN, stage=LeaveStage.SERVING)

    assert resolved(closed_for_the_day(UNWATCHED, WAITING, SERVING, fact, TEN)) == [WAITING.id, SERVING.id]
    watch = watch_after(closed_for_the_day(UNWATCHED, None, None, fact, TEN))
    assert raised(overdue(watch=watch, fact=WAITED.model_copy(update={"kind": OverdueKind.CLOSING})))
