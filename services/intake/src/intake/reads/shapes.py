"""How requests look in answers. `client` and free text are about persons: an answer with them is on record."""

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel

from casebus_contracts import Channel, RepresentativeKind, RequestType
from intake.request import RequestStatus, VisitStatus

BRIEF = """
r.id::text, r.request_type, r.office_id, r.channel, r.reasons::text, r.received_at, r.status, r.priority, r.anonymous,
r.nvra_covered, r.interviewer, r.caseworker, r.visit_status, r.ticket, r.ticket_day, r.arrived_at, r.time_in,
r.time_out, r.client::text"""
"""The columns of a `Brief`, of `requests r`."""


class Person(BaseModel):
    """A client as typed in."""

    client_id: str | None = None
    last_name: str
    first_name: str
    middle: str | None = None
    birth_date: date | None = None
    dcn: str | None = None
    phone: str | None = None


class Spokesman(BaseModel):
    """Who speaks for a client."""

    name: str
    kind: RepresentativeKind | None = None
    dcns: list[str] = []


class Brief(BaseModel):
    """A request as lists show it."""

    request_id: str
    request_type: RequestType
    office_id: str
    channel: Channel
    reasons: list[str]
    received_at: datetime
    status: RequestStatus
    priority: int
    anonymous: bool
    nvra_covered: bool
    interviewer: str | None = None
    caseworker: str | None = None
    visit_status: VisitStatus | None = None
    ticket: int | None = None
    ticket_day: date | None = None
    arrived_at: datetime | None = None
    time_in: datetime | None = None
    time_out: datetime | None = None
    client: Person | None = None


def brief(row: Mapping[str, Any], *, named: bool = True) -> Brief:
    """From a row of `BRIEF`; without `named` nothing about persons is in it."""
    told = {name: row[name] for name in _AS_KEPT}
    client = row["client"]
    person = Person(**json.loads(client)) if client and named else None
    return Brief(request_id=row["id"], reasons=json.loads(row["reasons"]), client=person, **told)


_AS_KEPT = tuple(Brief.model_fields.keys() - {"request_id", "reasons", "client"})


def ids(found: Iterable[Brief]) -> list[str]:
    """For the record: the requests that are shown."""
    return [each.request_id for each in found]
