"""Who may do what at the broker: derived from the contracts and the senders file, so that nothing is granted by hand.

A service reads its commands and the facts it handles, writes the facts it owns, every sender's receipts and its own
`dead` topic, deletes commands it has consumed, and is in one consumer group. A sender writes commands of the types it
may send, and reads its receipts and the facts it may see. The operator sees how everything stands, and reads all but
commands. Everything else is refused.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from casebus_contracts.base import COMMANDS, FACTS, DataClass, Fact
from casebus_contracts.fields import data_classes
from casebus_contracts.topics import READERS, services

OPERATOR: Final = "operator"
ADMINISTRATORS: Final = frozenset({"admin", "broker"})
"""Users who may do everything, by the names they have in our own stacks."""
ANY: Final = "*"
REQUEST_SECONDS: Final = 30.0

Sender = Mapping[str, Any]
"""An entry of the senders file: `may_send`, `as_system` (types of command), `may_read` (facts); `*` is all."""


class Act(StrEnum):
    """What can be done. Read, write and delete include describe."""

    READ = "read"
    WRITE = "write"
    DELETE = "delete"
    DESCRIBE = "describe"


class Resource(StrEnum):
    """To what it can be done."""

    TOPIC = "topic"
    GROUP = "group"


@dataclass(frozen=True, slots=True, order=True)
class Right:
    """One thing a user may do. `prefixed`: to everything whose name begins so; an empty name is everything."""

    user: str
    act: Act
    name: str
    resource: Resource = Resource.TOPIC
    prefixed: bool = False

    def under(self, prefix: str) -> "Right":
        """The right where users, topics and groups carry a prefix."""
        return replace(self, user=prefix + self.user, name=prefix + self.name)


def all_rights(senders: Mapping[str, Sender], prefix: str = "") -> list[Right]:
    """Every right there is to be. Raises ValueError for a sender that would have the name of another user."""
    if taken := {*services(), OPERATOR, *ADMINISTRATORS} & set(senders):
        raise ValueError(f"a sender cannot be called {min(taken)}: that is a user of ours")
    rights = [right for service in services() for right in rights_of_service(service)]
    rights += [right for name, sender in senders.items() for right in rights_of_sender(name, sender)]
    return sorted({right.under(prefix) for right in (*rights, *rights_of_operator())})


def rights_of_service(service: str) -> Iterator[Right]:
    """What a service needs to run."""
    yield Right(service, Act.READ, service, Resource.GROUP)
    yield Right(service, Act.READ, f"{service}.commands")
    # Kafka has one right for deleting records and for deleting the topic.
    yield Right(service, Act.DELETE, f"{service}.commands")
    yield Right(service, Act.WRITE, f"{service}.dead")
    yield Right(service, Act.WRITE, "receipts.", prefixed=True)
    yield from (Right(service, Act.READ, topic) for topic, readers in READERS.items() if service in readers)
    yield from (Right(service, Act.WRITE, fact.TOPIC) for fact in FACTS.values() if fact.OWNER == service)


def rights_of_sender(name: str, sender: Sender) -> Iterator[Right]:
    """What a sender needs: without groups, since it reads by itself."""
    sent = {*sender.get("may_send", ()), *sender.get("as_system", ())}
    owners = {command.SERVICE for command in COMMANDS.values() if command.TYPE in sent or ANY in sent}
    yield from (Right(name, Act.WRITE, f"{owner}.commands") for owner in owners)
    yield Right(name, Act.READ, f"receipts.{name}")
    read = set(sender.get("may_read", ()))
    yield from (
        Right(name, Act.READ, fact.TOPIC)
        for fact in FACTS.values()
        if fact.TOPIC in read or ANY in read or is_public(fact)
    )


def rights_of_operator() -> Iterator[Right]:
    """What somebody needs who looks after the system. Commands hold personal data and have one reader each."""
    yield Right(OPERATOR, Act.DESCRIBE, "", prefixed=True)
    yield Right(OPERATOR, Act.DESCRIBE, "", Resource.GROUP, prefixed=True)
    yield Right(OPERATOR, Act.READ, "receipts.", prefixed=True)
    yield from (Right(OPERATOR, Act.READ, f"{service}.dead") for service in services())
    yield from (Right(OPERATOR, Act.READ, fact.TOPIC) for fact in FACTS.values())


def is_public(fact: type[Fact]) -> bool:
    """Whether a fact holds nothing but public fields."""
    return set(data_classes(fact).values()) == {DataClass.PUBLIC}


def grant_rights(client: AdminClient, rights: Iterable[Right]) -> tuple[int, int]:
    """Makes the rights on the broker exactly these; returns how many were given and how many taken away.

    Judged is whatever their users may do, and whatever anybody may do to what they name: a right given by hand to one
    of our topics goes. `client` is logged in as an administrator. Raises KafkaException.
    """
    wanted = {_fields(right): _binding(right) for right in rights}
    users, things = {fields[0] for fields in wanted}, {fields[1:4] for fields in wanted}
    everything = client.describe_acls(_filter(), request_timeout=REQUEST_SECONDS).result()
    there = {_fields_of(one): one for one in everything}
    new = [binding for fields, binding in wanted.items() if fields not in there]
    gone = [fields for fields in there.keys() - wanted.keys() if fields[0] in users or fields[1:4] in things]
    _done(client.create_acls(new, request_timeout=REQUEST_SECONDS) if new else {})
    _done(client.delete_acls([_filter(*fields) for fields in gone], request_timeout=REQUEST_SECONDS) if gone else {})
    return len(new), len(gone)


def revoke_rights(client: AdminClient, users: Iterable[str]) -> None:
    """Takes every right of these users away."""
    filters = [_filter(f"User:{user}") for user in users]
    _done(client.delete_acls(filters, request_timeout=REQUEST_SECONDS) if filters else {})


_RESOURCES: Final = {Resource.TOPIC: ResourceType.TOPIC, Resource.GROUP: ResourceType.GROUP}
_OPERATIONS: Final = {
    Act.READ: AclOperation.READ,
    Act.WRITE: AclOperation.WRITE,
    Act.DELETE: AclOperation.DELETE,
    Act.DESCRIBE: AclOperation.DESCRIBE,
}


def _binding(right: Right) -> AclBinding:
    principal, resource, name, pattern, operation, host, permission = _fields(right)
    return AclBinding(resource, name, pattern, principal, host, operation, permission)


def _fields(right: Right) -> tuple[Any, ...]:
    """The principal first, then what makes a binding equal to another."""
    everything = right.prefixed and not right.name
    pattern = ResourcePatternType.PREFIXED if right.prefixed and right.name else ResourcePatternType.LITERAL
    name = ANY if everything else right.name
    operation, permission = _OPERATIONS[right.act], AclPermissionType.ALLOW
    return f"User:{right.user}", _RESOURCES[right.resource], name, pattern, operation, ANY, permission


def _fields_of(binding: AclBinding) -> tuple[Any, ...]:
    pattern, operation = binding.resource_pattern_type, binding.operation
    return binding.principal, binding.restype, binding.name, pattern, operation, binding.host, binding.permission_type


def _filter(
    principal: str | None = None,
    resource: ResourceType = ResourceType.ANY,
    name: str | None = None,
    pattern: ResourcePatternType = ResourcePatternType.ANY,
    operation: AclOperation = AclOperation.ANY,
    host: str | None = None,
    permission: AclPermissionType = AclPermissionType.ANY,
) -> AclBindingFilter:
    """What matches these fields; whatever is left out matches all."""
    fields: Any = (resource, name, pattern, principal, host, operation, permission)
    return AclBindingFilter(*fields)


def _done(futures: Mapping[Any, Any]) -> None:
    for future in futures.values():
        future.result(REQUEST_SECONDS)
