"""Who keeps memos and hot tips, and whether one about a subject is in force."""

from dataclasses import replace

import pytest

from access.directory import Staff
from access.roles import Role
from casebus_contracts import MemoKind, MemoUpserted, UpsertMemo
from chassis.rules import Invalid, Refused, Unchanged, decide
from notifications.examples import CLERK, MINUTE, NINE, SUPERVISOR
from notifications.memos import Memo, informed, upsert_memo

MEMO = "01956c3a-0000-7000-8000-0000000000aa"
CENTRAL = replace(CLERK, id="central", role=Role.CENTRAL, office_id="CENTRAL")
MANAGER = replace(CLERK, id="adair-manager", role=Role.MANAGER)
CRU = replace(CLERK, id="adair-cru", role=Role.IM_CRU)
TOLD = {
    "kind": MemoKind.HOT_TIP,
    "title": "Cards that came without a PIN",
    "url": "https://memos.example/tips/pin",
    "about": ("ebt_card", "other"),
    "valid_from": NINE,
}
TIP = Memo(MEMO, **TOLD)
ISSUE = UpsertMemo(memo_id=MEMO, **TOLD)


@pytest.mark.rule("I-25")
def test_central_office_issues_a_hot_tip() -> None:
    assert upsert_memo(None, ISSUE, CENTRAL) == decide(TIP, MemoUpserted(memo_id=MEMO, **TOLD))


@pytest.mark.rule("I-25")
def test_central_office_withdraws_what_it_issued() -> None:
    outcome = upsert_memo(TIP, ISSUE.model_copy(update={"withdrawn": True}), CENTRAL)

    assert outcome == decide(replace(TIP, withdrawn=True), MemoUpserted(memo_id=MEMO, **TOLD, withdrawn=True))


@pytest.mark.rule("I-25")
@pytest.mark.parametrize(("actor", "rule"), [(CLERK, "I-26"), (CRU, "I-43"), (SUPERVISOR, "I-53"), (MANAGER, "I-58")])
def test_nobody_else_keeps_the_list(actor: Staff, rule: str) -> None:
    assert upsert_memo(None, ISSUE, actor) == Refused(rule, "")
    assert upsert_memo(TIP, ISSUE.model_copy(update={"withdrawn": True}), actor) == Refused(rule, "")


def test_the_same_memo_again_changes_nothing() -> None:
    assert upsert_memo(TIP, ISSUE, CENTRAL) == Unchanged()


@pytest.mark.parametrize("until", [NINE, NINE - MINUTE])
def test_a_memo_does_not_end_before_it_begins(until: object) -> None:
    assert upsert_memo(None, ISSUE.model_copy(update={"valid_until": until}), CENTRAL) == Invalid("valid_until", "")


ENDING = replace(TIP, valid_until=NINE + 5 * MINUTE)


@pytest.mark.rule("I-25")
@pytest.mark.parametrize(
    ("memo", "subject", "minutes", "known"),
    [
        (TIP, "ebt_card", 0, True),
        (TIP, "other", 100_000, True),
        (TIP, "apply", 0, False),
        (TIP, "ebt_card", -1, False),
        (ENDING, "ebt_card", 4, True),
        (ENDING, "ebt_card", 5, False),
        (replace(TIP, withdrawn=True), "ebt_card", 0, False),
    ],
)
def test_calls_about_a_subject_are_nothing_new_while_a_memo_about_it_is_in_force(
    memo: Memo, subject: str, minutes: int, known: bool
) -> None:
    assert informed((memo,), subject, NINE + minutes * MINUTE) is known


@pytest.mark.rule("I-25")
def test_one_memo_in_force_among_others_is_enough() -> None:
    assert informed((replace(TIP, withdrawn=True), ENDING, replace(TIP, about=("apply",))), "ebt_card", NINE)
    assert not informed((), "ebt_card", NINE)
