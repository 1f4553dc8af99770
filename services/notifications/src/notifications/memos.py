"""State-wide memos and hot tips: a list that Central Office edits. Values in, facts out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from access.directory import Staff
from access.matrix import Ability, may
from casebus_contracts import MemoKind, MemoUpserted, UpsertMemo
from chassis.rules import Aggregate, Decision, decide, invalid, refuse, replace, unchanged


@dataclass(frozen=True, slots=True)
class Memo(Aggregate):
    """A memo or hot tip. `about`: codes of reasons and of what calls are about; without `valid_until` no end is set."""

    NAME: ClassVar[str] = "memo"
    TABLE: ClassVar[str] = "memos"

    kind: MemoKind
    title: str
    url: str
    about: tuple[str, ...]
    valid_from: datetime
    valid_until: datetime | None = None
    withdrawn: bool = False

    def in_force(self, at: datetime) -> bool:
        """Whether people are to go by it at this moment."""
        ended = self.withdrawn or (self.valid_until is not None and self.valid_until <= at)
        return self.valid_from <= at and not ended


def upsert_memo(memo: Memo | None, command: UpsertMemo, actor: Staff) -> Decision:
    """Central Office issues, changes and withdraws memos; nobody else does (I-25)."""
    if denied := may(actor, Ability.REFERENCE_DATA):
        return refuse(denied)
    if command.valid_until is not None and command.valid_until <= command.valid_from:
        return invalid("valid_until", "not after the beginning")
    told = command.model_dump(exclude={"memo_id"})
    wanted = replace(memo, **told) if memo else Memo(command.memo_id, **told)
    if wanted == memo:
        return unchanged(memo)
    return decide(wanted, MemoUpserted(**command.model_dump()))


def informed(memos: Iterable[Memo], subject: str, at: datetime) -> bool:
    """Whether a memo or hot tip about this subject is in force: then calls about it are nothing new (I-25, P-02)."""
    return any(subject in memo.about and memo.in_force(at) for memo in memos)
