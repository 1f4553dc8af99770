"""Before anything is consumed: the broker answers, and every topic is there with the partitions it should have."""

import asyncio
import time
from collections.abc import Mapping

import structlog
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from chassis.failures import CannotStart
from chassis.login import NOBODY, KafkaLogin

log = structlog.get_logger()

_PAUSE_SECONDS = 0.2
_NOT_ALLOWED = 29  # TOPIC_AUTHORIZATION_FAILED: of a topic that is not there, too


async def wait_for_kafka(
    bootstrap: str, topics: Mapping[str, int | None], deadline_seconds: float, login: KafkaLogin = NOBODY
) -> None:
    """Wait until `topics` (name to expected partitions, None = any) exist. Raises CannotStart in one sentence."""
    give_up = time.monotonic() + deadline_seconds
    problem, told = "", ""
    while time.monotonic() < give_up:
        problem = await _problem(bootstrap, topics, login)
        if not problem:
            return
        if problem != told:
            log.warning("waiting for Kafka", reason=problem)
        told = problem
        await asyncio.sleep(_PAUSE_SECONDS)
    raise CannotStart(problem)


async def _problem(bootstrap: str, topics: Mapping[str, int | None], login: KafkaLogin) -> str:
    host, _, port = bootstrap.split(",")[0].rpartition(":")
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(host, int(port)), 5)
        writer.close()
    except (OSError, TimeoutError):
        return f"no Kafka listens at {bootstrap}: start it (`make up`) or set CASEBUS_KAFKA"
    try:
        client = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=5000, **login.aiokafka())
    except OSError as error:
        return f"CASEBUS_KAFKA_TLS_CA cannot be read ({type(error).__name__})"
    try:
        await client.start()
        described = await client.describe_topics(list(topics))
    except (KafkaError, OSError, TimeoutError):
        return login.not_let_in(bootstrap)
    finally:
        await client.close()
    if hidden := sorted(each["topic"] for each in described if each["error_code"] == _NOT_ALLOWED):
        return f"Kafka shows {login.user or 'us'} no {', '.join(hidden)}: `python -m casebus_deploy` makes and grants"
    return _compare(topics, {each["topic"]: len(each["partitions"]) for each in described if not each["error_code"]})


def _compare(wanted: Mapping[str, int | None], there: Mapping[str, int]) -> str:
    if missing := sorted(set(wanted) - set(there)):
        return f"Kafka lacks the topics {', '.join(missing)}: create them with `python -m casebus_deploy`"
    for topic, partitions in wanted.items():
        if partitions is not None and there[topic] != partitions:
            return f"topic {topic} has {there[topic]} partitions, declared are {partitions}"
    return ""
