"""Before anything is consumed: the broker answers, and every topic is there with the partitions it should have."""

import asyncio
import time
from collections.abc import Mapping

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from chassis.failures import CannotStart

_PAUSE_SECONDS = 0.2


async def wait_for_kafka(bootstrap: str, topics: Mapping[str, int | None], deadline_seconds: float) -> None:
    """Wait until `topics` (name to expected partitions, None = any) exist. Raises CannotStart in one sentence."""
    give_up = time.monotonic() + deadline_seconds
    problem = ""
    while time.monotonic() < give_up:
        problem = await _problem(bootstrap, topics)
        if not problem:
            return
        await asyncio.sleep(_PAUSE_SECONDS)
    raise CannotStart(problem)


async def _problem(bootstrap: str, topics: Mapping[str, int | None]) -> str:
    host, _, port = bootstrap.split(",")[0].rpartition(":")
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(host, int(port)), 5)
        writer.close()
    except (OSError, TimeoutError):
        return f"no Kafka listens at {bootstrap}: start it (`make up`) or set CASEBUS_KAFKA"
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=5000)
    try:
        await client.start()
        described = await client.describe_topics(list(topics))
    except (KafkaError, OSError, TimeoutError) as error:
        return f"Kafka at {bootstrap} does not answer ({type(error).__name__}): still starting, or wrong credentials?"
    finally:
        await client.close()
    return _compare(topics, {each["topic"]: len(each["partitions"]) for each in described if not each["error_code"]})


def _compare(wanted: Mapping[str, int | None], there: Mapping[str, int]) -> str:
    if missing := sorted(set(wanted) - set(there)):
        return f"Kafka lacks the topics {', '.join(missing)}: create them with `python -m casebus_deploy`"
    for topic, partitions in wanted.items():
        if partitions is not None and there[topic] != partitions:
            return f"topic {topic} has {there[topic]} partitions, declared are {partitions}"
    return ""
