"""Prints survivors and shares; exit status 0 when enough mutants of rule modules are noticed.

The reason of a refusal is a text for people that rules compare without (see `chassis.rules`): a change of it alone
survives on purpose, and is counted apart.
"""

import os
import re
import sys
from pathlib import Path
from typing import Final

from casebus_testing.mutation.rooms import ROOT, Room, rooms
from casebus_testing.mutation.scratch import Outcome, try_out

LEAST: Final = 0.90
SAMPLE: Final = 300
"""Mutants tried in each room unless all are."""

_TEXT: Final = re.compile(r'f?"([^"]*)"|\bNone\b')
_ANSWER: Final = re.compile(r"\b(refuse|invalid|later|Refused)\(")


def main() -> int:
    """Exit status 0 when at least 90 % of the mutants of rule modules are noticed."""
    full, seed = os.environ.get("FULL") == "1", int(os.environ.get("CASEBUS_SEED") or 1)
    only = os.environ.get("ONLY", "")
    print("all mutants" if full else f"{SAMPLE} mutants of each room, seed {seed}; FULL=1 tries all", flush=True)
    tried = noticed = 0
    for room in rooms():
        if only and room.name not in only.split(","):
            continue
        outcome = try_out(room, Path(ROOT, ".run/mutants", room.name), None if full else SAMPLE, seed)
        _show(room, outcome)
        if room.rules:
            tried, noticed = tried + outcome.tried, noticed + outcome.tried - len(outcome.survivors)
    holds = not tried or noticed >= LEAST * tried
    if tried:
        print(f"rule modules: {noticed} of {tried} noticed ({noticed / tried:.1%}): {'holds' if holds else 'FAILS'}")
    return 0 if holds else 1


def _show(room: Room, outcome: Outcome) -> None:
    words = {name for name, change in outcome.survivors.items() if only_words(change)}
    noticed = outcome.tried - len(outcome.survivors)
    print(
        f"{room.name}: {noticed} of {outcome.tried} noticed ({noticed / outcome.tried:.1%}); not noticed: "
        f"{len(words)} in words for people, {len(outcome.survivors) - len(words)} others"
    )
    for name, change in outcome.survivors.items():
        if name not in words:
            print(f"  {name}\n    " + change.replace("\n", "\n    "))
    sys.stdout.flush()


def only_words(change: str) -> bool:
    """Whether the change is in the text of an answer alone, or in what `unchanged` passes over."""
    before, after = ([line[2:] for line in change.splitlines() if line[0] == sign] for sign in "-+")
    if after and "unchanged(None)" in after[0]:
        return True
    alike = [_wordless(line) for line in before] == [_wordless(line) for line in after]
    return alike and any(_ANSWER.search(line) and _wordless(line) != line for line in before)


def _wordless(line: str) -> str:
    """The line without sentences; a code, which has no blank, stays."""
    return _TEXT.sub(lambda text: text[0] if text[1] and " " not in text[1] else "", line)


if __name__ == "__main__":
    sys.exit(main())
