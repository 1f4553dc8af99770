"""Receipts and records as lines for a terminal."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from casebus_contracts.receipts import Receipt

_COLOURS: Final = {"accepted": "32", "refused": "33", "invalid": "31", "conflict": "31", "duplicate": "36"}
_VALUE_LENGTH: Final = 400


def receipt_line(receipt: Receipt) -> str:
    """One answer: outcome, command, and what it led to or why not."""
    outcome = coloured(f"{receipt.outcome:<9}", _COLOURS.get(receipt.outcome, "35"))
    return f"{outcome} {receipt.command_type:<16} {receipt.command_id}  {_consequence(receipt)}".rstrip()


def _consequence(receipt: Receipt) -> str:
    answer = receipt.first or receipt
    before = f"first {answer.outcome}" if receipt.first else ""
    facts = ", ".join(f"{fact.type} #{fact.sequence}" for fact in answer.facts)
    why = " ".join(part for part in (answer.rule, answer.field, answer.reason) if part)
    return " ".join(part for part in (before, facts, why) if part)


def record_line(record: Any, prefix: str = "") -> str:
    """One record: append time, place, sequence, key and body."""
    headers = dict(record.headers)
    at = datetime.fromtimestamp(record.timestamp / 1000, UTC).astimezone().strftime("%H:%M:%S.%f")[:-3]
    topic = record.topic.removeprefix(prefix)
    place = coloured(f"{topic}[{record.partition}]@{record.offset}", "36")
    type_, number = _text(headers.get("ce_type")), _text(headers.get("ce_sequence"))
    what = "" if type_ in ("", topic) else f" {type_}"
    sequence = f" #{number}" if number else ""
    return f"{at} {place}{what}{sequence} {coloured(_text(record.key), '2')} {_text(record.value)}"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows under their header, columns aligned."""
    lines = [[name.upper().replace("_", " ") for name in header], *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    return ["  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]


def moment(text: str) -> str:
    """A time as in RFC 3339, as the clock on the wall shows it."""
    return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def counted(number: int, thing: str) -> str:
    """`1 lane`, `2 lanes`."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def coloured(text: str, code: str) -> str:
    """The text in an ANSI colour when somebody is looking at a terminal."""
    return f"\x1b[{code}m{text}\x1b[0m" if sys.stdout.isatty() else text


def _text(raw: bytes | None) -> str:
    """Foreign bytes as printable text of bounded length."""
    text = (raw or b"")[: _VALUE_LENGTH * 4].decode("utf-8", "replace")
    shown = "".join(letter if letter.isprintable() else "\N{MIDDLE DOT}" for letter in text[:_VALUE_LENGTH])
    return shown if len(text) <= _VALUE_LENGTH else shown + "..."
