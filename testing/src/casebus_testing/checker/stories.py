"""The facts of one aggregate in the order of their numbers."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from casebus_testing.checker.evidence import Record
from casebus_testing.checker.facts import Facts

Stories: TypeAlias = Mapping[str, Sequence[Record]]
"""By subject; only those that are whole: numbered from 1 without a gap. What is missing is told elsewhere."""


def stories_of(facts: Facts) -> Stories:
    """The whole stories that there are."""
    gathered: dict[str, dict[int, Record]] = defaultdict(dict)
    for record in facts.values():
        number = record.header("ce_sequence")
        if number.isdigit():
            gathered[record.header("ce_subject")].setdefault(int(number), record)
    return {
        subject: [story[number] for number in sorted(story)]
        for subject, story in gathered.items()
        if set(story) == set(range(1, len(story) + 1))
    }
