"""Numbered SQL files applied at start, one process at a time."""

import os
from collections.abc import Sequence
from pathlib import Path

import psycopg
from yoyo import get_backend, read_migrations  # type: ignore[import-untyped]

from chassis.failures import CannotStart, described

CHASSIS_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 0x6361736562757300
"""Key of the advisory lock. The tool's own lock is a row, which a killed process would leave behind."""


def migrate(dsn: str, folders: Sequence[Path]) -> int:
    """Apply what is missing of the chassis' and the given folders' migrations; how many there were.

    Raises CannotStart when a migration fails; what it did is rolled back.
    """
    with psycopg.connect(dsn, autocommit=True) as guard:
        guard.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        return _apply(dsn, [CHASSIS_MIGRATIONS, *folders])


def _apply(dsn: str, folders: Sequence[Path]) -> int:
    # The tool notes who ran it, and fails where the user id has no name.
    os.environ.setdefault("LOGNAME", "casebus")
    scheme, _, rest = dsn.partition("://")
    backend = get_backend(f"{scheme.replace('postgres:', 'postgresql:')}+psycopg://{rest}")
    applied = 0
    # Folder by folder: a service's tables may lean on the chassis'.
    for folder in folders:
        missing = backend.to_apply(read_migrations(str(folder)))
        try:
            backend.apply_migrations(missing)
        except Exception as error:
            raise CannotStart(f"a migration of {folder.name} failed: {described(error)}") from error
        applied += len(missing)
    backend.connection.close()
    return applied
