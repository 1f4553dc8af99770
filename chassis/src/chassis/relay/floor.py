"""Below which id a fast poll need not look.

Rows are deleted from the low end of the table, so a poll without a floor walks over
the dead ones. But ids are drawn before commit: a row may appear below what was read. So
the floor rises to the highest id of a poll only when every transaction that ran at that
poll has ended. Writers put the outbox row last, when their transaction has an xid.

The snapshot of the poll does not tell which those were: its xmax is one more than the
latest transaction that has ended, and one with a higher xid may run beside it. A transaction
of the relay's own, begun after the poll, has a higher xid than all of them.
"""

from collections import deque
from itertools import pairwise

_MARKS_MAX = 64


class Floor:
    """The highest id below which nothing new can appear; 0 at first."""

    def __init__(self) -> None:
        self.id = 0
        self._polled = 0  # highest id returned since the last mark
        self._marks: deque[tuple[int, int]] = deque()  # (xid of a transaction begun after the poll, highest id)

    def polled(self, xmin: int, highest: int) -> None:
        """Take note of a poll: the oldest xid its snapshot saw running, and the highest id it returned.

        A window has a limit: rows that had come late may lie above its last one, so the floor stays below that.
        """
        while self._marks and xmin >= self._marks[0][0]:
            self.id = max(self.id, min(highest, self._marks.popleft()[1]))
        self._polled = max(self._polled, highest)

    def passed(self, xid: int) -> None:
        """Take note of a transaction of our own, begun after the last poll."""
        if not self._polled:
            return
        if len(self._marks) == _MARKS_MAX:  # one transaction stays open: one mark that waits longest is enough
            self._marks.pop()
        self._marks.append((xid, self._polled))
        self._polled = 0
        assert all(a[0] <= b[0] for a, b in pairwise(self._marks))

    def reset(self) -> None:
        """Begin at the first row again: rows that were passed over may be read now."""
        self.id = self._polled = 0
        self._marks.clear()
