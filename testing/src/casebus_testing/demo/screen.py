"""What the audience sees: a live picture on a terminal, plain lines elsewhere."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from casebus_testing.demo.watch import Figures

MOST_LINES: Final = 12
MOST_TOPICS: Final = 20
FRAME_LINES: Final = 4


class Screen(Protocol):
    """Where the demo speaks."""

    def say(self, line: str) -> None:
        """One thing that happened."""

    def show(self, figures: Figures) -> None:
        """One look at what flows."""


class Lines:
    """For pipes and files: what happens, a line each; no figures."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def say(self, line: str) -> None:
        """Print the line."""
        self._console.print(line, markup=False, highlight=False)

    def show(self, figures: Figures) -> None:
        """Figures are for those who can watch them change."""


class Picture:
    """For terminals: the last lines under tables that change."""

    def __init__(self, live: Live) -> None:
        height = live.console.height - FRAME_LINES
        self._live = live
        self._topics = max(4, min(MOST_TOPICS, height - MOST_LINES))
        self._lines: deque[str] = deque(maxlen=max(4, min(MOST_LINES, height - self._topics)))
        self._figures: Figures | None = None

    def say(self, line: str) -> None:
        """Add the line and draw anew."""
        self._lines.append(line)
        self._live.update(self._drawn())

    def show(self, figures: Figures) -> None:
        """Draw anew with these figures."""
        self._figures = figures
        self._live.update(self._drawn())

    def _drawn(self) -> RenderableType:
        happened = Panel(
            Text("\n".join(self._lines), no_wrap=True, overflow="ellipsis"),
            title="the day",
            height=(self._lines.maxlen or 0) + 2,
        )
        if self._figures is None:
            return happened
        tables = Table.grid(padding=(0, 4))
        tables.add_row(_topics(self._figures, self._topics), _services(self._figures))
        return Group(tables, happened)


def _topics(figures: Figures, most: int) -> Table:
    table = Table("topic", "records", "per second", box=None, header_style="bold")
    table.columns[1].justify = table.columns[2].justify = "right"
    busiest = sorted(figures.records.items(), key=lambda each: (-each[1], each[0]))[:most]
    for topic, records in sorted(busiest):
        rate = figures.per_second.get(topic, 0)
        table.add_row(topic, str(records), f"{rate:.1f}" if rate else "")
    return table


def _services(figures: Figures) -> Table:
    table = Table("service", "lag", "outbox", "parked", box=None, header_style="bold")
    for name, service in figures.services.items():
        table.add_row(name, str(service.lag), str(service.outbox), str(service.parked))
    for what in ("raised", "delivered", "acknowledged", "resolved"):
        table.add_row(f"alerts {what}", str(figures.records.get(f"alert.{what}", 0)), style="yellow")
    return table


@contextmanager
def screen(console: Console) -> Iterator[Screen]:
    """The screen that fits where the console goes."""
    if not console.is_terminal:
        yield Lines(console)
        return
    with Live(console=console, refresh_per_second=8, transient=True) as live:
        yield Picture(live)
