"""A newer release of intake, made from this one: one migration more, and code that writes the new column."""

import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Final

MIGRATION: Final = """-- Which release wrote a request down first. The release before this one knows nothing of it.
ALTER TABLE requests ADD COLUMN written_by_release text NOT NULL DEFAULT 'older';
"""
CHANGES: Final = (
    ("request.py", "    reopen_reason: str | None = None\n", '    written_by_release: str = "older"\n'),
    ("creation.py", "        created_by=actor.id,\n", '        written_by_release="newer",\n'),
)
"""File, what stands there once, and what is put in: behind its first line."""

COLUMN: Final = "written_by_release"


def newer_intake(folder: Path) -> dict[str, str]:
    """Makes it in `folder`; returns the environment in which `python -m intake` is that release.

    Raises ValueError when the code has changed so much that this page has to.
    """
    root = _intake()
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(root / "src" / "intake", folder / "src" / "intake", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(root / "migrations", folder / "migrations")
    (folder / "migrations" / "9000.newer.sql").write_text(MIGRATION)
    for name, place, more in CHANGES:
        file = folder / "src" / "intake" / name
        text = file.read_text()
        if text.count(place) != 1:
            raise ValueError(f"{name} has changed: it does not hold {place!r} once")
        first, _, rest = place.partition("\n")
        file.write_text(text.replace(place, f"{first}\n{more}{rest}"))
    return {"PYTHONPATH": str(folder / "src")}


def _intake() -> Path:
    spec = find_spec("intake")
    if spec is None or spec.origin is None:
        raise ValueError("intake is not installed: `make env` does it")
    return Path(spec.origin).parents[2]
