"""In which cells a state counts."""

from datetime import UTC, date, datetime, timedelta

import pytest

from casebus_contracts import Channel, CompletedBy, RequestType, Signature, VoterResponse
from chassis.rules import Aggregate, replace
from intake.examples import (
    ADAIR,
    CALLED,
    CLERK,
    LEFT,
    MINUTE,
    NINE,
    OFFERED,
    ON_HOLD,
    SERVED,
    SERVING,
    TODAY,
    WAITING,
    WALK_IN,
)
from intake.handlers import SERVICE
from intake.merit import MeritCall
from intake.request import Request, RequestStatus, VisitStatus
from intake.tallies import of_answer, of_entry, of_merit_call, of_month, of_offer, of_request, of_visit
from intake.voters.entry import VoterAnswer, VoterRegistrationEntry
from intake.voters.offer import Offer

PHONED = replace(WALK_IN, request_type=RequestType.CALL_IN, channel=Channel.PHONE)
POSTED = replace(WALK_IN, request_type=RequestType.MAIL_IN, channel=Channel.MAIL)
ANSWER = VoterAnswer(
    WALK_IN.id,
    month="2026-03",
    name="Marlene",
    birth_date=date(1961, 5, 4),
    response=VoterResponse.YES,
    completed_by=CompletedBy.PARTICIPANT,
    office_id=ADAIR.id,
)


def shown(request: Request) -> list[tuple[str, date, str, int, int]]:
    """Tally, day, label, value and amount of each cell; all are of the request's office."""
    cells = (*of_request(request), *of_visit(request))
    assert {cell[1] for cell, _ in cells} == {"ADAIR"}
    return [(tally, day, label, value, amount) for (tally, _, day, label, value), amount in cells]


def of(tally: str, request: Request) -> list[tuple[str, int]]:
    return [(label, value) for name, _, label, value, _ in shown(request) if name == tally]


def test_a_walk_in_counts_by_the_hour_of_its_office_and_by_reason() -> None:
    two = replace(WALK_IN, anonymous=False, reasons=("apply", "ebt_card"))

    assert shown(two) == [
        ("requests", TODAY, "walk_in.covered", 0, 0),
        ("reasons.walk_in", TODAY, "apply", 0, 0),
        ("reasons.walk_in", TODAY, "ebt_card", 0, 0),
        ("hours", TODAY, "", 8, 0),
    ]


@pytest.mark.rule("D-01")
@pytest.mark.parametrize(
    ("received_at", "day", "hour"),
    [
        (datetime(2026, 3, 8, 5, 59, tzinfo=UTC), date(2026, 3, 7), 23),
        (datetime(2026, 3, 8, 6, 0, tzinfo=UTC), date(2026, 3, 8), 0),
        (datetime(2026, 3, 9, 4, 59, tzinfo=UTC), date(2026, 3, 8), 23),  # clocks went forward that night
        (datetime(2026, 3, 9, 5, 0, tzinfo=UTC), date(2026, 3, 9), 0),
    ],
)
def test_days_and_hours_are_those_of_the_clock_in_the_office(received_at: datetime, day: date, hour: int) -> None:
    ((_, counted, _, value, _),) = [
        each for each in shown(replace(WALK_IN, received_at=received_at)) if each[0] == "hours"
    ]

    assert (counted, value) == (day, hour)


@pytest.mark.rule("V-01", "V-06")
@pytest.mark.parametrize(
    ("request_", "label", "reasons"),
    [
        (WALK_IN, "walk_in.covered", "reasons.walk_in"),
        (replace(WALK_IN, nvra_covered=False), "walk_in", "reasons.walk_in"),
        (PHONED, "call_in.covered", "reasons.spoken"),
        (replace(PHONED, channel=Channel.HOME_VISIT), "call_in.covered", "reasons.spoken"),
        (POSTED, "mail_in", "reasons.written"),
        (replace(WALK_IN, channel=Channel.DROP_BOX), "walk_in", "reasons.written"),
    ],
)
def test_whoever_only_writes_is_no_covered_contact(request_: Request, label: str, reasons: str) -> None:
    assert of("requests", request_) == [(label, 0)]
    assert of(reasons, request_) == [("apply", 0)]


def test_only_walk_ins_are_counted_by_hour() -> None:
    assert of("hours", PHONED) == []


@pytest.mark.rule("I-08")
def test_who_gives_no_name_is_counted() -> None:
    assert of("anonymous", WALK_IN) == [("walk_in", 0)]
    assert of("anonymous", replace(WALK_IN, anonymous=False)) == []


@pytest.mark.rule("I-09")
@pytest.mark.parametrize("signature", list(Signature))
def test_unsigned_ones_are_counted_by_how_far_the_signature_is(signature: Signature) -> None:
    assert of("unsigned", replace(POSTED, unsigned=True, signature=signature)) == [(signature.value, 0)]


def test_what_is_closed_counts_as_closed_until_it_is_reopened() -> None:
    closed = replace(WALK_IN, status=RequestStatus.CLOSED, disposition="done")

    assert of("closed", closed) == [("walk_in", 0)]
    assert of("closed", replace(closed, status=RequestStatus.REOPENED, disposition=None)) == []


def test_a_visit_counts_by_minutes_once_it_is_over() -> None:
    told = replace(SERVED, estimate_told_minutes=12, time_in=NINE + 10 * MINUTE + timedelta(seconds=59))

    assert [each for each in shown(told) if each[0] in ("wait", "service", "estimate")] == [
        ("wait", TODAY, "", 10, 659),
        ("service", TODAY, "", 15, 900),
        ("estimate", TODAY, "", 1, 61),
    ]


def test_an_estimate_that_was_far_off_is_filed_by_the_minutes_it_was_off() -> None:
    told = replace(SERVED, estimate_told_minutes=200, time_in=NINE + 20 * MINUTE)

    assert [each[3:] for each in shown(told) if each[0] == "estimate"] == [(180, 180 * 60)]


def test_what_is_counted_by_day_is_filed_by_month_as_well() -> None:
    served = replace(SERVED, anonymous=False)
    days = [cell for cell, _ in (*of_request(served), *of_visit(served))]

    months = [(f"{tally}.month", place, TODAY.replace(day=1), *rest) for tally, place, _, *rest in days]
    assert [of_month(cell) for cell in days] == months


def test_signatures_and_months_themselves_are_in_no_coarser_cell() -> None:
    assert of_month(("unsigned", "ADAIR", TODAY, "signed", 0)) is None
    assert of_month(("wait.month", "ADAIR", TODAY.replace(day=1), "", 4)) is None


def test_times_that_are_not_accurate_are_counted_but_in_no_duration() -> None:
    assert of("unserved", replace(SERVED, accurate=False)) == [("inaccurate", 0)]
    assert of("wait", replace(SERVED, accurate=False)) == []


@pytest.mark.parametrize("request_", [WALK_IN, WAITING, CALLED, SERVING, ON_HOLD])
def test_a_visit_that_goes_on_counts_in_no_duration(request_: Request) -> None:
    assert {each[0] for each in shown(request_)} == {"requests", "reasons.walk_in", "hours", "anonymous"}


@pytest.mark.parametrize("status", [VisitStatus.LEFT, VisitStatus.NO_SHOW, VisitStatus.AUTO_CLOSED])
def test_a_visit_without_service_counts_by_how_it_ended(status: VisitStatus) -> None:
    ended = [each for each in shown(replace(LEFT, visit_status=status)) if each[0] == "unserved"]

    assert ended == [("unserved", TODAY, status.value, 0, 0)]


@pytest.mark.rule("I-02")
def test_an_entry_counts_on_the_day_it_was_logged() -> None:
    entry = VoterRegistrationEntry(
        WALK_IN.id,
        office_id="ADAIR",
        occasion="apply",
        channel=Channel.IN_PERSON,
        logged_at=NINE,
        logged_by=CLERK.id,
        logged_day=TODAY,
    )

    assert of_entry(entry) == ((("voter_entries", "ADAIR", TODAY, "apply.in_person", 0), 0),)
    assert of_entry(replace(entry, logged_day=None)) == ()


@pytest.mark.rule("V-03", "V-14")
@pytest.mark.parametrize(
    ("response", "label"), [("yes", "yes"), ("no", "no"), ("no_already_registered", "no"), ("declined", "declined")]
)
def test_an_answer_counts_in_its_month_and_no_finer(response: str, label: str) -> None:
    answer = replace(ANSWER, response=VoterResponse(response))

    assert of_answer(answer) == ((("voter_answers", "ADAIR", date(2026, 3, 1), label, 0), 0),)
    assert of_answer(replace(answer, office_id=None)) == ()


def test_a_letter_counts_on_the_day_it_went_out() -> None:
    missing = Offer(WALK_IN.id, missing_at=NINE, office_id="ADAIR")

    assert of_offer(missing) == ()
    assert of_offer(replace(missing, letter_day=TODAY)) == ((("voter_letters", "ADAIR", TODAY, "", 0), 0),)


@pytest.mark.rule("I-46")
def test_a_merit_call_counts_on_its_day() -> None:
    call = MeritCall(WALK_IN.id, request_id=WALK_IN.id, office_id="ADAIR", at=NINE, logged_by="mei", day=TODAY)

    assert of_merit_call(call) == ((("merit_calls", "ADAIR", TODAY, "", 0), 0),)
    assert of_merit_call(replace(call, day=None)) == ()


class OnlyThese:
    """A state of which nothing can be seen but some fields."""

    def __init__(self, state: Aggregate, fields: frozenset[str]) -> None:
        self._state, self._fields = state, fields

    def __getattr__(self, name: str) -> object:
        found = getattr(self._state, name)
        if callable(found):
            return getattr(type(self._state), name).__get__(self)
        if name not in self._fields:
            raise AssertionError(f"{type(self._state).__name__}.{name} is looked at and not named in the wiring")
        return found


@pytest.mark.parametrize(
    "state",
    [
        *(WALK_IN, WAITING, SERVING, SERVED, LEFT, PHONED, POSTED, ANSWER, OFFERED),
        replace(LEFT, visit_status=VisitStatus.AUTO_CLOSED),
        replace(SERVED, accurate=False, signature=Signature.SIGNED, status=RequestStatus.CLOSED, anonymous=False),
        replace(OFFERED, office_id="ADAIR", letter_day=TODAY),
        VoterRegistrationEntry(WALK_IN.id, "ADAIR", "apply", Channel.IN_PERSON, NINE, CLERK.id, logged_day=TODAY),
        MeritCall(WALK_IN.id, WALK_IN.id, "ADAIR", NINE, CLERK.id, day=TODAY),
    ],
)
def test_where_a_state_counts_follows_from_the_fields_that_its_wiring_names(state: Aggregate) -> None:
    for tally in SERVICE.tallies[type(state)]:
        assert tally.cells(OnlyThese(state, frozenset(tally.fields))) == tally.cells(state)
