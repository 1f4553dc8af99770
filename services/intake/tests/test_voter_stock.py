"""The stock of forms: two months of expected use, and who may count."""

import pytest

from access.directory import Staff
from casebus_contracts import CountVoterForms, VoterStockCounted, VoterStockLow
from chassis.rules import Decision, Refused, decide, replace
from intake.examples import ADAIR, BOONE_CLERK, CLERK, CRU, GREETER, NINE, SPECIALIST
from intake.voters.desk import VoterDesk
from intake.voters.forms import FormsBox, MonthOfUse
from intake.voters.stock import count_voter_forms, expected_use, is_short

DESK = VoterDesk(ADAIR.id)
WINTER = (MonthOfUse("2025-12", 20), MonthOfUse("2026-01", 30), MonthOfUse("2026-02", 22))
BOX = FormsBox(ADAIR.id, use=WINTER)


def count(stock: int, actor: Staff = CLERK, box: FormsBox = BOX) -> Decision:
    return count_voter_forms(DESK, box, ADAIR, CountVoterForms(office_id=ADAIR.id, forms_in_stock=stock), actor, NINE)


def counted(stock: int) -> tuple[VoterDesk, VoterStockCounted]:
    told = VoterStockCounted(office_id=ADAIR.id, forms_in_stock=stock, forms_needed=48, by=CLERK.id, at=NINE)
    return replace(DESK, forms_in_stock=stock, forms_needed=48, counted_at=NINE), told


@pytest.mark.rule("V-11")
def test_a_stock_for_two_months_is_counted_and_enough() -> None:
    assert count(48) == decide(*counted(48))


@pytest.mark.rule("V-11")
def test_a_stock_that_is_short_is_told_at_once() -> None:
    low = VoterStockLow(office_id=ADAIR.id, forms_in_stock=47, forms_needed=48, at=NINE)

    assert count(47) == decide(*counted(47), low)


@pytest.mark.rule("V-11")
@pytest.mark.parametrize(
    ("use", "needed"),
    [
        ((), 0),
        ((MonthOfUse("2026-03", 7),), 14),
        ((MonthOfUse("2026-02", 5), MonthOfUse("2026-03", 70)), 10),
        ((MonthOfUse("2026-01", 1), MonthOfUse("2026-02", 2)), 3),
        ((MonthOfUse("2026-01", 1), MonthOfUse("2026-02", 1), MonthOfUse("2025-12", 2)), 3),
        ((MonthOfUse("2025-11", 900), *WINTER), 48),
    ],
)
def test_two_months_need_twice_the_mean_of_the_last_three(use: tuple[MonthOfUse, ...], needed: int) -> None:
    assert expected_use(FormsBox(ADAIR.id, use=use), "2026-03") == needed


@pytest.mark.rule("V-11")
def test_an_empty_cupboard_is_short_whatever_is_expected() -> None:
    assert (is_short(0, 0), is_short(1, 0)) == (True, False)


@pytest.mark.rule("V-11")
def test_every_entry_is_a_form_used_in_its_month() -> None:
    box = FormsBox(ADAIR.id)
    for month in ("2026-01", "2026-01", "2026-02", "2026-03", "2026-04", "2026-05"):
        box = box.used(month)

    assert [(each.month, each.entries) for each in box.use] == [
        ("2026-02", 1),
        ("2026-03", 1),
        ("2026-04", 1),
        ("2026-05", 1),
    ]


@pytest.mark.rule("I-26", "I-43")
@pytest.mark.parametrize(("actor", "rule"), [(BOONE_CLERK, "I-26"), (SPECIALIST, "I-26"), (CRU, "I-43")])
def test_the_stock_is_counted_by_the_staff_of_the_office(actor: Staff, rule: str) -> None:
    assert count(48, actor) == Refused(rule, "")


def test_a_greeter_counts_too() -> None:
    assert not isinstance(count(48, GREETER), Refused)
