"""`stack.json`: where everything of a running system is, for command line, testers and other programs."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from casebus_testing.sample import sample

if TYPE_CHECKING:
    from casebus_testing.system import System

NAME = "stack.json"


def write(system: "System") -> Path:
    """Writes the places of a system into its run directory, whole or not at all."""
    path = system.run_dir / NAME
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(describe(system), indent=2) + "\n")
    temporary.replace(path)
    return path


def remove(run_dir: Path) -> None:
    """A system that is down has no places."""
    (run_dir / NAME).unlink(missing_ok=True)


def describe(system: "System") -> dict[str, Any]:
    """The content of the file, as the interface page of the project fixes it."""
    host, _, port = system.smtp.rpartition(":")
    return {
        "kafka": {"bootstrap": system.stack.kafka, "topic_prefix": system.prefix, **system.users.overview()},
        "services": {
            name: {
                "http": process.http,
                "database": process.database,
                "report": system.database(process.service, "report"),
                "log": str(process.log),
                "pid": process.running.pid if process.running else None,
            }
            for name, process in system.processes.items()
        },
        "smtp": {"host": host, "port": int(port), "mailbox": str(system.mailbox)},
        "jwks": str(system.files.jwks),
        "senders": {
            name: {"signing_key_file": str(path), **system.users.described(name)}
            for name, path in system.files.signing_keys.items()
        },
        "clock_file": str(system.clock.path),
        "sample": sample().described(),
    }
