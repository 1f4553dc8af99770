"""From cells to figures: percentiles of histograms, errors of estimates. Values in, values out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

NEAR_MINUTES = 5
"""An estimate that is off by no more counts as right."""


@dataclass(slots=True)
class Histogram:
    """How many had each whole number of minutes; the sum is of seconds, and exact."""

    counts: dict[int, int] = field(default_factory=dict)
    seconds: int = 0

    def add(self, counts: Iterable[tuple[int, int]], seconds: int) -> None:
        """Some more: minutes, and how many had them."""
        for minutes, n in counts:
            self.counts[minutes] = self.counts.get(minutes, 0) + n
        self.seconds += seconds

    @property
    def n(self) -> int:
        """How many there are."""
        return sum(self.counts.values())

    @property
    def mean_minutes(self) -> float | None:
        """The mean, to a tenth of a minute."""
        return round(self.seconds / self.n / 60, 1) if self.n else None

    def percentile(self, share: float) -> int | None:
        """The fewest whole minutes that this share of all did not exceed."""
        return _percentile(self.counts, share)

    def absolute(self) -> "Histogram":
        """The same without signs."""
        made = Histogram()
        made.add(((abs(minutes), n) for minutes, n in self.counts.items()), 0)
        return made

    def share(self, lowest: int, highest: int) -> float | None:
        """Which share lies between these minutes, both included, in per cent to a tenth."""
        inside = sum(n for minutes, n in self.counts.items() if lowest <= minutes <= highest)
        return round(100 * inside / self.n, 1) if self.n else None


def _percentile(counts: Mapping[int, int], share: float) -> int | None:
    wanted, seen = share * sum(counts.values()), 0
    for minutes in sorted(counts):
        seen += counts[minutes]
        if seen >= wanted and seen:
            return minutes
    return None
