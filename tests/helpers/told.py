"""Facts as other services publish them, for a pipeline that is fed without Kafka."""

from pipeline_rig import FakeRecord

from casebus_contracts import Fact
from casebus_contracts.examples import payload
from chassis.ids import new_id


def told(fact: Fact, sequence: int = 1) -> FakeRecord:
    """The record of a fact."""
    headers = {
        "ce_specversion": "1.0",
        "ce_id": new_id(),
        "ce_source": f"/casebus/{fact.OWNER}",
        "ce_type": fact.TYPE,
        "ce_subject": f"{fact.SUBJECT}/{fact.key}",
        "ce_sequence": str(sequence),
        "content-type": "application/json",
    }
    return FakeRecord(fact.TOPIC, fact.key.encode(), payload(fact), [(k, v.encode()) for k, v in headers.items()])
