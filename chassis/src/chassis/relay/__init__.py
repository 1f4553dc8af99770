"""The relay: carries rows of `outbox` to Kafka in the order of their key, at least once."""

from chassis.relay.loop import Relay
from chassis.relay.settings import RelayCounters, RelaySettings

__all__ = ["Relay", "RelayCounters", "RelaySettings"]
