"""Whatever is done to a journal behind the service's back is found and named."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from pipeline_rig import Rig, command, make_rig

import staffing.app
from casebus_cli.journal import read_journal
from casebus_cli.main import main
from casebus_testing.plugin import NewDatabase
from chassis.partitions import keep_partitions
from chassis.seals import Sealer

DAY = datetime.now(UTC).date() - timedelta(days=2)
OF_EAST = "aggregate_id = 'east'"


@pytest_asyncio.fixture
async def rig(new_database: NewDatabase) -> AsyncIterator[Rig]:
    """Three regions with three facts each, written down on a day that is sealed; one refusal; one fact of today."""
    made = await make_rig(await new_database([staffing.app.MIGRATIONS]))
    for name in ("A", "B", "C"):
        await made.feed(*(command(region, name) for region in ("east", "north", "west")))
    await made.feed(command("east", "refuse"))
    async with made.pool.acquire() as connection:
        await keep_partitions(connection, datetime.combine(DAY, datetime.min.time(), UTC))
    for table in ("journal", "audit"):
        await made.rows(f"UPDATE {table} SET recorded_at = $1::date + interval '9 hours'", DAY)
    await Sealer(made.pool).seal_missing()
    await made.feed(command("south"))
    yield made
    await asyncio.wait_for(made.pool.close(), 10)


async def found(rig: Rig) -> list[str]:
    report = await asyncio.to_thread(read_journal, "staffing", rig.dsn)
    return report.findings


async def test_a_journal_as_it_was_written_has_no_findings(rig: Rig) -> None:
    report = await asyncio.to_thread(read_journal, "staffing", rig.dsn)

    assert (report.findings, report.rows, report.aggregates) == ([], 10, 4)


FORGOTTEN = "DELETE FROM inbox"
NUMBERED = "UPDATE journal SET sequence = {} WHERE sequence = {} AND " + OF_EAST
SWAP_BODIES = """
UPDATE journal j SET body = o.body FROM journal o
WHERE (j.aggregate_id, o.aggregate_id) = ('east', 'east') AND (j.sequence, o.sequence) IN ((1, 2), (2, 1))"""
REWRITE = """
UPDATE journal j SET actor = 'nobody', hash = encode(sha256(convert_to(concat_ws(E'\n', p.hash, j.sequence, j.fact_id,
  j.type, j.cause, 'nobody', to_char(j.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), j.body), 'utf8')), 'hex')
FROM journal p WHERE (j.aggregate_id, p.aggregate_id, j.sequence, p.sequence) = ('east', 'east', 3, 2)"""

DAMAGE: dict[str, tuple[list[str], str]] = {
    "a removed row": ([f"DELETE FROM journal WHERE {OF_EAST} AND sequence = 2"], "region/east: #2 removed"),
    "a removed first row": ([f"DELETE FROM journal WHERE {OF_EAST} AND sequence = 1"], "region/east: #1 removed"),
    "a removed last row": (
        [f"DELETE FROM journal WHERE {OF_EAST} AND sequence = 3"],
        "region/east: #3 removed at the end",
    ),
    "a removed row of today": (
        ["DELETE FROM journal WHERE aggregate_id = 'south'"],
        "regions south: the whole journal removed, #1",
    ),
    "a changed body": (
        [f"UPDATE journal SET body = replace(body, '\"B\"', '\"X\"') WHERE {OF_EAST}"],
        "region/east: #2 changed, or the hash of the row before it",
    ),
    "a changed actor": (
        [f"UPDATE journal SET actor = 'nobody' WHERE {OF_EAST} AND sequence = 2"],
        "region/east: #2 changed, or the hash of the row before it",
    ),
    "a changed time": (
        [f"UPDATE journal SET at = at + interval '1 hour' WHERE {OF_EAST} AND sequence = 2"],
        "region/east: #2 changed, or the hash of the row before it",
    ),
    "a row changed together with its hash": ([REWRITE], "region/east: #3 changed"),
    "two rows that exchanged their numbers": (
        [NUMBERED.format(9, 2), NUMBERED.format(2, 3), NUMBERED.format(3, 9)],
        "region/east: #2 and #3 swapped",
    ),
    "two rows that exchanged their bodies": ([SWAP_BODIES], "region/east: #1 and #2 swapped"),
    "an added row": (
        [
            "INSERT INTO journal (aggregate, aggregate_id, sequence, fact_id, type, body, actor, cause, at, hash) "
            "SELECT aggregate, aggregate_id, 4, gen_random_uuid(), type, body, actor, cause, at, 'x' FROM journal "
            f"WHERE {OF_EAST} AND sequence = 3"
        ],
        "region/east: #4 added, the state stands at #3",
    ),
    "a removed journal of an aggregate": (
        [f"DELETE FROM journal WHERE {OF_EAST}"],
        "regions east: the whole journal removed, #1 to #3",
    ),
    "a removed state": (["DELETE FROM regions WHERE id = 'east'"], "region/east: its state removed from the tables"),
    "a removed aggregate": (
        [f"DELETE FROM journal WHERE {OF_EAST}", "DELETE FROM regions WHERE id = 'east'"],
        "region/east: the whole aggregate removed",
    ),
    "an aggregate removed with all that names it": (
        [f"DELETE FROM journal WHERE {OF_EAST}", "DELETE FROM regions WHERE id = 'east'", FORGOTTEN],
        f"{DAY}: sealed with 9 rows of 3 aggregates, now 6 of 2",
    ),
    "a row moved to another day": (
        [f"UPDATE journal SET recorded_at = now() WHERE {OF_EAST} AND sequence = 3"],
        f"{DAY}: sealed with 9 rows of 3 aggregates, now 8 of 3",
    ),
    "a rewritten aggregate": (
        [
            REWRITE,
            f"UPDATE regions r SET head = j.hash FROM journal j WHERE id = 'east' AND {OF_EAST} AND sequence = 3",
        ],
        f"{DAY}: journal rows changed since the day was sealed",
    ),
    "a removed audit row": (["DELETE FROM audit"], f"{DAY}: sealed with 1 audit rows, now 0"),
    "a changed audit row": (["UPDATE audit SET actor = 'x'"], f"{DAY}: audit rows changed since the day was sealed"),
    "a changed seal": (["UPDATE seals SET aggregates = 4"], f"seals: {DAY} changed, or the seal before it"),
    "removed seals": (["DELETE FROM seals"], f"seals: none of {DAY}"),
}


@pytest.mark.parametrize(("statements", "finding"), DAMAGE.values(), ids=DAMAGE)
async def test_damage_is_found_and_named(rig: Rig, statements: list[str], finding: str) -> None:
    for statement in statements:
        await rig.rows(statement)

    assert [each for each in await found(rig) if each.startswith(finding)], await found(rig)


async def test_the_command_says_what_is_amiss_and_fails(rig: Rig, capsys: pytest.CaptureFixture[str]) -> None:
    whole = await asyncio.to_thread(main, ["verify-journal", "--database", rig.dsn])
    await rig.rows(f"DELETE FROM journal WHERE {OF_EAST} AND sequence = 2")

    damaged = await asyncio.to_thread(main, ["verify-journal", "--database", rig.dsn, "--service", "staffing"])

    said = capsys.readouterr().out
    assert (whole, damaged) == (0, 1)
    assert "nothing amiss" in said
    assert "region/east: #2 removed" in said
