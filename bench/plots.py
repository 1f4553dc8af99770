"""Results as pictures: a bar for each contender, and memory over messages. SVG, written by hand: nothing to install."""

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, Final

_WIDTH, _ROW, _LEFT, _TOP = 1000, 26, 280, 46
_INK: Final = ("#1f6f8b", "#c8553d", "#6b8f3a", "#7a5c9e")


def draw(results: Mapping[str, Mapping[str, Any]], folder: Path) -> None:
    """A picture for every bar there is a result of."""
    for name, bar in results.items():
        (folder / f"{name.lower()}.svg").write_text(picture(name, bar), "utf-8")


def picture(name: str, bar: Mapping[str, Any]) -> str:
    """The runs of one bar: lines where they have samples, else a bar for each run."""
    title = f"{name}: {bar['bar']}"
    sampled = {run["contender"]: run["notes"]["samples"] for run in bar["runs"] if "samples" in run["notes"]}
    if sampled:
        return _page(title, 300, _lines(sampled, bar["unit"]))
    rows = [(run["contender"], float(run["rate"])) for run in bar["runs"] if math.isfinite(run["rate"])]
    return _page(title, _TOP + _ROW * len(rows) + 14, _bars(rows))


def _bars(rows: Sequence[tuple[str, float]]) -> Iterable[str]:
    most = max((value for _, value in rows), default=1.0) or 1.0
    ink = {name: _INK[place % len(_INK)] for place, name in enumerate(dict.fromkeys(name for name, _ in rows))}
    for place, (name, value) in enumerate(rows):
        y, width = _TOP + place * _ROW, (_WIDTH - _LEFT - 90) * value / most
        yield _text(_LEFT - 8, y + 15, name, anchor="end")
        yield f'<rect x="{_LEFT}" y="{y + 2}" width="{width:.1f}" height="{_ROW - 8}" fill="{ink[name]}"/>'
        yield _text(_LEFT + width + 6, y + 15, f"{value:,.0f}")


def _lines(sampled: Mapping[str, Sequence[tuple[float, float]]], unit: str) -> Iterable[str]:
    across = max(x for samples in sampled.values() for x, _ in samples) or 1
    most = max(y for samples in sampled.values() for _, y in samples) or 1
    for place, (name, samples) in enumerate(sampled.items()):
        points = " ".join(f"{40 + (_WIDTH - 240) * x / across:.1f},{270 - 210 * y / most:.1f}" for x, y in samples)
        ink = _INK[place % len(_INK)]
        yield f'<polyline points="{points}" fill="none" stroke="{ink}" stroke-width="2"/>'
        yield _text(_WIDTH - 190, _TOP + 20 * place + 20, f"{name}, {samples[-1][1]:,.0f} {unit}", ink=ink)
    yield f'<path d="M40 50V270H{_WIDTH - 200}" fill="none" stroke="#999"/>'
    yield _text(40, 290, "0")
    yield _text(_WIDTH - 200, 290, f"{across:,.0f} messages", anchor="end")
    yield _text(44, 58, f"{most:,.0f} {unit}")


def _page(title: str, height: int, parts: Iterable[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" font-family="sans-serif">'
    return "\n".join(
        [head, '<rect width="100%" height="100%" fill="white"/>', _text(12, 22, title), *parts, "</svg>\n"]
    )


def _text(x: float, y: float, text: str, *, anchor: str = "start", ink: str = "#222") -> str:
    return f'<text x="{x:.1f}" y="{y}" font-size="12" text-anchor="{anchor}" fill="{ink}">{escape(text)}</text>'
