"""Makes the database of a service and its four roles. What each role may do is granted by the service when it starts.

`python -m casebus_deploy.databases --admin DSN NAME...` makes those that are missing; passwords by role name (such as
`intake_app`) in the JSON file of CASEBUS_ROLE_PASSWORDS, where the server asks for them.
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

ROLES = ("owner", "app", "relay", "report")

# What the server logs of a failed statement may hold the values of a row.
_QUIET = (
    "ALTER ROLE {app} SET log_min_messages = 'fatal'",
    "ALTER ROLE {app} SET log_error_verbosity = 'terse'",
    "ALTER ROLE {owner} SET log_error_verbosity = 'terse'",
)
_CLOSED = (
    "ALTER DATABASE {database} OWNER TO {owner}",
    "REVOKE ALL ON DATABASE {database} FROM PUBLIC",
    "GRANT CONNECT ON DATABASE {database} TO {owner}, {app}, {relay}, {report}",
)


def create_roles(admin: str, database: str, passwords: Mapping[str, str] | None = None) -> dict[str, str]:
    """Makes the roles of an existing database, closes it to all others, and returns a connection text for each role.

    `admin`: connection text of a superuser. `passwords` by role name; a role without one gets none. A second
    call sets the passwords anew and changes nothing else.
    """
    given = passwords or {}
    names = {role: f"{database}_{role}" for role in ROLES}
    identifiers = {role: sql.Identifier(name) for role, name in names.items()}
    with psycopg.connect(admin, autocommit=True) as connection:
        there = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles").fetchall()}
        for name in names.values():
            _make_role(connection, name, given.get(name), "ALTER" if name in there else "CREATE")
        for statement in _QUIET + _CLOSED:
            connection.execute(sql.SQL(statement).format(database=sql.Identifier(database), **identifiers))
    return {role: dsn_of(admin, database, name, given.get(name)) for role, name in names.items()}


def create_database(admin: str, database: str) -> bool:
    """Makes the database; False if it was there."""
    with psycopg.connect(admin, autocommit=True) as connection:
        try:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
        except psycopg.errors.DuplicateDatabase:
            return False
    return True


def drop_roles(admin: str, database: str) -> None:
    """Takes the roles of a database away that is gone."""
    with psycopg.connect(admin, autocommit=True) as connection:
        for role in ROLES:
            connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(f"{database}_{role}")))


def dsn_of(admin: str, database: str, user: str, password: str | None) -> str:
    """The connection text of a user to a database on the server of `admin`."""
    parts = urlsplit(admin)
    who = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "")
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, f"{who}@{place}", f"/{database}", parts.query, ""))


def _make_role(
    connection: "psycopg.Connection[tuple[object, ...]]", name: str, password: str | None, verb: str
) -> None:
    statement = sql.SQL("{} ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD {}")
    secret = sql.NULL if password is None else sql.Literal(password)
    connection.execute(statement.format(sql.SQL(verb), sql.Identifier(name), secret))


def main() -> int:
    """Exit status 0 when every database and role is there."""
    parser = argparse.ArgumentParser(prog="python -m casebus_deploy.databases", description=__doc__)
    parser.add_argument("--admin", default=os.environ.get("CASEBUS_POSTGRES"), help="superuser (CASEBUS_POSTGRES)")
    parser.add_argument("names", nargs="+", metavar="NAME")
    options = parser.parse_args()
    if not options.admin:
        parser.error("--admin is needed")
    file = os.environ.get("CASEBUS_ROLE_PASSWORDS")
    passwords: dict[str, str] = json.loads(Path(file).read_text()) if file else {}
    try:
        for name in options.names:
            made = create_database(options.admin, name)
            create_roles(options.admin, name, passwords)
            print(f"{name}: {'made' if made else 'was there'}, with its roles")
    except psycopg.Error as error:
        print(f"casebus_deploy: {type(error).__name__}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
