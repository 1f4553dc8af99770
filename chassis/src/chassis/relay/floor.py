"""Below which id a fast poll need not look.

Rows are deleted from the low end of the table, so a poll without a floor walks over
the dead ones. But ids are drawn before commit: a row may appear below what was read. So
the floor rises to the highest id of a poll only when every transaction that ran at that
poll has ended. Writers put the outbox row last, when their transaction has an xid.
"""

from collections import deque
from itertools import pairwise

_MARKS_MAX = 64


class Floor:
    """The highest id below which nothing new can appear; 0 at first."""

    def __init__(self) -> None:
        self.id = 0
        self._marks: deque[tuple[int, int]] = deque()  # (xmax of the poll, highest id it returned)

    def polled(self, xmin: int, xmax: int, highest: int) -> None:
        """Take note of a poll: its snapshot's bounds and the highest id it returned.

        A window has a limit: rows that had come late may lie above its last one, so the floor stays below that.
        """
        if len(self._marks) < _MARKS_MAX:
            self._marks.append((xmax, highest))
        else:  # one transaction stays open: keep the last mark, which waits longest
            self._marks[-1] = (xmax, max(highest, self._marks[-1][1]))
        assert all(a[0] <= b[0] for a, b in pairwise(self._marks))
        while self._marks and xmin >= self._marks[0][0]:
            self.id = max(self.id, min(highest, self._marks.popleft()[1]))

    def reset(self) -> None:
        """Begin at the first row again: rows that were passed over may be read now."""
        self.id = 0
        self._marks.clear()
