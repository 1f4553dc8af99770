"""What a failure of the database means."""

import asyncpg
import pytest

from casebus_testing.plugin import NewDatabase
from chassis.database import open_pool
from chassis.failures import LostRace, Verdict, judge


@pytest.mark.parametrize(
    ("sqlstate", "verdict"),
    [
        ("08006", Verdict.AWAY),
        ("53300", Verdict.AWAY),
        ("57P01", Verdict.AWAY),
        ("57P03", Verdict.AWAY),
        ("25006", Verdict.AWAY),
        ("58030", Verdict.AWAY),
        ("40001", Verdict.AGAIN),
        ("40P01", Verdict.AGAIN),
        ("55P03", Verdict.AGAIN),
        ("25P03", Verdict.AGAIN),
        ("42P01", Verdict.STOP),
        ("3F000", Verdict.STOP),
        ("XX000", Verdict.STOP),
        ("22001", Verdict.CULPRIT),
        ("23505", Verdict.CULPRIT),
        ("54000", Verdict.CULPRIT),
        ("57014", Verdict.CULPRIT),
    ],
)
def test_an_sqlstate_says_what_to_do(sqlstate: str, verdict: Verdict) -> None:
    assert judge(asyncpg.PostgresError.new({"C": sqlstate, "M": "told"})) is verdict


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (ConnectionRefusedError(), Verdict.AWAY),
        (TimeoutError(), Verdict.AWAY),
        (asyncpg.InterfaceError("the connection is closed"), Verdict.AWAY),
        (asyncpg.InternalClientError("cannot switch to state 11"), Verdict.AGAIN),
        (LostRace("inbox"), Verdict.AGAIN),
        (KeyError("a bug of a rule's row"), Verdict.CULPRIT),
    ],
)
def test_other_failures_too(error: Exception, verdict: Verdict) -> None:
    assert judge(error) is verdict


async def test_a_value_that_does_not_fit_its_column_does_not_look_like_a_database_that_is_away(
    new_database: NewDatabase,
) -> None:
    pool = await open_pool(await new_database(), name="test")
    async with pool.acquire() as connection:
        with pytest.raises(asyncpg.DataError) as caught:
            await connection.fetchval("SELECT $1::bigint", 2**70)
    await pool.close()

    assert judge(caught.value) is Verdict.CULPRIT
