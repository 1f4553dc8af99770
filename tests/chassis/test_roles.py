"""What each role of a database may and may not do, tried on a real server."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime

import asyncpg
import pytest
import pytest_asyncio

import intake.app
from casebus_deploy.databases import create_roles, drop_roles
from casebus_testing.stack import Stack
from chassis.failures import CannotStart
from chassis.migrate import migrate
from chassis.partitions import keep_partitions
from chassis.roles import ROLES, declared, grant, on_loopback, refuse_might
from chassis.wiring import Service
from intake.handlers import SERVICE

DATABASE = "roles_of_intake"
JOURNAL_ROW = "'request', 'r', 1, gen_random_uuid(), 't', '{}', 'a', gen_random_uuid(), now(), 'h'"
INTO_JOURNAL = "INSERT INTO journal (aggregate, aggregate_id, sequence, fact_id, type, body, actor, cause, at, hash)"
INTO_AUDIT = "INSERT INTO audit (at, actor, sender, action, outcome) VALUES (now(), 'a', 's', 'x', 'refused')"
INTO_SEALS = "INSERT INTO seals VALUES (current_date, 0, 0, '', 0, '', '', '')"
INTO_OUTBOX = "INSERT INTO outbox (bucket, topic, aggregateid, headers, payload) VALUES (1, 't', 'k', '', '')"
INTO_TIMERS = "INSERT INTO timers (aggregate, aggregate_id, name, due_at) VALUES ('a', 'b', 'c', now())"


@pytest_asyncio.fixture(scope="module")
async def dsns(stack: Stack) -> AsyncIterator[Mapping[str, str]]:
    """A database of intake as its owner made it, and the connection text of each role."""
    stack.create_database(DATABASE)
    passwords = {f"{DATABASE}_{role}": f"secret of {role}: ?@/" for role in ROLES}
    made = create_roles(stack.postgres, DATABASE, passwords)
    await asyncio.to_thread(migrate, made["owner"], [intake.app.MIGRATIONS])
    owner = await asyncpg.connect(made["owner"])
    await keep_partitions(owner, datetime.now(UTC))
    assert await grant(owner, SERVICE)
    await owner.close()
    yield made
    stack.drop_database(DATABASE)
    drop_roles(stack.postgres, DATABASE)


async def attempt(dsn: str, statement: str) -> str:
    """What comes of a statement that leaves nothing behind: "done", or why not."""
    connection = await asyncpg.connect(dsn)
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute(statement)
    except asyncpg.InsufficientPrivilegeError:
        return "forbidden"
    finally:
        await transaction.rollback()
        await connection.close()
    return "done"


CHANGES = ("UPDATE {} SET hash = ''", "DELETE FROM {}", "TRUNCATE {}")
APPEND_ONLY = [change.format(table) for table in ("journal", "audit", "seals") for change in CHANGES]
FORBIDDEN: dict[str, list[str]] = {
    "app": [
        *APPEND_ONLY,
        *(change.format(f"journal_{datetime.now(UTC):%Y%m}") for change in CHANGES),
        f"SELECT hash FROM journal_{datetime.now(UTC):%Y%m}",
        "DROP TABLE journal",
        "ALTER TABLE journal DISABLE TRIGGER ALL",
        "CREATE TABLE mine (id int)",
        "CREATE TEMPORARY TABLE mine (id int)",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "DELETE FROM requests",
        "TRUNCATE requests",
        "DELETE FROM inbox",
        "DELETE FROM outbox",
        "DELETE FROM deliveries",
        "DELETE FROM progress",
        "SELECT migration_id FROM _yoyo_migration",
        f"ALTER TABLE journal OWNER TO {DATABASE}_app",
        f"GRANT {DATABASE}_owner TO {DATABASE}_app",
        f"SET ROLE {DATABASE}_owner",
        "SET log_min_messages = 'info'",
    ],
    "relay": [
        *APPEND_ONLY,
        INTO_OUTBOX,
        INTO_AUDIT,
        "UPDATE outbox SET payload = ''",
        "TRUNCATE outbox",
        "SELECT id FROM requests",
        "SELECT body FROM journal",
        "SELECT id FROM inbox",
        "SELECT message FROM parked",
        "SELECT value FROM unreadable",
        "SELECT id FROM staff",
        "SELECT nextval('timer_generations')",
        "CREATE TABLE mine (id int)",
        f"SET ROLE {DATABASE}_app",
    ],
    "report": [
        *APPEND_ONLY,
        INTO_OUTBOX,
        INTO_AUDIT,
        INTO_TIMERS,
        "UPDATE requests SET priority = 1",
        "DELETE FROM outbox",
        "SELECT value FROM unreadable",
        "SELECT key FROM unreadable",
        "SELECT headers FROM unreadable",
        "SELECT message FROM parked",
        "SELECT address FROM deliveries",
        *(f"SELECT {column} FROM requests" for column in sorted(SERVICE.tables[0].PERSONAL)),
        "SELECT r::text FROM requests r",
        "SELECT id FROM requests FOR UPDATE",
        "SELECT count(*) FROM requests WHERE comments LIKE '%x%'",
        "CREATE TABLE mine (id int)",
        f"SET ROLE {DATABASE}_app",
    ],
    "owner": [*APPEND_ONLY, "CREATE ROLE mine", f"DROP ROLE {DATABASE}_app"],
}
PERMITTED: dict[str, list[str]] = {
    "app": [
        f"{INTO_JOURNAL} VALUES ({JOURNAL_ROW})",
        INTO_AUDIT,
        INTO_SEALS,
        INTO_OUTBOX,
        INTO_TIMERS,
        "UPDATE timers SET due_at = now()",
        "DELETE FROM timers",
        "SELECT id FROM requests ORDER BY id FOR UPDATE",
        "UPDATE requests SET priority = 1",
        "UPDATE inbox SET state = 'done'",
        "DELETE FROM parked",
        "DELETE FROM lanes",
        "DELETE FROM unreadable",
        "UPDATE deliveries SET state = 'sent'",
        "UPDATE progress SET position = 1",
        "SELECT pg_advisory_xact_lock(1)",
    ],
    "relay": [
        "SELECT id, topic, aggregateid, headers, payload FROM outbox",
        "DELETE FROM outbox",
        "SELECT pg_try_advisory_lock(1, 1)",
        "SELECT count(*) FROM pg_locks",
    ],
    "report": [
        "SELECT id, office_id, visit_status, time_in, version, head FROM requests",
        "SELECT aggregate, body, hash FROM journal",
        "SELECT day, hash FROM seals",
        "SELECT actor, outcome FROM audit",
        "SELECT id, receipt FROM inbox",
        "SELECT topic, reason, sha256 FROM unreadable",
        "SELECT lane, type FROM parked",
        "SELECT id, recipient, state FROM deliveries",
        "SELECT topic, read_until FROM progress",
    ],
    "owner": ["CREATE TABLE mine (id int)", "ALTER TABLE requests ADD COLUMN mine int NOT NULL DEFAULT 1"],
}


def acts(table: Mapping[str, list[str]]) -> list[tuple[str, str]]:
    return [(role, statement) for role, statements in table.items() for statement in statements]


@pytest.mark.parametrize(("role", "statement"), acts(FORBIDDEN))
async def test_what_a_role_is_not_given_it_may_not_do(dsns: Mapping[str, str], role: str, statement: str) -> None:
    assert await attempt(dsns[role], statement) == "forbidden"


@pytest.mark.parametrize(("role", "statement"), acts(PERMITTED))
async def test_what_a_role_needs_it_may_do(dsns: Mapping[str, str], role: str, statement: str) -> None:
    assert await attempt(dsns[role], statement) == "done"


async def test_no_role_of_another_database_gets_in(stack: Stack, dsns: Mapping[str, str]) -> None:
    stack.create_database(f"{DATABASE}_2")
    others = create_roles(stack.postgres, f"{DATABASE}_2")

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(
            dsns["app"].replace(DATABASE, f"{DATABASE}_2").replace(f"{DATABASE}_2_app", f"{DATABASE}_app")
        )

    stack.drop_database(f"{DATABASE}_2")
    drop_roles(stack.postgres, f"{DATABASE}_2")
    assert set(others) == set(ROLES)


async def test_every_table_of_the_database_has_its_line(dsns: Mapping[str, str]) -> None:
    owner = await asyncpg.connect(dsns["owner"])
    rows = await owner.fetch(
        "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'S') "
        "AND NOT relispartition AND relname !~ '^(_yoyo|yoyo)' AND relname !~ '_id_seq$'"
    )
    await owner.close()

    assert {row["relname"] for row in rows} == {table.name for table in declared(SERVICE)}


async def test_granting_again_changes_nothing(dsns: Mapping[str, str]) -> None:
    owners = [await asyncpg.connect(dsns["owner"]) for _ in range(2)]
    rights = "SELECT relname, relacl::text FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1"
    before = await owners[0].fetch(rights)

    granted = await asyncio.gather(*(grant(owner, SERVICE) for owner in owners))

    assert granted == [True, True]
    assert await owners[0].fetch(rights) == before
    for owner in owners:
        await owner.close()


async def test_a_database_without_roles_is_left_as_it_is(stack: Stack) -> None:
    connection = await asyncpg.connect(stack.postgres)

    granted = await grant(connection, Service("none", tables=()))

    await connection.close()
    assert not granted


async def test_far_from_this_machine_the_pipeline_must_not_be_able_to_change_the_journal(
    dsns: Mapping[str, str],
) -> None:
    far = "postgresql://somebody@db.example.org/intake"
    owner, app = [await asyncpg.connect(dsns[role]) for role in ("owner", "app")]
    await refuse_might(app, far)
    await owner.execute(f"GRANT UPDATE ON journal TO {DATABASE}_app")

    await refuse_might(app, dsns["app"])
    with pytest.raises(CannotStart, match="may change the journal"):
        await refuse_might(app, far)

    await grant(owner, SERVICE)
    for connection in (owner, app):
        await connection.close()


@pytest.mark.parametrize(
    ("dsn", "here"),
    [
        ("postgresql://a@127.0.0.1:5432/b", True),
        ("postgresql://a@localhost/b", True),
        ("postgresql://a:b@[::1]:5432/b", True),
        ("postgresql://a@db.example.org/b", False),
        ("postgresql://a@10.0.0.1/b", False),
    ],
)
def test_a_loopback_address_is_known(dsn: str, here: bool) -> None:
    assert on_loopback(dsn) == here
