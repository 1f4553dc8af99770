"""Answers to commands, and records about what could not be read. Every service writes both."""

from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field, StringConstraints

from casebus_contracts.base import Count, FactPart, Flag, Internal, Moment, Ordinal, Public, clean
from casebus_contracts.codes import Outcome

Word = Annotated[str, StringConstraints(max_length=500), AfterValidator(clean)]
Facts = Annotated[tuple["ReceiptFact", ...], Field(max_length=1000)]


class ReceiptFact(FactPart):
    """A fact the command led to: enough to find it on its topic."""

    id: Internal[Word]
    type: Public[Word]
    subject: Internal[Word]
    sequence: Internal[Ordinal]


class FirstAnswer(FactPart):
    """What was answered when the command came for the first time."""

    outcome: Internal[Outcome]
    final: Internal[Flag]
    rule: Internal[Word | None] = None
    field: Internal[Word | None] = None
    reason: Internal[Word | None] = None
    facts: Internal[Facts] = ()


class Receipt(FactPart):
    """The answer to one command. Holds no value of the command.

    `rule` names the rule that refused; `field` the field that is invalid, unknown or taken.
    A duplicate's `final` is that of the first answer, which it repeats in `first`.
    """

    TYPE: ClassVar[str] = "casebus.receipt"
    VERSION: ClassVar[int] = 1

    command_id: Internal[Word]
    command_type: Internal[Word]
    outcome: Internal[Outcome]
    final: Internal[Flag]
    rule: Internal[Word | None] = None
    field: Internal[Word | None] = None
    reason: Internal[Word | None] = None
    facts: Internal[Facts] = ()
    first: Internal[FirstAnswer | None] = None


class Origin(FactPart):
    """Where a record lies."""

    topic: Internal[Word]
    partition: Internal[Count]
    offset: Internal[Count]


class Unreadable(FactPart):
    """A record that could not be taken: where it lies and its hash, never its bytes."""

    TYPE: ClassVar[str] = "casebus.unreadable"
    VERSION: ClassVar[int] = 1

    origin: Internal[Origin]
    sha256: Internal[Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]]
    reason: Internal[Word]
    ce_id: Internal[Word | None] = None
    ce_type: Internal[Word | None] = None
    at: Internal[Moment]
