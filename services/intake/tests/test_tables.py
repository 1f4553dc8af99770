"""What the tables of intake owe to whoever writes them all day."""

import asyncpg
import pytest

import intake.app
from casebus_testing.plugin import NewDatabase
from chassis.rules import Aggregate, replace
from intake.examples import CALLED, MINUTE, NINE, ON_HOLD, SERVED, SERVING, WAITING

INDEXED = """
SELECT a.attname::text AS name
FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum > 0
WHERE i.indrelid = 'requests'::regclass AND (
    a.attnum = ANY(i.indkey)
    OR EXISTS (SELECT FROM pg_depend d WHERE d.objid = i.indexrelid AND d.refobjid = i.indrelid
               AND d.refobjsubid = a.attnum)
)"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (WAITING, CALLED),
        (CALLED, SERVING),
        (SERVING, ON_HOLD),
        (SERVING, SERVED),
        (SERVED, replace(SERVED, time_out=NINE + 40 * MINUTE, correction_reason="misread")),
    ],
)
async def test_a_step_of_a_visit_changes_nothing_that_an_index_speaks_of(
    new_database: NewDatabase, before: Aggregate, after: Aggregate
) -> None:
    connection = await asyncpg.connect(await new_database([intake.app.MIGRATIONS]))
    indexed = {row["name"] for row in await connection.fetch(INDEXED)}
    await connection.close()

    changed = {name for name in type(before).__dataclass_fields__ if getattr(before, name) != getattr(after, name)}

    assert "visit_status" in changed or "time_out" in changed
    assert {"office_id", "ticket", "client", "auto_closed_at"} <= indexed
    assert not changed & indexed
