"""What `casebus flows` prints."""

from datetime import UTC, datetime
from itertools import groupby

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from casebus_cli.databases import Row
from casebus_cli.standing import Observation, Reading
from chassis.lag import State

_COLOURS = {State.OK: "green", State.FALLING_BEHIND: "yellow", State.STALLED: "red", State.STOPPED: "red"}
_SEVERITY = list(_COLOURS)


def shown(observation: Observation, everything: bool) -> RenderableType:
    """Topics, services, and lanes if any are parked."""
    tables: list[RenderableType] = [_topics(observation, everything), _services(observation)]
    if observation.lanes:
        tables.append(_lanes(observation))
    return Group(*tables)


def _topics(observation: Observation, everything: bool) -> Table:
    table = Table(
        "topic", "kept", "a second", "read by", "waiting", "for", "how it does", box=None, title_justify="left"
    )
    readings = {topic: list(group) for topic, group in groupby(observation.readings, key=lambda each: each.topic)}
    for topic, kept in sorted(observation.kept.items()):
        if not (kept or everything):
            continue
        by_service = sorted(readings.get(topic, ()), key=lambda each: each.service)
        lines = [list(group) for _, group in groupby(by_service, key=lambda each: each.service)] or [[]]
        for number, line in enumerate(lines):
            first = (topic, f"{kept:,}", f"{observation.rate(topic):.1f}") if number == 0 else ("", "", "")
            table.add_row(*first, *_of_reader(observation, line))
    return table


def _of_reader(observation: Observation, partitions: list[Reading]) -> tuple[str | Text, ...]:
    """One service over all partitions of a topic: the worst of them speaks."""
    if not partitions:
        return "", "", "", ""
    worst = max(partitions, key=lambda each: (_SEVERITY.index(each.judgement.state), each.lag))
    judgement, lag = worst.judgement, sum(each.lag for each in partitions)
    seconds = max(observation.lag_seconds(each) for each in partitions)
    where = f"[{worst.partition}] " if lag and len(partitions) > 1 else ""
    said = Text(judgement.state if not lag else f"{judgement.state}: {where}{judgement.reason}")
    said.stylize(_COLOURS[judgement.state])
    return worst.service, f"{lag:,}" if lag else "", span(seconds) if lag else "", said


def _services(observation: Observation) -> Table:
    table = Table(
        "service", "copies", "outbox", "oldest", "parked", "quarantined", "clocks", "deliveries", "", box=None
    )
    for service, members in observation.members.items():
        health = {name: said for name, said in observation.health.items() if name.rpartition("-")[0] in ("", service)}
        problems = [f"{name}: {said}" for name, said in health.items() if said != "ready" and name.startswith(service)]
        if service in observation.away:
            problems.append(f"its database does not answer ({observation.away[service]})")
        said = Text("; ".join(problems) or "ready", style="red" if problems else "green")
        table.add_row(service, str(members), *_of_tables(observation.tables.get(service)), said)
    return table


def _of_tables(row: Row | None) -> tuple[str | Text, ...]:
    if row is None:
        return ("?",) * 6
    parked = f"{row['parked']} in {row['retrying'] + row['quarantined']} lanes" if row["parked"] else ""
    quarantined = Text(str(row["quarantined"]), style="red") if row["quarantined"] else ""
    failed = f", {row['failed']} failed" if row["failed"] else ""
    deliveries = f"{row['waiting']} waiting{failed}" if row["waiting"] or row["failed"] else ""
    oldest = span(row["outbox_age"]) if row["outbox"] else ""
    return str(row["outbox"]), oldest, parked, quarantined, str(row["clocks"] or ""), deliveries


def _lanes(observation: Observation) -> Table:
    table = Table("parked lane", "since", "state", "tries", "messages", "what failed", "waits for", box=None)
    now = datetime.now(UTC)
    for row in observation.lanes:
        table.add_row(
            f"{row['service']}: {row['lane']}",
            span((now - row["since"]).total_seconds()),
            Text(row["state"], style="red" if row["state"] == "quarantined" else "yellow"),
            str(row["attempts"]),
            str(row["messages"]),
            f"{row['type']}: {row['fingerprint']}",
            row["waits_for"] or "",
        )
    return table


def span(seconds: float) -> str:
    """A duration in its largest unit."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
