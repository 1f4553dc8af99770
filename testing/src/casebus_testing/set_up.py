"""`python -m casebus_testing.set_up FOLDER NAME=DOOR...`: what services in containers need before they start.

Databases with their roles, topics, and a guest. FOLDER gets `jwks.json` and `senders.json`; FOLDER/keys gets the
guest's private key and `stack.json`, which says to programs outside where everything is. In the environment:
CASEBUS_KAFKA, CASEBUS_KAFKA_OUTSIDE (host:port from here and from outside), CASEBUS_POSTGRES (connection text of the
superuser), CASEBUS_ROLE_PASSWORD (of every role).
"""

import argparse
import asyncio
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from access.keys import SenderFiles, write_senders
from casebus_deploy.databases import ROLES, create_database, create_roles
from casebus_deploy.topics import create_topics
from casebus_testing.sample import sample
from casebus_testing.senders import GUEST


def main() -> None:
    """Prepares everything; a second time it changes nothing."""
    parser = argparse.ArgumentParser(prog="python -m casebus_testing.set_up", description="Prepare servers and keys.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("doors", nargs="+", metavar="NAME=HOST:PORT", help="a service and its door from outside")
    options = parser.parse_args()
    doors = dict(door.split("=", 1) for door in options.doors)
    for service in doors:
        make_database(os.environ["CASEBUS_POSTGRES"], service, os.environ["CASEBUS_ROLE_PASSWORD"])
    made = asyncio.run(create_topics(os.environ["CASEBUS_KAFKA"], [GUEST.name]))
    files = write_senders(options.folder, [GUEST])
    stack = json.dumps(places(files, os.environ["CASEBUS_KAFKA_OUTSIDE"], doors), indent=2)
    (options.folder / "keys" / "stack.json").write_text(stack + "\n")
    print(f"{len(doors)} databases and {len(made)} new topics")


def make_database(admin: str, service: str, password: str) -> None:
    """A database with its roles, all with one password."""
    create_database(admin, service)
    create_roles(admin, service, {f"{service}_{role}": password for role in ROLES})


def places(files: SenderFiles, kafka: str, doors: Mapping[str, str]) -> dict[str, Any]:
    """What `stack.json` says; the key files lie beside it."""
    return {
        "kafka": {"bootstrap": kafka, "topic_prefix": ""},
        "services": {name: {"http": f"http://{door}"} for name, door in doors.items()},
        "senders": {name: {"signing_key_file": path.name} for name, path in files.signing_keys.items()},
        "sample": sample().described(),
    }


if __name__ == "__main__":
    main()
