"""CloudEvents 1.0 on Kafka, binary mode: our headers written and anybody's headers read."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import TypeAlias
from zlib import crc32

from casebus_contracts.base import Fact

Headers: TypeAlias = Sequence[tuple[str, bytes | None]]

BUCKETS = 64
RECEIPT_TYPE = "casebus.receipt"
UNREADABLE_TYPE = "casebus.unreadable"

_PRINTABLE = re.compile(r"[^\x20-\x7e]")
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_SAFE_LENGTH = 100
_ID_SHAPED = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/-]{0,99}")


class HeaderError(Exception):
    """A needed header is missing, null, or no UTF-8. The argument is its name."""


def bucket_of(key: str) -> int:
    """The relay bucket of a key: one of 64."""
    return crc32(key.encode()) % BUCKETS


def needed(headers: Mapping[str, bytes | None], name: str) -> str:
    """A header that must be there as text; HeaderError otherwise."""
    text = optional(headers, name)
    if not text:
        raise HeaderError(name)
    return text


def optional(headers: Mapping[str, bytes | None], name: str) -> str:
    """A header that may be absent, as text ("" then); HeaderError when it is no UTF-8."""
    value = headers.get(name)
    if value is None:
        return ""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        raise HeaderError(name) from None
    if "\x00" in text:
        raise HeaderError(name)
    return text


def safe(text: str) -> str:
    """Foreign text fit for an answer: printable ASCII, at most 100 characters."""
    return printable(text, _SAFE_LENGTH)


def opaque(text: str) -> str:
    """Foreign text where only ids may stand: as it is if it has the form of one, else a digest that stands for it."""
    return text if _ID_SHAPED.fullmatch(text) else "#" + sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def printable(text: str, longest: int) -> str:
    """The beginning of a text, what is not printable ASCII replaced."""
    return _PRINTABLE.sub("?", text[:longest])


def traceparent_in(text: str) -> str:
    """A W3C traceparent as it came; "" for anything else, so that a new trace begins there."""
    return text if text and _TRACEPARENT.fullmatch(text) else ""


def fact_headers(
    service: str,
    fact: type[Fact],
    *,
    fact_id: str,
    key: str,
    at: datetime,
    sequence: int,
    correlation: str,
    causation: str,
    traceparent: str,
) -> str:
    """The headers of a fact in outbox form, one `name<TAB>value` a line."""
    trace = f"traceparent\t{traceparent}\n" if traceparent else ""
    return (
        f"ce_specversion\t1.0\nce_id\t{fact_id}\nce_source\t/casebus/{service}\nce_type\t{fact.TYPE}\n"
        f"ce_subject\t{fact.SUBJECT}/{key}\nce_time\t{at.isoformat()}\n"
        f"ce_dataschema\turn:casebus:schema:{fact.TYPE}:{fact.VERSION}\ncontent-type\tapplication/json\n"
        f"ce_partitionkey\t{key}\nce_sequence\t{sequence}\n"
        f"ce_correlationid\t{correlation}\nce_causationid\t{causation}\n{trace}"
    )


def answer_headers(
    service: str, type_: str, *, message_id: str, key: str, at: datetime, correlation: str, causation: str
) -> str:
    """The headers of a receipt or a dead record in outbox form."""
    return (
        f"ce_specversion\t1.0\nce_id\t{message_id}\nce_source\t/casebus/{service}\nce_type\t{type_}\n"
        f"ce_time\t{at.isoformat()}\ncontent-type\tapplication/json\nce_partitionkey\t{key}\n"
        f"ce_correlationid\t{correlation}\nce_causationid\t{causation}\n"
    )
