"""Alerts: one per overdue visit, to every recipient, and by mail."""

from collections import Counter, defaultdict
from collections.abc import Sequence

from casebus_testing.checker.evidence import DeliveryRow, Evidence, Mail, Record
from casebus_testing.checker.facts import Facts
from casebus_testing.checker.verdict import Findings

OVERDUE_RULE = "A-14"


def judge_alerts(evidence: Evidence, facts: Facts, findings: Findings, counts: Counter[str]) -> None:
    """All promises about alerts and their delivery."""
    raised = [record for record in facts.values() if record.topic == "alert.raised"]
    resolved = [record for record in facts.values() if record.topic == "alert.resolved"]
    counts["alerts"] += len(raised)
    _judge_dedupe(raised, resolved, findings)
    _judge_expected(raised, facts, findings)
    _judge_recipients(raised, evidence, findings)
    if evidence.mails is not None:
        counts["mails"] += len(evidence.mails)
        _judge_mails(evidence.deliveries, evidence.mails, findings, counts)


def _judge_dedupe(raised: Sequence[Record], resolved: Sequence[Record], findings: Findings) -> None:
    """Of several alerts under one key all but one are resolved."""
    done = {record.body["alert_id"] for record in resolved}
    still_open: dict[str, list[str]] = defaultdict(list)
    for record in raised:
        if record.body["alert_id"] not in done:
            still_open[record.body["dedupe_key"]].append(record.body["alert_id"])
    for key, alerts in still_open.items():
        for alert in alerts[1:]:
            findings.doubled(f"alert {alert}", f"alert {key} is open {len(alerts)} times")


def _judge_expected(raised: Sequence[Record], facts: Facts, findings: Findings) -> None:
    """Every overdue visit led to an alert about it, of its kind."""
    alerted = Counter(
        (record.body["subject"]["id"], record.body["dedupe_key"].rpartition("/")[2].rpartition(":")[2])
        for record in raised
        if record.body["rule"] == OVERDUE_RULE
    )
    overdue = [record.body for record in facts.values() if record.topic == "visit.overdue"]
    for visit in overdue:
        times = alerted[visit["request_id"], visit["kind"]]
        what = f"visit {visit['request_id']} overdue ({visit['kind']})"
        if not times:
            findings.lost(f"alert {what}", f"{what} has no alert")
        elif times > sum(
            (each["request_id"], each["kind"]) == (visit["request_id"], visit["kind"]) for each in overdue
        ):
            findings.doubled(f"alert {what}", f"{what} was alerted {times} times")


def _judge_recipients(raised: Sequence[Record], evidence: Evidence, findings: Findings) -> None:
    planned = Counter((row.subject_id, row.recipient) for row in evidence.deliveries)
    for record in raised:
        for recipient in record.body["recipients"]:
            times = planned[record.body["alert_id"], recipient]
            if not times:
                thing = f"delivery {record.body['alert_id']} {recipient}"
                findings.lost(thing, f"alert {record.body['alert_id']} has no delivery to {recipient}")


def _judge_mails(
    deliveries: Sequence[DeliveryRow], mails: Sequence[Mail], findings: Findings, counts: Counter[str]
) -> None:
    """Every delivery that was made is a mail; a repeat carries the same id."""
    arrived = Counter(row.id for row in deliveries for mail in mails if row.id in mail.text)
    for row in deliveries:
        if row.state == "sent" and not arrived[row.id]:
            findings.lost(f"mail {row.id}", f"delivery {row.id} to {row.recipient} was made, and no mail arrived")
        elif row.state == "failed":
            findings.lost(f"mail {row.id}", f"delivery {row.id} to {row.recipient} was given up")
        elif row.state != "sent":
            findings.other(f"mail {row.id}", f"delivery {row.id} to {row.recipient} is still {row.state}")
    counts["copies of mails"] += sum(times - 1 for times in arrived.values())
