"""Cells of roll-ups become rows of reports. Values in, rows out."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from chassis.rules import Counts
from intake import tallies
from intake.reports.figures import NEAR_MINUTES, Histogram
from intake.reports.rows import Estimates, Registration, Requests, Signatures, Times, Visits
from intake.voters.month import Numbers

Cells: TypeAlias = Iterable[Mapping[str, Any]]
"""Rows of `sql.counted` (key, tally, label, n) or of `sql.spread` (key, tally, values, counts, total)."""

FOUR_REASONS = ("apply", "review", "change_of_address", "register_to_vote_only")


Naming: TypeAlias = Callable[[Any], str]
"""What a key is called in a report. Keys of one name are put together."""


def naming(by: str, places: Mapping[str, str]) -> Naming:
    """A month without its day, an hour with two digits; an office as `places` says, where it says anything."""
    if by == "month":
        return lambda day: f"{day:%Y-%m}"
    if by == "hour":
        return lambda hour: f"{hour:02}"
    return lambda key: places.get(str(key), str(key))


def by_key(cells: Cells, name: Naming) -> dict[str, Counts]:
    """The counts of each key."""
    found: dict[str, dict[tuple[str, str], int]] = defaultdict(dict)
    for row in cells:
        place = found[name(row["key"])]
        cell = row["tally"].removesuffix(".month"), row["label"]
        place[cell] = place.get(cell, 0) + row["n"]
    return dict(sorted(found.items()))


def together(several: Iterable[Counts]) -> Counts:
    """The counts of several keys as one."""
    found: dict[tuple[str, str], int] = defaultdict(int)
    for counts in several:
        for cell, n in counts.items():
            found[cell] += n
    return dict(found)


def by_label(counts: Counts, part: int) -> dict[str, Counts]:
    """Counts by one part of the label: `walk_in.covered` has two."""
    found: dict[str, dict[tuple[str, str], int]] = defaultdict(dict)
    for (tally, label), n in counts.items():
        found[label.split(".")[part]][tally, label] = n
    return dict(sorted(found.items()))


def of(counts: Counts, tally: str, *, begins: str = "", ends: str = "") -> int:
    """How many count in a tally under labels of this kind."""
    return sum(
        n for (name, label), n in counts.items() if name == tally and label.startswith(begins) and label.endswith(ends)
    )


def requests(key: str, counts: Counts) -> Requests:
    """What became of them."""
    received, closed = of(counts, tallies.REQUESTS), of(counts, tallies.CLOSED)
    return Requests(
        key=key,
        received=received,
        covered=of(counts, tallies.REQUESTS, ends=".covered"),
        anonymous=of(counts, tallies.ANONYMOUS),
        closed=closed,
        open=received - closed,
    )


def signatures(key: str, counts: Counts) -> Signatures:
    """Without a name, and unsigned."""
    states = ("awaiting_signature", "signed", "returned")
    found = {state: counts.get((tallies.UNSIGNED, state), 0) for state in states}
    return Signatures(key=key, anonymous=of(counts, tallies.ANONYMOUS), **found)


def visits(key: str, counts: Counts) -> Visits:
    """How they ended. Whoever was served has waited."""
    unserved = {label: n for (tally, label), n in counts.items() if tally == tallies.UNSERVED}
    return Visits(
        key=key,
        served=of(counts, tallies.WAIT),
        left=unserved.get("left", 0),
        no_show=unserved.get("no_show", 0),
        never_timed_out=unserved.get("auto_closed", 0),
        inaccurate=unserved.get(tallies.INACCURATE, 0),
    )


def histograms(cells: Cells, name: Naming) -> dict[str, dict[str, Histogram]]:
    """Rows of `sql.spread` as a histogram for each key and tally."""
    found: dict[str, dict[str, Histogram]] = defaultdict(lambda: defaultdict(Histogram))
    for row in cells:
        tally = row["tally"].removesuffix(".month")
        found[name(row["key"])][tally].add(zip(row["values"], row["counts"], strict=True), row["total"])
    return found


def times(key: str, found: Mapping[str, Histogram]) -> Times:
    """Waits and services."""
    wait, service = found.get(tallies.WAIT, Histogram()), found.get(tallies.SERVICE, Histogram())
    return Times(
        key=key,
        visits=wait.n,
        wait_mean=wait.mean_minutes,
        wait_median=wait.percentile(0.5),
        wait_90=wait.percentile(0.9),
        wait_95=wait.percentile(0.95),
        service_mean=service.mean_minutes,
        service_median=service.percentile(0.5),
        service_90=service.percentile(0.9),
        service_95=service.percentile(0.95),
    )


def estimates(key: str, found: Mapping[str, Histogram]) -> Estimates:
    """Told against real."""
    error = found.get(tallies.ESTIMATE, Histogram())
    absolute, lowest = error.absolute(), min(error.counts, default=0)
    return Estimates(
        key=key,
        visits=error.n,
        mean_error=error.mean_minutes,
        median_absolute=absolute.percentile(0.5),
        absolute_90=absolute.percentile(0.9),
        right_percent=error.share(-NEAR_MINUTES, NEAR_MINUTES),
        too_short_percent=error.share(lowest, -NEAR_MINUTES - 1),
    )


def registration(key: str, counts: Counts, covered: Sequence[str]) -> Registration:
    """A month of voter registration. What is only written is on the voter log, but no contact (V-06)."""
    spoken = (tallies.REASONS_WALK_IN, tallies.REASONS_SPOKEN)
    reasons = {
        reason: sum(counts.get((tally, reason), 0) for tally in spoken)
        for reason in dict.fromkeys((*FOUR_REASONS, *covered))
    }
    numbers = Numbers.of(counts)
    answers = {label: counts.get((tallies.ANSWERS, label), 0) for label in ("yes", "no", "declined")}
    return Registration(
        key=key,
        **{reason: reasons[reason] for reason in FOUR_REASONS},
        other_covered=sum(n for reason, n in reasons.items() if reason not in FOUR_REASONS),
        covered_contacts=numbers.covered_contacts,
        entries=of(counts, tallies.ENTRIES),
        letters=numbers.letters,
        deviates=numbers.deviate,
        **answers,
    )
