"""`python -m casebus_deploy`: makes the topics on the broker of CASEBUS_KAFKA."""

import argparse
import asyncio
import json
import os
import sys
from pathlib import Path

from confluent_kafka import KafkaException

from casebus_deploy.topics import TopicsDiffer, create_topics


def main() -> int:
    """Exit status 0 when every topic is as declared."""
    parser = argparse.ArgumentParser(prog="python -m casebus_deploy", description="Make the topics of casebus.")
    parser.add_argument("--kafka", default=os.environ.get("CASEBUS_KAFKA"), help="host:port (CASEBUS_KAFKA)")
    parser.add_argument("--senders", default=os.environ.get("CASEBUS_SENDERS"), help="their file (CASEBUS_SENDERS)")
    parser.add_argument("--prefix", default=os.environ.get("CASEBUS_TOPIC_PREFIX", ""), help="in front of every name")
    parser.add_argument("--replicas", type=int, default=1, help="copies of every partition")
    options = parser.parse_args()
    if not options.kafka or not options.senders:
        parser.error("--kafka and --senders are needed")
    senders = list(json.loads(Path(options.senders).read_text()))
    try:
        made = asyncio.run(create_topics(options.kafka, senders, options.prefix, replicas=options.replicas))
    except (TopicsDiffer, KafkaException) as error:
        print(f"casebus_deploy: {error}", file=sys.stderr)
        return 1
    print(f"{len(made)} topics made", *made, sep="\n  ")
    return 0


if __name__ == "__main__":
    sys.exit(main())
