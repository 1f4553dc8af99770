"""Runs intake with `CreateRequest` broken."""

import os
from dataclasses import replace
from typing import Any
from zlib import crc32

from broken_intake import RAISES, SPOILS
from casebus_contracts import CreateRequest
from chassis.rules import Decided, Decision
from intake.app import run
from intake.handlers import SERVICE

BROKEN = os.environ["BROKEN_INTAKE"]
GOOD = SERVICE.handlers[CreateRequest.TYPE]


def create_request(command: CreateRequest, **others: Any) -> Decision:
    """The rule, gone bad."""
    if is_hit(command):
        raise LookupError("something that must not be seen")
    decision = GOOD.rule(command=command, **others)
    if command.comments == SPOILS and isinstance(decision, Decided):
        (request,) = decision.states
        return replace(decision, states=(replace(request, reasons=()),))  # type: ignore[call-arg]
    return decision


def is_hit(command: CreateRequest) -> bool:
    """Whether this command is one of those that fail."""
    if BROKEN == "marked":
        return command.comments == RAISES
    return crc32(command.request_id.encode()) % 1000 < float(BROKEN) * 1000


SERVICE.handlers[CreateRequest.TYPE] = replace(GOOD, rule=create_request)
run()
