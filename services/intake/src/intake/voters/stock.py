"""Empty forms in the cupboard: enough for two months of expected use (V-11). Values in, facts out."""

from datetime import datetime
from fractions import Fraction
from math import ceil

from access.directory import Office, Staff
from access.matrix import Ability, may
from casebus_contracts import CountVoterForms, VoterStockCounted, VoterStockLow
from chassis.rules import Decision, decide, refuse, replace
from intake.voters.desk import VoterDesk
from intake.voters.forms import FormsBox

MONTHS_COVERED = 2
MONTHS_LOOKED_AT = 3


def count_voter_forms(
    desk: VoterDesk, box: FormsBox, office: Office, command: CountVoterForms, actor: Staff, now: datetime
) -> Decision:
    """Whoever keeps the desk counts; too few, or none at all, is told at once."""
    if denied := may(actor, Ability.VOTER_LOG, office=office.id):
        return refuse(denied)
    stock, needed = command.forms_in_stock, expected_use(box, f"{office.local_day(now):%Y-%m}")
    counted = replace(desk, forms_in_stock=stock, forms_needed=needed, counted_at=now)
    told = VoterStockCounted(office_id=office.id, forms_in_stock=stock, forms_needed=needed, by=actor.id, at=now)
    if not is_short(stock, needed):
        return decide(counted, told)
    short = VoterStockLow(office_id=office.id, forms_in_stock=stock, forms_needed=needed, at=now)
    return decide(counted, told, short)


def is_short(stock: int, needed: int) -> bool:
    """Fewer than expected to be used; an empty cupboard always is."""
    return stock < needed or stock == 0


def expected_use(box: FormsBox, this_month: str) -> int:
    """What two months need: the mean of the last three months that are over, or else of this one."""
    over = [each.entries for each in box.use if each.month < this_month][-MONTHS_LOOKED_AT:]
    seen = over or [each.entries for each in box.use if each.month == this_month]
    return ceil(Fraction(MONTHS_COVERED * sum(seen), len(seen))) if seen else 0
