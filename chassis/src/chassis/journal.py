"""The hash that ties a journal row to the one before it: over everything the row says."""

from datetime import datetime
from hashlib import sha256


def link(head: str, sequence: int, fact_id: str, type_: str, cause: str, actor: str, at: datetime, body: str) -> str:
    """The hash of a row. `head`: that of the aggregate's previous row, "" for the first; `at` in UTC."""
    text = f"{head}\n{sequence}\n{fact_id}\n{type_}\n{cause}\n{actor}\n{at.isoformat()}\n{body}"
    return sha256(text.encode()).hexdigest()
