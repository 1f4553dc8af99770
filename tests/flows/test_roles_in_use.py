"""The running system keeps to its database roles, and its journals are whole."""

import asyncpg
import pytest
from flow import Flow, WalkIn
from terminal import casebus

from casebus_testing.waiting import eventually

USERS = (
    "SELECT DISTINCT usename::text, application_name FROM pg_stat_activity WHERE datname = $1 AND usename <> 'postgres'"
)


@pytest.mark.parametrize("service", ["staffing", "intake", "notifications"])
async def test_pipeline_and_relay_run_as_their_own_users(flow: Flow, service: str) -> None:
    await flow.accepted(WalkIn().create())

    async def there() -> bool:
        users = await flow.rows(service, USERS, service)
        return {user for user, _ in users} >= {f"{service}_app", f"{service}_relay"}

    await eventually(there, within=10, what="both are connected")
    assert (f"{service}_relay", "relay") in await flow.rows(service, USERS, service)
    assert (f"{service}_owner", service) not in await flow.rows(service, USERS, service)


async def test_nobody_amended_a_journal(flow: Flow) -> None:
    await flow.accepted(WalkIn().create())

    said = await casebus(flow.system, "verify-journal", "--service", "intake", "--service", "staffing")

    assert (said.status, said.out.count("nothing amiss"), said.err) == (0, 2, "")


async def test_a_removed_fact_is_found_by_somebody_who_may_only_read(flow: Flow) -> None:
    walk_in = WalkIn()
    await flow.accepted(walk_in.create(), walk_in.check_in())
    superuser = await asyncpg.connect(flow.system.database("intake"))
    gone = await superuser.fetchrow(
        "DELETE FROM journal WHERE aggregate_id = $1 AND sequence = 2 RETURNING "
        "aggregate, aggregate_id, sequence, fact_id, type, body, actor, cause, at, hash, recorded_at",
        walk_in.request_id,
    )

    said = await casebus(flow.system, "verify-journal", "--service", "intake")

    assert gone is not None
    await superuser.execute(f"INSERT INTO journal VALUES ({', '.join(f'${n}' for n in range(1, 12))})", *gone.values())
    await superuser.close()
    assert said.status == 1
    assert f"request/{walk_in.request_id}: #2 removed at the end" in said.out
    assert (await casebus(flow.system, "verify-journal", "--service", "intake")).status == 0
