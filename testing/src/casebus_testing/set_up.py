"""`python -m casebus_testing.set_up FOLDER --kafka ADDRESS`: a guest and the topics, before the services start.

FOLDER gets `jwks.json` and `senders.json`; FOLDER/keys gets the guest's private key and `stack.json`, which says to
programs outside where everything is (the addresses of the other options).
"""

import argparse
import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from access.keys import SenderFiles, write_senders
from casebus_deploy.topics import create_topics
from casebus_testing.sample import sample
from casebus_testing.senders import GUEST


def main() -> None:
    """Prepares everything; a second time it changes nothing."""
    parser = argparse.ArgumentParser(prog="python -m casebus_testing.set_up", description="Prepare a broker and keys.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kafka", required=True, help="host:port of the broker from here")
    parser.add_argument("--kafka-outside", required=True, help="host:port of the broker for programs outside")
    parser.add_argument("--service", action="append", default=[], metavar="NAME=HOST:PORT", help="a door from outside")
    options = parser.parse_args()
    files = write_senders(options.folder, [GUEST])
    made = asyncio.run(create_topics(options.kafka, [GUEST.name]))
    doors = dict(service.split("=", 1) for service in options.service)
    stack = json.dumps(places(files, options.kafka_outside, doors), indent=2)
    (options.folder / "keys" / "stack.json").write_text(stack + "\n")
    print(f"{len(made)} topics made")


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
