"""Coming in: what is said to whoever is not let in."""

from dataclasses import replace

import pytest
from pydantic import SecretStr

from casebus_testing.stack import Stack
from chassis.failures import CannotStart
from chassis.login import NOBODY, KafkaLogin
from chassis.start_gate import wait_for_kafka

PATIENCE_SECONDS = 0.5


async def why_not(stack: Stack, login: KafkaLogin, *topics: str) -> str:
    """What a service says that cannot start, without its address."""
    with pytest.raises(CannotStart) as refusal:
        await wait_for_kafka(stack.kafka, dict.fromkeys(topics), PATIENCE_SECONDS, login)
    return str(refusal.value).replace(stack.kafka, "HERE")


async def test_a_wrong_password_is_told_together_with_what_else_it_may_be(secured_stack: Stack) -> None:
    wrong = replace(secured_stack.login, password=SecretStr("not this one"))

    said = await why_not(secured_stack, wrong)

    assert said == "Kafka at HERE does not serve user admin: it is still starting, or user or password is wrong"


async def test_no_user_is_told(secured_stack: Stack) -> None:
    said = await why_not(secured_stack, NOBODY)

    assert said.endswith(
        "does not serve anybody without a user: it is still starting, or it wants a user and a password"
    )


async def test_a_missing_topic_is_told(secured_stack: Stack) -> None:
    assert await why_not(secured_stack, secured_stack.login, "no.such") == (
        "Kafka lacks the topics no.such: create them with `python -m casebus_deploy`"
    )


async def test_who_comes_in_and_finds_everything_starts(secured_stack: Stack) -> None:
    await wait_for_kafka(secured_stack.kafka, {}, 10, secured_stack.login)
