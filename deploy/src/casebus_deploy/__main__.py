"""`python -m casebus_deploy`: makes the topics on the broker of CASEBUS_KAFKA, and who may do what there.

Logged in as an administrator (CASEBUS_KAFKA_USER, CASEBUS_KAFKA_PASSWORD_FILE, CASEBUS_KAFKA_TLS_CA) it gives every
service and sender its rights and takes away what is no longer declared; a broker without users has no rights to give.
"""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from casebus_deploy.acls import all_rights, grant_rights
from casebus_deploy.topics import TopicsDiffer, create_topics
from casebus_deploy.users import create_users
from chassis.failures import CannotStart
from chassis.login import KafkaLogin, KafkaSettings


def main() -> int:
    """Exit status 0 when every topic and right is as declared."""
    options = _parser().parse_args()
    if not options.kafka or not options.senders:
        _parser().error("--kafka and --senders are needed")
    try:
        _deploy(options, json.loads(Path(options.senders).read_text()), KafkaSettings().kafka_login)
    except (TopicsDiffer, KafkaException, CannotStart, OSError, ValueError) as error:
        print(f"casebus_deploy: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m casebus_deploy", description="Make the topics of casebus.")
    parser.add_argument("--kafka", default=os.environ.get("CASEBUS_KAFKA"), help="host:port (CASEBUS_KAFKA)")
    parser.add_argument("--senders", default=os.environ.get("CASEBUS_SENDERS"), help="their file (CASEBUS_SENDERS)")
    parser.add_argument("--prefix", default=os.environ.get("CASEBUS_TOPIC_PREFIX", ""), help="in front of every name")
    parser.add_argument("--replicas", type=int, default=1, help="copies of every partition")
    parser.add_argument("--passwords", type=Path, help="a folder: makes the users its files are named after")
    return parser


def _deploy(options: argparse.Namespace, senders: Mapping[str, Mapping[str, Any]], login: KafkaLogin) -> None:
    made = asyncio.run(create_topics(options.kafka, senders, options.prefix, replicas=options.replicas, login=login))
    print(f"{len(made)} topics made", *made, sep="\n  ")
    if not login.user:
        return
    client = AdminClient({**login.librdkafka(), "bootstrap.servers": options.kafka, "log_level": 0})
    if options.passwords:
        passwords = {file.name: file.read_text().strip() for file in sorted(options.passwords.iterdir())}
        create_users(client, passwords)
        print(f"users made: {', '.join(passwords)}")
    given, taken = grant_rights(client, all_rights(senders, options.prefix))
    print(f"{given} rights given, {taken} taken away")


if __name__ == "__main__":
    sys.exit(main())
