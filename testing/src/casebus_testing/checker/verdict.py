"""What the checker found."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verdict:
    """Faults by kind, each as a sentence, and what was counted. A fault is named once, however it was found."""

    lost: tuple[str, ...]
    doubled: tuple[str, ...]
    disordered: tuple[str, ...]
    other: tuple[str, ...]
    counts: Mapping[str, int]

    @property
    def clean(self) -> bool:
        """Whether there is no fault at all."""
        return not (self.lost or self.doubled or self.disordered or self.other)

    @property
    def line(self) -> str:
        """`0 lost, 0 doubled`, and the rest if there is any."""
        more = [f"{len(self.disordered)} disordered"] if self.disordered else []
        more += [f"{len(self.other)} other faults"] if self.other else []
        return ", ".join([f"{len(self.lost)} lost", f"{len(self.doubled)} doubled", *more])

    def report(self, limit: int = 20) -> str:
        """Counts, at most `limit` faults of each kind, and the line."""
        counted = [f"{name}: {number}" for name, number in self.counts.items()]
        kinds = (("lost", self.lost), ("doubled", self.doubled), ("disordered", self.disordered), ("other", self.other))
        faults = [f"{kind}: {fault}" for kind, found in kinds for fault in found[:limit]]
        return "\n".join(["; ".join(counted), *faults, self.line])


class Findings:
    """Gathers faults; the same thing found in two ways is one fault."""

    def __init__(self) -> None:
        self._found: dict[str, dict[str, str]] = {"lost": {}, "doubled": {}, "disordered": {}, "other": {}}

    def lost(self, thing: str, fault: str) -> None:
        """Something that must be there is not."""
        self._found["lost"].setdefault(thing, fault)

    def doubled(self, thing: str, fault: str) -> None:
        """Something that must be there once is there twice."""
        self._found["doubled"].setdefault(thing, fault)

    def disordered(self, thing: str, fault: str) -> None:
        """Something stands before what it follows."""
        self._found["disordered"].setdefault(thing, fault)

    def other(self, thing: str, fault: str) -> None:
        """Something else is not as it must be."""
        self._found["other"].setdefault(thing, fault)

    def is_doubled(self, thing: str) -> bool:
        """Whether this was found doubled."""
        return thing in self._found["doubled"]

    def verdict(self, counts: Mapping[str, int]) -> Verdict:
        """All of it."""
        kinds = {kind: tuple(found.values()) for kind, found in self._found.items()}
        return Verdict(**kinds, counts=counts)
