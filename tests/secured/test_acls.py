"""Who may do what at the broker: every cell of the table is tried, and compared with what the contracts say."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)
from pydantic import SecretStr
from trespass import Visitor, each

from casebus_contracts import COMMANDS, FACTS, READERS, all_topics
from casebus_contracts.base import DataClass
from casebus_contracts.fields import data_classes
from casebus_deploy.acl_page import PAGE, SENDERS, page
from casebus_deploy.acls import Act, Right, all_rights, grant_rights
from casebus_deploy.topics import create_topics
from casebus_deploy.users import create_users
from casebus_testing.stack import Stack
from intake.handlers import SERVICE as INTAKE
from notifications.handlers import SERVICE as NOTIFICATIONS
from staffing.handlers import SERVICE as STAFFING

ROOT = Path(__file__).parents[2]
PREFIX = "acl."
SERVICES = ("intake", "notifications", "staffing")
SENDER_USERS = ("guest", "clinic")
USERS = (*SERVICES, *SENDER_USERS, "operator", "stranger")
TOPICS = frozenset(topic.name for topic in all_topics(SENDER_USERS))
Cells = set[tuple[str, str]]
PUBLIC = {"region.upserted", "county.upserted", "holiday.upserted", "election_deadline.upserted", "reason.upserted"}


def admin_of(stack: Stack) -> AdminClient:
    return AdminClient({**stack.login.librdkafka(), "bootstrap.servers": stack.kafka, "log_level": 0})


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def visitors(secured_stack: Stack) -> dict[str, Visitor]:
    """Everybody with the rights of the page, and a stranger with none; each topic holds a record."""
    admin = admin_of(secured_stack)
    await create_topics(secured_stack.kafka, SENDER_USERS, PREFIX, login=secured_stack.login)
    create_users(admin, {PREFIX + user: f"password of {user}" for user in USERS})
    grant_rights(admin, all_rights(SENDERS, PREFIX))
    topics = {PREFIX + topic for topic in TOPICS}
    assert Visitor(secured_stack, secured_stack.login).may_write(topics) == topics
    logins = {
        user: replace(secured_stack.login, user=PREFIX + user, password=SecretStr(f"password of {user}"))
        for user in USERS
    }
    return {user: Visitor(secured_stack, login) for user, login in logins.items()}


async def tried(visitors: dict[str, Visitor], act: Callable[[Visitor], Iterable[str]]) -> Cells:
    """(user, thing without prefix) for everything that went."""
    got = await asyncio.gather(*(asyncio.to_thread(act, visitor) for visitor in visitors.values()))
    return each(
        {user: {name.removeprefix(PREFIX) for name in names} for user, names in zip(visitors, got, strict=True)}
    )


async def test_written_is_what_the_contracts_say_and_nothing_else(visitors: dict[str, Visitor]) -> None:
    expected = {(fact.OWNER, topic) for topic, fact in FACTS.items()}
    expected |= {(service, f"receipts.{sender}") for service in SERVICES for sender in SENDER_USERS}
    expected |= {(service, f"{service}.dead") for service in SERVICES}
    expected |= {("guest", f"{command.SERVICE}.commands") for command in COMMANDS.values()}
    expected |= {("clinic", "intake.commands")}

    assert await tried(visitors, lambda visitor: visitor.may_write({PREFIX + topic for topic in TOPICS})) == expected


async def test_read_is_what_the_contracts_say_and_nothing_else(visitors: dict[str, Visitor]) -> None:
    expected = {(service, f"{service}.commands") for service in SERVICES}
    expected |= {(reader, topic) for topic, readers in READERS.items() for reader in readers}
    expected |= {(sender, f"receipts.{sender}") for sender in SENDER_USERS}
    expected |= {("guest", topic) for topic in FACTS}
    expected |= {("clinic", topic) for topic in PUBLIC}
    expected |= {("operator", topic) for topic in TOPICS if not topic.endswith(".commands")}

    assert await tried(visitors, lambda visitor: visitor.may_read({PREFIX + topic for topic in TOPICS})) == expected


async def test_a_service_deletes_its_own_commands_and_nobody_anything_else(visitors: dict[str, Visitor]) -> None:
    expected = {(service, f"{service}.commands") for service in SERVICES}

    assert await tried(visitors, lambda visitor: visitor.may_delete({PREFIX + topic for topic in TOPICS})) == expected


async def test_a_service_is_in_its_own_group_alone(visitors: dict[str, Visitor]) -> None:
    groups = {PREFIX + name for name in (*SERVICES, "other")} | set(SERVICES)
    own = {user: PREFIX + (f"{user}.commands" if user in SERVICES else "region.upserted") for user in visitors}

    joined = await tried(
        visitors, lambda visitor: visitor.may_join(groups, own[visitor.login.user.removeprefix(PREFIX)])
    )

    assert joined == {(service, service) for service in SERVICES}


async def test_the_operator_sees_every_topic_and_a_stranger_none(visitors: dict[str, Visitor]) -> None:
    seen = {user: visitors[user].may_see() for user in ("operator", "stranger")}

    assert {name.removeprefix(PREFIX) for name in seen["operator"]} >= TOPICS
    assert seen["stranger"] == set()


def test_the_page_is_as_the_contracts_are() -> None:
    assert (ROOT / PAGE).read_text("utf-8") == page(), "run `make docs`"


@pytest.mark.parametrize("service", [INTAKE, NOTIFICATIONS, STAFFING], ids=lambda service: service.name)
def test_what_a_service_handles_is_what_it_may_read(service) -> None:
    rights = [right for right in all_rights({}) if right.user == service.name and right.act is Act.READ]

    assert {right.name for right in rights if right.resource == "topic"} == set(service.topics)


def test_public_to_a_sender_is_what_holds_no_internal_field() -> None:
    public = {name for name, fact in FACTS.items() if set(data_classes(fact).values()) == {DataClass.PUBLIC}}

    assert public == PUBLIC


@pytest.mark.parametrize("name", ["intake", "operator", "admin"])
def test_a_sender_cannot_take_the_name_of_another_user(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        all_rights({name: {"may_send": ["*"]}})


def test_what_is_no_longer_declared_or_was_given_by_hand_is_taken_away(secured_stack: Stack) -> None:
    admin, topic = admin_of(secured_stack), (ResourceType.TOPIC, "gone.topic", ResourcePatternType.LITERAL)
    by_hand = AclBinding(*topic, "User:gone.stranger", "*", AclOperation.WRITE, AclPermissionType.ALLOW)
    reads = Right("gone.staffing", Act.READ, "gone.topic")
    grant_rights(admin, [reads, replace(reads, act=Act.WRITE)])
    admin.create_acls([by_hand])[by_hand].result(10)

    assert grant_rights(admin, [reads]) == (0, 2)

    everything = AclBindingFilter(*topic, None, None, AclOperation.ANY, AclPermissionType.ANY)
    (left,) = admin.describe_acls(everything).result(10)
    assert (left.principal, left.operation) == ("User:gone.staffing", AclOperation.READ)
