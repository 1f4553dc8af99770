"""Holds the evidence against what is promised. Pure: values in, a verdict out."""

from collections import Counter
from collections.abc import Mapping

from casebus_testing.checker.alerts import judge_alerts
from casebus_testing.checker.answers import judge_answers
from casebus_testing.checker.clocks import judge_clocks
from casebus_testing.checker.evidence import COMMANDS, DEAD, RECEIPTS, Evidence
from casebus_testing.checker.facts import judge_facts
from casebus_testing.checker.folds import judge_folds
from casebus_testing.checker.lanes import judge_lanes
from casebus_testing.checker.lobbies import judge_lobbies
from casebus_testing.checker.offsets import judge_offsets
from casebus_testing.checker.states import judge_states
from casebus_testing.checker.verdict import Findings, Verdict
from casebus_testing.checker.visits import judge_tickets


def judge(evidence: Evidence) -> Verdict:
    """The verdict on everything that was read."""
    findings = Findings()
    counts: Counter[str] = Counter()
    facts = judge_facts(evidence, findings, counts)
    judge_answers(evidence, facts, findings, counts)
    judge_lanes(evidence, findings)
    judge_states(evidence, findings)
    judge_folds(evidence, facts, findings)
    judge_lobbies(evidence, facts, findings)
    judge_offsets(evidence, findings)
    judge_tickets(facts, findings)
    judge_clocks(evidence, facts, findings)
    judge_alerts(evidence, facts, findings, counts)
    for service, waiting in evidence.outbox.items():
        if waiting:
            findings.other(f"outbox {service}", f"{waiting} rows wait in the outbox of {service}")
    return findings.verdict(_in_order(evidence, counts))


def _in_order(evidence: Evidence, counts: Mapping[str, int]) -> dict[str, int]:
    return {
        "commands": len(evidence.of_kind(suffix=COMMANDS)),
        "facts": sum(map(len, evidence.fact_topics.values())),
        "receipts": len(evidence.of_kind(prefix=RECEIPTS)),
        "unreadable": len(evidence.of_kind(suffix=DEAD)),
        "parked": sum(evidence.parked.values()),
        **dict(sorted(counts.items())),
    }
