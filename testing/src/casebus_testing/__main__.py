"""`python -m casebus_testing up | down`: the whole system in the background, with the sample directory loaded."""

import argparse
import asyncio
import os
import sys
from pathlib import Path

import asyncpg

from casebus_cli.errors import CliError
from casebus_cli.main import main as casebus
from casebus_testing import places
from casebus_testing.sample import DIRECTORY
from casebus_testing.stack import StackError, end_run
from casebus_testing.system import System
from casebus_testing.waiting import eventually

RUN_DIR = Path(".run")
DIRECTORY_SECONDS = 30.0


def main() -> int:
    """Exit status 0, or 1 with one sentence about what is missing."""
    parser = argparse.ArgumentParser(prog="python -m casebus_testing", description=__doc__)
    parser.add_argument("what", choices=("up", "down"))
    parser.add_argument("--run-dir", type=Path, default=RUN_DIR, help="where data, logs and stack.json lie")
    options = parser.parse_args()
    try:
        return {"up": up, "down": down}[options.what](options.run_dir)
    except (StackError, CliError) as error:
        print(f"casebus: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def up(run_dir: Path) -> int:
    """Starts everything, loads the sample directory, and leaves it running."""
    system = asyncio.run(System.launch(run_dir, background=True, secure=bool(os.environ.get("SECURE"))))
    stack_file = str(system.run_dir / places.NAME)
    status = casebus(["bootstrap", "--stack", stack_file, str(DIRECTORY)])
    asyncio.run(_directory_everywhere(system))
    system.release()
    print(_addresses(system))
    return status


async def _directory_everywhere(system: System) -> None:
    """The first command after `up` must find its actor: wait until every service has the staff that staffing has."""
    connections = [await asyncpg.connect(system.database(service)) for service in system.processes]

    async def same() -> bool:
        return len({await each.fetchval("SELECT count(*) FROM staff") for each in connections}) == 1

    try:
        await eventually(same, within=DIRECTORY_SECONDS, what="the directory has reached every service")
    finally:
        for each in connections:
            await each.close()


def down(run_dir: Path) -> int:
    """Ends what `up` started in this directory, and nothing else."""
    ended = end_run(run_dir)
    places.remove(run_dir.resolve())
    print("casebus is down." if ended else f"Nothing of casebus runs in {run_dir}.")
    return 0


def _addresses(system: System) -> str:
    doors = [f"  {name:<14}{process.http}" for name, process in system.processes.items()]
    mail = [f"  {'mail':<14}{system.mailbox}"]
    kafka = [f"  {'kafka':<14}{system.stack.kafka}"]
    return "\n".join(["casebus is up; `make down` ends it.", *doors, *kafka, *mail, f"  all of it in {_file(system)}"])


def _file(system: System) -> Path:
    return system.run_dir / places.NAME


if __name__ == "__main__":
    sys.exit(main())
