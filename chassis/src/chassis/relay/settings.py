"""What bounds a relay, and what it counts."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """Bounds of a relay. The defaults suit a service that runs its relay inside.

    `kafka` is merged into the producer's configuration (security, never delivery guarantees).
    """

    rows_per_window: int = 2_000
    bytes_per_window: int = 4 * 1024 * 1024
    windows_in_flight: int = 3
    queue_kilobytes: int = 65_536
    poll_min_seconds: float = 0.020
    poll_max_seconds: float = 0.500
    unfloored_poll_seconds: float = 2.0
    ping_seconds: float = 2.0
    idle_session_timeout_seconds: float = 10.0
    retry_min_seconds: float = 1.0
    retry_max_seconds: float = 60.0
    held_keys_max: int = 1_000
    stop_seconds: float = 5.0
    linger_ms: float = 5.0
    max_message_bytes: int = 1_000_000
    kafka: Mapping[str, str | int | float | bool] = field(default_factory=lambda: MappingProxyType({}), repr=False)


@dataclass(slots=True)
class RelayCounters:
    """What a relay has done since it was made, and how it stands. Plain numbers for a metrics page."""

    sent: int = 0
    """Rows handed to the producer, repeats included."""
    deleted: int = 0
    """Rows acknowledged by Kafka and deleted."""
    held_keys: int = 0
    """Keys that wait because their first row could not be sent."""
    held_topics: int = 0
    """Topics that wait because the broker does not take records for them."""
    failures: Counter[str] = field(default_factory=Counter)
    """Rows not taken, by the name of Kafka's error."""
    owned_buckets: int = 0
    restarts: int = 0
    """Times the connection or the producer was lost and everything was begun again."""
    oldest_seconds: float = 0.0
    """Age of the oldest row in the owned buckets, 0 when there is none; at most one ping old."""
