"""People who ask for something, and the reasons they give. Owner: intake."""

from casebus_contracts.base import (
    ClientId,
    Command,
    Explanation,
    Fact,
    Flag,
    Internal,
    Moment,
    Name,
    Personal,
    Public,
    ReasonCode,
    StaffId,
)


class MergeClients(Command, service="intake", key="survivor"):
    """Two entries are one person: everything of `merged` follows `survivor`."""

    survivor: Internal[ClientId]
    merged: Internal[ClientId]
    reason: Personal[Explanation]


class UpsertReason(Command, service="intake", key="reason"):
    """Make a reason for coming, or change it. `nvra_covered`: voter registration must be offered."""

    reason: Public[ReasonCode]
    label: Public[Name]
    nvra_covered: Public[Flag]
    active: Public[Flag]


class ClientRecorded(Fact, topic="client.recorded", owner="intake", subject="client", key="client_id"):
    """What is known of a client has changed. `merged_into`: the client that everything follows from now on."""

    client_id: Internal[ClientId]
    merged_into: Internal[ClientId | None] = None
    by: Internal[StaffId]
    at: Internal[Moment]


class ClientMerged(Fact, topic="client.merged", owner="intake", subject="client", key="survivor"):
    """`merged` is no client of its own any more; whoever keeps something under that id moves it."""

    survivor: Internal[ClientId]
    merged: Internal[ClientId]
    by: Internal[StaffId]
    at: Internal[Moment]


class ReasonUpserted(Fact, topic="reason.upserted", owner="intake", subject="reason", key="reason", compacted=True):
    """A reason as it is now."""

    reason: Public[ReasonCode]
    label: Public[Name]
    nvra_covered: Public[Flag]
    active: Public[Flag]
