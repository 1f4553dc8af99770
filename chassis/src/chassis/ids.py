"""Ids: uuid7 in their text form, minted or derived."""

import re
from datetime import UTC, datetime, timedelta

import uuid_utils

from casebus_contracts.base import ID_WINDOW, UUID7_PATTERN

_UUID7 = re.compile(UUID7_PATTERN)
_AHEAD = timedelta(days=1)


def new_id() -> str:
    """A fresh uuid7."""
    return str(uuid_utils.uuid7())


def is_uuid7(text: str) -> bool:
    """Whether the text is a uuid7 in lower-case form."""
    return _UUID7.match(text) is not None


def minted_at(uuid7: str) -> datetime:
    """The moment inside a uuid7."""
    return datetime.fromtimestamp(int(uuid7[:8] + uuid7[9:13], 16) / 1000, UTC)


def in_window(uuid7: str, moment: datetime) -> bool:
    """Whether an id seen at `moment` (real time) is one the inbox still or already knows."""
    milliseconds = int(uuid7[:8] + uuid7[9:13], 16)
    seen = moment.timestamp() * 1000
    return seen - ID_WINDOW.total_seconds() * 1000 <= milliseconds <= seen + _AHEAD.total_seconds() * 1000
