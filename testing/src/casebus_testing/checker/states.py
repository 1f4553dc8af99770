"""States against the journal: each stands at the number and the hash of its last fact."""

from casebus_testing.checker.evidence import Evidence, JournalRow
from casebus_testing.checker.verdict import Findings


def judge_states(evidence: Evidence, findings: Findings) -> None:
    """No state is behind its facts or ahead of them, and none is missing."""
    if not evidence.states:
        return
    last: dict[tuple[str, str], JournalRow] = {}
    for row in evidence.journal:
        place = (row.service, row.subject.partition("/")[2])
        if place not in last or last[place].sequence < row.sequence:
            last[place] = row
    known = {(state.service, state.id): state for state in evidence.states if state.head}
    for place, state in known.items():
        row_of = last.get(place)
        told = (row_of.sequence, row_of.hash) if row_of else (0, "")
        if told != (state.version, state.head):
            what = f"{state.table} {state.id} of {state.service} is at #{state.version}"
            findings.other(f"state {place}", f"{what}, its last fact in the journal is #{told[0]}")
    for place, row in last.items():
        if place not in known:
            findings.lost(f"state {place}", f"{row.subject} has facts in the journal of {row.service} and no row")
