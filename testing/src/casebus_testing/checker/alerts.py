"""Alerts: one per overdue visit, to every recipient, and by mail."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from casebus_testing.checker.evidence import DeliveryRow, Evidence, Mail, Record
from casebus_testing.checker.facts import Facts
from casebus_testing.checker.verdict import Findings

OVERDUE_RULE = "A-14"
RAISED, RESOLVED = "alert.raised", "alert.resolved"
OVERDUE, TIMED, LEFT = "visit.overdue", "walkin.timed", "visit.left"
NEEDED = {
    RAISED: ("alert_id", "rule", "subject", "recipients", "dedupe_key"),
    RESOLVED: ("alert_id",),
    OVERDUE: ("request_id", "kind", "since"),
    TIMED: ("request_id", "at"),
    LEFT: ("request_id", "at"),
}
"""Facts without these fields are somebody else's; other checks speak of them."""


def judge_alerts(evidence: Evidence, facts: Facts, findings: Findings, counts: Counter[str]) -> None:
    """All promises about alerts and their delivery."""
    raised = _of_topic(facts, RAISED)
    _judge_dedupe(facts, findings, counts)
    _judge_expected(raised, facts, findings, counts)
    _judge_recipients(raised, evidence, findings)
    if evidence.mails is not None:
        counts["mails"] += len(evidence.mails)
        _judge_mails(evidence.deliveries, evidence.mails, findings, counts)


def _judge_dedupe(facts: Facts, findings: Findings, counts: Counter[str]) -> None:
    """Whoever is alerted is not alerted again before that is resolved; one alert is open under a dedupe key."""
    open_by_key: dict[str, set[str]] = defaultdict(set)
    raised, resolved = _of_topic(facts, RAISED), _of_topic(facts, RESOLVED)
    keys = {record.body["alert_id"]: record.body["dedupe_key"] for record in raised}
    for record in sorted([*raised, *resolved], key=lambda each: int(each.header("ce_sequence") or 0)):
        alert_id = record.body["alert_id"]
        open_ones = open_by_key[keys.get(alert_id, alert_id)]
        if record.topic == RESOLVED:
            open_ones.discard(alert_id)
        elif alert_id in open_ones:
            findings.doubled(f"alert {record.header('ce_id')}", f"alert {keys[alert_id]} was raised while it was open")
        else:
            counts["alerts"] += 1
            open_ones.add(alert_id)
    for key, open_ones in open_by_key.items():
        for alert_id in sorted(open_ones)[1:]:
            findings.doubled(f"alert {alert_id}", f"alert {key} is open {len(open_ones)} times")


def _judge_expected(raised: Sequence[Record], facts: Facts, findings: Findings, counts: Counter[str]) -> None:
    """Every overdue visit led to an alert about it, unless it was over when the alert could have been raised.

    Facts of different topics have no order: what was told of its end excuses the silence, and is counted apart.
    """
    alerted = {
        (record.body["subject"]["id"], record.body["dedupe_key"].rpartition(":")[2])
        for record in raised
        if record.body["rule"] == OVERDUE_RULE
    }
    ends = _ends(facts)
    for visit in (record.body for record in _of_topic(facts, OVERDUE)):
        request_id, kind = visit["request_id"], visit["kind"]
        since = datetime.fromisoformat(visit["since"])
        if (request_id, kind) in alerted:
            continue
        if any(at >= since and (kind == "waiting" or whole) for at, whole in ends[request_id]):
            counts["overdue visits that were over"] += 1
        else:
            findings.lost(f"alert {request_id} {kind}", f"visit {request_id} overdue ({kind}) has no alert")


def _ends(facts: Facts) -> Mapping[str, Sequence[tuple[datetime, bool]]]:
    """When the wait of each visit ended, and whether the visit ended with it."""
    ends: dict[str, list[tuple[datetime, bool]]] = defaultdict(list)
    for record in [*_of_topic(facts, TIMED), *_of_topic(facts, LEFT)]:
        whole = record.topic == LEFT or record.body.get("service_seconds") is not None
        ends[record.body["request_id"]].append((datetime.fromisoformat(record.body["at"]), whole))
    return ends


def _of_topic(facts: Facts, topic: str) -> list[Record]:
    of_topic = [record for record in facts.values() if record.topic == topic]
    return [record for record in of_topic if all(field in record.body for field in NEEDED[topic])]


def _judge_recipients(raised: Sequence[Record], evidence: Evidence, findings: Findings) -> None:
    planned = Counter((row.subject_id, row.recipient) for row in evidence.deliveries)
    needed = Counter(
        (record.body["alert_id"], recipient) for record in raised for recipient in record.body["recipients"]
    )
    for (alert_id, recipient), times in needed.items():
        if planned[alert_id, recipient] < times:
            thing = f"delivery {alert_id} {recipient}"
            findings.lost(
                thing, f"alert {alert_id} has {planned[alert_id, recipient]} deliveries to {recipient}, not {times}"
            )


def _judge_mails(
    deliveries: Sequence[DeliveryRow], mails: Sequence[Mail], findings: Findings, counts: Counter[str]
) -> None:
    """Every delivery that was made is a mail; a repeat carries the same id."""
    arrived = Counter(mail.delivery_id for mail in mails)
    for row in deliveries:
        if row.state == "sent" and not arrived[row.id]:
            findings.lost(f"mail {row.id}", f"delivery {row.id} to {row.recipient} was made, and no mail arrived")
        elif row.state == "failed":
            findings.lost(f"mail {row.id}", f"delivery {row.id} to {row.recipient} was given up")
        elif row.state != "sent":
            findings.other(f"mail {row.id}", f"delivery {row.id} to {row.recipient} is still {row.state}")
    counts["copies of mails"] += sum(arrived[row.id] - 1 for row in deliveries if arrived[row.id])
