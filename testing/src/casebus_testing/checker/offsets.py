"""Committed offsets against committed work: whatever a group has behind it is in its service's inbox, or set aside."""

import re
from typing import Final

from casebus_testing.checker.evidence import COMMANDS, DEAD, Evidence, Record
from casebus_testing.checker.facts import origin_of
from casebus_testing.checker.verdict import Findings

REMEMBERED: Final = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
"""Under other ids nothing is remembered: such a message is invalid by its id alone."""


def judge_offsets(evidence: Evidence, findings: Findings) -> None:
    """No record lies behind a committed offset and was not done. Holds at every moment, not only at rest."""
    dead = {origin_of(record) for record in evidence.of_kind(suffix=DEAD)}
    for service, places in evidence.committed.items():
        known = evidence.seen.get(service, frozenset())
        for (topic, partition), offset in places.items():
            for record in evidence.topics.get(topic, ()):
                if record.partition != partition or record.offset >= offset or record.place in dead:
                    continue
                if _to_be_remembered(record) and record.header("ce_id") not in known:
                    where = f"{topic}[{partition}]@{record.offset}"
                    findings.lost(f"behind {service} {where}", f"{service} has committed past {where}, and not done it")


def _to_be_remembered(record: Record) -> bool:
    """A fact of another type than its topic's is passed over."""
    if not REMEMBERED.match(record.header("ce_id")):
        return False
    return record.topic.endswith(COMMANDS) or record.header("ce_type") == record.topic
