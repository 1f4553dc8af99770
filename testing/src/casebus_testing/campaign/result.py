"""What a campaign found, in words and as bench/results/faults.json."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from casebus_testing.campaign.blows import BLOWS
from casebus_testing.checker.verdict import Verdict

RECOVERY_SECONDS: Final = 30.0
RESULTS: Final = Path(__file__).parents[4] / "bench" / "results" / "faults.json"


@dataclass
class Result:
    """Counts by kind; `recovery_s` is the longest of all faults."""

    seed: int
    faults: Counter[str] = field(default_factory=Counter)
    commands: int = 0
    lost: int = 0
    doubled: int = 0
    disordered: int = 0
    other: int = 0
    recovery_s: float = 0.0
    recovery_by_kind: dict[str, float] = field(default_factory=dict)
    not_run: dict[str, str] = field(default_factory=dict)
    """Kinds that did not fall at all, and why."""
    missed: Counter[str] = field(default_factory=Counter)
    duplicates: int = 0
    bound: str = ""

    def struck(self, kind: str, seconds: float) -> None:
        """One fault has fallen, and probes were answered after so long."""
        self.faults[kind] += 1
        self.recovery_by_kind[kind] = round(max(seconds, self.recovery_by_kind.get(kind, 0.0)), 1)
        self.recovery_s = max(self.recovery_by_kind.values())

    def escaped(self, kind: str, why: str) -> None:
        """One fault did not come about."""
        self.missed[f"{kind}: {why}"] += 1

    def judged(self, verdict: Verdict, unanswered: int) -> None:
        """Take over what the checker found, and say what has not been tried."""
        self.lost += len(verdict.lost) + unanswered
        self.doubled, self.disordered = len(verdict.doubled), len(verdict.disordered)
        self.other += len(verdict.other)
        tries = {why.partition(": ")[0]: why.partition(": ")[2] for why in self.missed}
        kinds = (kind for kind, _ in BLOWS if not self.faults[kind])
        self.not_run = {kind: tries.get(kind, "the time was over") for kind in kinds}
        self.bound = bound(self.faults, self.clean)

    @property
    def clean(self) -> bool:
        """Whether nothing was lost, doubled, out of order or otherwise wrong, and all was back in time."""
        wrong = self.lost or self.doubled or self.disordered or self.other
        return not wrong and self.recovery_s <= RECOVERY_SECONDS

    def lines(self) -> list[str]:
        """For the screen."""
        kinds = [
            f"{count:4}  {kind} (answered again after {self.recovery_by_kind[kind]:.1f} s at most)"
            for kind, count in sorted(self.faults.items())
        ]
        told = f"{self.lost} lost, {self.doubled} doubled, {self.disordered} disordered, {self.other} other faults"
        unseen = [f"not run: {kind}: {why}" for kind, why in self.not_run.items()]
        unseen += [f"did not come about: {kind} ({count})" for kind, count in self.missed.items()]
        return [
            f"seed {self.seed}",
            *kinds,
            *unseen,
            f"{self.commands} commands acknowledged, {self.duplicates} of them sent again",
            told,
            f"recovery: {self.recovery_s:.1f} s at most, allowed are {RECOVERY_SECONDS:.0f}",
            self.bound,
        ]

    def write(self, path: Path = RESULTS) -> None:
        """As JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(vars(self), indent=2) + "\n")


def bound(faults: Mapping[str, int], clean: bool) -> str:
    """What so many faults without a failure say (rule of three)."""
    number = sum(faults.values())
    if not clean or not number:
        return "no bound can be stated"
    return f"zero failures in {number} faults: 95 % upper bound 3/{number} = {3 / number:.3f} per fault"
