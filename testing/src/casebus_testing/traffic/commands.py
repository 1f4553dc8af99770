"""The generated day as commands for Kafka, in the order in which an office would send them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import uuid_utils

from casebus_contracts import Role
from casebus_testing.traffic.days import Contact


@dataclass(frozen=True, slots=True)
class Said:
    """One command: its type, its key, who gives it, and what it says."""

    type: str
    key: str
    actor: str
    data: dict[str, Any]


def commands_of(contact: Contact) -> Iterator[Said]:
    """What is said about a contact, from beginning to end. No command has a time of its own: it happens when said.

    An entry of the voter log names no request: it takes another way through Kafka, and may be there first.
    """
    request_id, office_id = str(uuid_utils.uuid7()), contact.place.office_id
    clerk = contact.place.member(Role.RC_GREETER if contact.request_type == "walk_in" else Role.CLERICAL)
    about = {"request_id": request_id, "office_id": office_id}
    yield Said("CreateRequest", request_id, clerk, _created(contact, about))
    if contact.visit is not None:
        for step in ("CheckIn", "TimeIn", "TimeOut"):
            yield Said(step, request_id, clerk, about)
    if contact.response is not None:
        entry_id = str(uuid_utils.uuid7())
        yield Said("LogVoterRegistration", entry_id, clerk, _logged(contact, entry_id, about))


def _created(contact: Contact, about: dict[str, Any]) -> dict[str, Any]:
    who = contact.person
    client = None if who is None else {
        "last_name": who.last_name,
        "first_name": who.first_name,
        "birth_date": who.birth_date.isoformat(),
        "dcn": who.dcn,
        "phone": who.phone,
    }  # fmt: skip
    given = {
        **about,
        "request_type": contact.request_type,
        "reasons": list(contact.reasons),
        "anonymous": who is None,
        "county_fips": contact.place.county_fips,
        "channel": contact.channel,
        "unsigned": contact.unsigned,
        "client": client,
        "vendor": contact.vendor,
    }
    return {name: value for name, value in given.items() if value is not None}


def _logged(contact: Contact, entry_id: str, about: dict[str, Any]) -> dict[str, Any]:
    who = contact.person
    return {
        "office_id": about["office_id"],
        "entry_id": entry_id,
        "name": "Not given" if who is None else f"{who.first_name} {who.last_name}",
        "birth_date": "1980-02-29" if who is None else who.birth_date.isoformat(),
        "response": contact.response,
        "completed_by": "participant",
        "occasion": next(reason for reason in contact.reasons),
        "channel": contact.channel,
    }
