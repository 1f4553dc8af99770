"""Who may do what in a service's database: four roles, and one table of what each may do.

`<database>_owner` migrates and makes partitions, `_app` is the pipeline, `_relay` empties the outbox,
`_report` reads, but nothing personal. The roles are made when the database is (`casebus_deploy.databases`);
a service grants them their rights whenever it starts. Where there are none, all of it runs as one user.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from chassis.database import Connection
from chassis.failures import CannotStart
from chassis.wiring import Service

APP, RELAY, REPORT, OWNER = "app", "relay", "report", "owner"
ROLES = (OWNER, APP, RELAY, REPORT)

RIGHTS = """
                  app   relay  report
inbox             SIU   -      S
outbox            SI    SD     S
directory_facts   SIU   -      S
journal           SI    -      S
audit             SI    -      S
seals             SI    -      S
lanes             SIUD  -      S
parked            SIUD  -      S
unreadable        SIUD  -      S
timers            SIUD  -      S
deliveries        SIU   -      S
progress          SIU   -      S
tallies           SIUD  -      S
timer_generations U     -      -
"""
"""S select, I insert, U update (of a sequence: use), D delete. A table that is not here is the owner's alone."""

_AGGREGATE = {APP: "SIU", RELAY: "-", REPORT: "S"}
_FORGOTTEN = {**_AGGREGATE, APP: "SIUD"}

HIDDEN: Mapping[str, frozenset[str]] = {
    "unreadable": frozenset({"key", "headers", "value"}),
    "parked": frozenset({"message"}),
    "deliveries": frozenset({"address"}),
    "audit": frozenset({"purpose"}),
}
"""Columns that the role `report` does not see."""

APPEND_ONLY = ("journal", "audit", "seals")
"""What is written here stays: not even the owner may change it in passing (it could grant itself the right again)."""

_WORDS = {"S": "SELECT", "I": "INSERT", "U": "UPDATE", "D": "DELETE"}
_SEQUENCES = frozenset({"timer_generations"})
_LOCK = 0x6362_0004

_HERE = """
SELECT current_database() AS database,
       (SELECT array_agg(rolname::text) FROM pg_roles
        WHERE rolname::text = ANY(SELECT current_database() || '_' || unnest($1::text[]))) AS roles"""

_COLUMNS = """
SELECT attname::text FROM pg_attribute
WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum"""

_MIGHTY = "SELECT has_table_privilege('journal', 'UPDATE, DELETE, TRUNCATE')"


@dataclass(frozen=True, slots=True)
class Table:
    """A table or sequence with the letters of each role, its columns, and those hidden from reports."""

    name: str
    letters: Mapping[str, str]
    columns: Sequence[str] = ()
    hidden: frozenset[str] = frozenset()


async def grant(connection: Connection, service: Service) -> bool:
    """Give each role of this database its rights and take all others. False where there are no such roles.

    `connection` is the owner's. Safe while other copies run: what they may do they may all the time.
    """
    here = await connection.fetchrow(_HERE, list(ROLES))
    if here is None or len(here["roles"] or ()) < len(ROLES):
        return False
    tables = [await _described(connection, table) for table in declared(service)]
    async with connection.transaction():
        # Two that grant at once fail with "tuple concurrently updated".
        await connection.execute("SELECT pg_advisory_xact_lock($1, 0)", _LOCK)
        for statement in statements(here["database"], tables):
            await connection.execute(statement)
    return True


async def refuse_might(connection: Connection, dsn: str) -> None:
    """Raise CannotStart if the pipeline's user could change the journal, unless the database is on this machine."""
    if not on_loopback(dsn) and await connection.fetchval(_MIGHTY):
        raise CannotStart(
            "the user of CASEBUS_DATABASE may change the journal: name the role `<database>_app` there and the owner "
            "in CASEBUS_DATABASE_OWNER (`python -m casebus_deploy.databases` makes them)"
        )


def declared(service: Service) -> list[Table]:
    """Every table of a service with its rights, in the order in which they are written above."""
    _, *rows = RIGHTS.strip().splitlines()
    own = [_row(row) for row in rows]
    aggregates = (*service.tables, *service.replica_tables)
    forgotten = {cls for cls, _ in service.forgets}
    return own + [
        Table(cls.TABLE, _FORGOTTEN if cls in forgotten else _AGGREGATE, hidden=cls.PERSONAL) for cls in aggregates
    ]


def statements(database: str, tables: Sequence[Table]) -> Iterator[str]:
    """The GRANTs and REVOKEs. `tables` have their columns."""
    names = {role: _quoted(f"{database}_{role}") for role in ROLES}
    others = ", ".join(names[role] for role in (APP, RELAY, REPORT))
    yield "REVOKE ALL ON SCHEMA public FROM PUBLIC"
    yield f"GRANT USAGE ON SCHEMA public TO {others}"
    for table in tables:
        kind = "SEQUENCE" if table.name in _SEQUENCES else "TABLE"
        yield f"REVOKE ALL ON {kind} {table.name} FROM PUBLIC, {others}"
        for role, letters in table.letters.items():
            if letters != "-":
                yield f"GRANT {_rights(table, role, letters)} ON {kind} {table.name} TO {names[role]}"
    for name in APPEND_ONLY:
        yield f"REVOKE UPDATE, DELETE, TRUNCATE ON {name} FROM {names[OWNER]}"


def on_loopback(dsn: str) -> bool:
    """Whether the server of a connection text is this machine."""
    host = urlsplit(dsn).hostname or "localhost"
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _row(row: str) -> Table:
    name, *cells = row.split()
    return Table(name, dict(zip((APP, RELAY, REPORT), cells, strict=True)), hidden=HIDDEN.get(name, frozenset()))


async def _described(connection: Connection, table: Table) -> Table:
    columns = [row["attname"] for row in await connection.fetch(_COLUMNS, table.name)]
    if missing := table.hidden - set(columns):
        raise CannotStart(f"table {table.name} lacks {', '.join(sorted(missing))}, which reports must not see")
    return Table(table.name, table.letters, columns, table.hidden)


def _rights(table: Table, role: str, letters: str) -> str:
    if table.name in _SEQUENCES:
        return "USAGE"
    if role == REPORT and table.hidden:
        seen = [_quoted(column) for column in table.columns if column not in table.hidden]
        return f"SELECT ({', '.join(seen)})"
    return ", ".join(_WORDS[letter] for letter in letters)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
