"""The independent checker: counts over topics and tables whether anything was lost or doubled.

    python -m casebus_testing.checker --stack .run/stack.json

It imports nothing of services, chassis, access or contracts: it reads every topic from offset 0
and the tables by SQL, and holds them against what is promised. It is meant for a system at
rest; with `--settle SECONDS` it looks again until what is under way has arrived.

What it counts

- lost: a command without a final answer (and without a place on `<service>.dead`); a fact that a
  receipt or the journal names and its topic does not hold; a number missing in the count of an
  aggregate; a remembered answer that is on no topic of receipts; an overdue visit without its
  alert; a recipient without a delivery; a delivery without its mail.
- doubled: two different final answers to one command; one effect under two event ids; one number
  of an aggregate used for two facts; two alerts open at once under one dedupe key.
- disordered: first appearances on one partition whose numbers fall.
- other: bytes that differ from the journal, a broken hash chain, an answer to no command,
  a fact no service vouches for, rows still in an outbox.

It also holds commands against what they led to: facts of an aggregate follow the order of the commands of its key
(disordered), bear the time at which the broker appended their command by the system's clock (other), and nothing is
taken in on a proof of another command (other). What lies behind a committed offset is remembered by its service, or set
aside (lost).

And it holds what services keep against what they told. States stand at the number and hash of their last fact (other,
lost), and every field that facts speak of is what a fold of those facts makes it: requests, alerts, and the directory
with its owner and in every copy (other). A lobby knows who waits, who is served and the last ticket (other). A ticket
of an office and day is one visitor's (doubled). Of clocks (`waiting`, `serving`, `closing`; `forms` of an office):
whoever is served or gone in time was not called overdue (other), nobody is called overdue twice for one limit
(doubled), whoever is here has a clock or was called overdue (lost), whoever is not has none that runs on (other).

The same record twice on Kafka (a relay that was killed between acknowledgement and deletion) or
the same mail twice is allowed by the promise and counted apart as a copy, and so are
the answers `duplicate` and `conflict`, and the states of the directory that their owner told again. What
retention or compaction removed is not missed.

What it is tried on (`make faults MUTANTS=1`; tests/helpers/mutants): each of these releases of intake, and by what it
gives itself away

- inbox-dropped: two final answers to one command
- acknowledged-first: commands without a final answer
- relay-by-cursor, relay-deletes-first: facts and receipts that are on no topic
- local-clock: facts that bear another time than their command
- upsert-without-version: a lobby that is wrong about who waits and who is served
- followers-overtake: facts against the order of their commands
- claim-apart: somebody who waits without a clock
- timers-before-backlog: somebody called overdue who had been served
- receipts-reencoded: an answer that differs from what is remembered
- proof-not-checked: a command taken in on a proof of another
- outbox-apart: facts that are told again under another id
"""

from casebus_testing.checker.check import check, gather
from casebus_testing.checker.evidence import Evidence, Places
from casebus_testing.checker.judge import judge
from casebus_testing.checker.verdict import Verdict

__all__ = ["Evidence", "Places", "Verdict", "check", "gather", "judge"]
