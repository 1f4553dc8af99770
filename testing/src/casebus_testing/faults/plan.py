"""A seeded choice of faults: the same seed, the same moments."""

from collections.abc import Iterator
from typing import Final

from casebus_testing.faults.kinds import BrokerAway, Crash, Duplicates, Fault, Rebalance, Reordered

BETWEEN_COMMIT_AND_PUBLISH: Final = "after-commit"
BETWEEN_PUBLISH_AND_DELETE: Final = "relay-before-delete"


class FaultPlan:
    """Every kind of fault once, when iterated over; or the kinds one by one. `service` is the one that suffers."""

    def __init__(self, seed: int, service: str = "intake") -> None:
        self.seed, self.service = seed, service

    def __iter__(self) -> Iterator[Fault]:
        yield self.duplicates()
        yield self.reordered()
        yield self.crash(BETWEEN_COMMIT_AND_PUBLISH)
        yield self.crash(BETWEEN_PUBLISH_AND_DELETE)
        yield self.rebalance()
        yield self.broker_away()

    def duplicates(self) -> Fault:
        """Some of all records that services read come twice."""
        return Duplicates(self.seed)

    def reordered(self) -> Fault:
        """Commands of different keys that are sent together overtake one another."""
        return Reordered(self.seed)

    def crash(self, point: str) -> Fault:
        """The service is killed at a point of its work: `inside-transaction`, `before-commit`, `after-commit`,
        `before-offset-commit`, `relay-after-send` or `relay-before-delete`.
        """
        return Crash(point, self.service, self.seed)

    def rebalance(self) -> Fault:
        """A second copy of the service joins in the middle, and leaves after the play."""
        return Rebalance(self.service, self.seed)

    def broker_away(self) -> Fault:
        """The broker is killed in the middle, and comes back."""
        return BrokerAway(self.seed)
