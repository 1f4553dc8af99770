"""People as far as they have an id: what is known of each, who is likely the same person, who was merged.

Nobody checks names and numbers against another system (I-06): they are typed by hand, so one person may
come under two ids. A merge lets everything of the one follow the other; nothing is rewritten. What kept the
old id belongs to the survivor, whose `absorbed` lists every id that ever came to it, over any number of merges.
"""

import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from access.directory import Staff
from access.matrix import Ability, may
from casebus_contracts import Client, ClientMerged, ClientRecorded, CreateRequest, MergeClients, UpdateRequest
from chassis.rules import Aggregate, Decision, decide, invalid, refuse, replace, unchanged
from intake.request import KeptClient

_DETAILS = ("last_name", "first_name", "middle", "birth_date", "dcn", "phone")


@dataclass(frozen=True, slots=True)
class KnownClient(Aggregate):
    """A client by id, as last typed in. `name_key` and `phone_key` are for finding likely duplicates."""

    NAME: ClassVar[str] = "client"
    TABLE: ClassVar[str] = "clients"
    PERSONAL: ClassVar[frozenset[str]] = frozenset({*_DETAILS, "name_key", "phone_key", "merge_reason"})

    last_name: str
    first_name: str
    middle: str | None = None
    birth_date: date | None = None
    dcn: str | None = None
    phone: str | None = None
    name_key: str = ""
    phone_key: str | None = None
    merged_into: str | None = None
    absorbed: tuple[str, ...] = ()
    merge_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a request changes in what is known of its client."""

    states: tuple[KnownClient, ...] = ()
    facts: tuple[ClientRecorded, ...] = ()


def named(command: CreateRequest | UpdateRequest, actor: str, now: datetime) -> str | None:
    """The id of the client a command names, if it does."""
    return command.client.client_id if command.client else None


def recorded(client: KnownClient | None, given: Client | None, actor: Staff, now: datetime) -> Recorded:
    """What is typed in now replaces what was; what is not typed in stays. A merged client changes no more."""
    if given is None or given.client_id is None or (client is not None and client.merged_into is not None):
        return Recorded()
    told = {name: value for name in _DETAILS if (value := getattr(given, name)) is not None}
    wanted = _keyed(replace(client, **told) if client else KnownClient(given.client_id, **told))
    if wanted == client:
        return Recorded()
    return Recorded((wanted,), (ClientRecorded(client_id=wanted.id, by=actor.id, at=now),))


def identified(given: Client | None, client: KnownClient | None, same: str | None = None) -> KeptClient | None:
    """The client as the request keeps it: under the survivor's id; without an id it is still the `same` one."""
    if given is None:
        return None
    survivor = client.merged_into if client else None
    return KeptClient(**{**given.model_dump(), "client_id": survivor or given.client_id or same})


def merge_clients(
    survivor: KnownClient, merged: KnownClient, command: MergeClients, actor: Staff, now: datetime
) -> Decision:
    """Two ids are one person: everything of `merged` follows `survivor`, whose gaps it fills (I-06)."""
    if denied := may(actor, Ability.MERGE_CLIENTS):
        return refuse(denied)
    if merged.merged_into == survivor.id:
        return unchanged(survivor)
    if survivor.id == merged.id or merged.merged_into is not None:
        return invalid("merged", "is the survivor, or was merged before")
    if survivor.merged_into is not None:
        return invalid("survivor", "was merged before")
    gaps = {name: getattr(merged, name) for name in _DETAILS if getattr(survivor, name) is None}
    absorbed = (*survivor.absorbed, merged.id, *merged.absorbed)
    whole = _keyed(replace(survivor, **gaps, absorbed=absorbed))
    gone = replace(merged, merged_into=survivor.id, absorbed=(), merge_reason=command.reason)
    return decide(
        whole,
        ClientMerged(survivor=survivor.id, merged=merged.id, by=actor.id, at=now),
        ClientRecorded(client_id=merged.id, merged_into=survivor.id, by=actor.id, at=now),
        others=(gone,),
    )


def agreement(one: KnownClient, other: KnownClient) -> tuple[str, ...]:
    """The details in which two clients agree: `dcn`, `name` (spelling and order aside), `birth_date`, `phone`."""
    pairs = (
        ("dcn", one.dcn, other.dcn),
        ("name", one.name_key, other.name_key),
        ("birth_date", one.birth_date, other.birth_date),
        ("phone", one.phone_key, other.phone_key),
    )
    return tuple(name for name, mine, theirs in pairs if mine and mine == theirs)


def likely_same(one: KnownClient, other: KnownClient) -> bool:
    """A number in common decides, another number speaks against; else a name, or birth date and telephone."""
    agree = agreement(one, other)
    if "dcn" in agree:
        return True
    if one.dcn and other.dcn:
        return False
    born_apart = one.birth_date and other.birth_date and "birth_date" not in agree
    if "name" in agree:
        return not born_apart
    return {"birth_date", "phone"} <= set(agree)


def name_key(last_name: str, first_name: str) -> str:
    """Names without accents, case, marks and order, so that they meet however they were typed."""
    plain = unicodedata.normalize("NFKD", f"{last_name} {first_name}".casefold())
    letters = "".join(each for each in plain if each.isalnum() or each.isspace())
    return " ".join(sorted(letters.split()))


def _keyed(client: KnownClient) -> KnownClient:
    digits = "".join(each for each in client.phone or "" if each.isdecimal())[-10:]
    return replace(client, name_key=name_key(client.last_name, client.first_name), phone_key=digits or None)
