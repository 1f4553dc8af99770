"""The operator's side of every service, over its HTTP door: `/v1/operations`."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

import httpx

from casebus_cli.client import bearer
from casebus_cli.errors import CliError
from casebus_cli.stack import Stack, find_stack

TIMEOUT_SECONDS: Final = 60.0
ROLE: Final = "operator"

T = TypeVar("T")


class Missing(CliError):
    """The service has no such thing."""


class Operator:
    """A staff member of the role `operator`, asking services."""

    def __init__(self, stack: Stack, services: Sequence[str], sender: str, actor: str) -> None:
        self._stack = stack
        self._sender = sender
        self.services = services
        self.actor = actor

    def get(self, service: str, path: str) -> Any:
        """Ask a service. Raises `CliError`."""
        return self._ask("GET", service, path, None)

    def post(self, service: str, path: str, wanted: Mapping[str, Any], seconds_max: float = TIMEOUT_SECONDS) -> Any:
        """Ask a service for something particular, or tell it to do something. Raises `CliError`."""
        return self._ask("POST", service, path, wanted, seconds_max)

    def everywhere(self, question: Callable[[str], T]) -> tuple[dict[str, T], int]:
        """The answer of each service, and the exit status: 2 if one did not answer. Its reason is printed."""
        answers: dict[str, T] = {}
        status = 0
        for service in self.services:
            try:
                answers[service] = question(service)
            except CliError as error:
                print(error, file=sys.stderr)
                status = 2
        return answers, status

    def only_holder(self, holds: Callable[[str], bool], what: str) -> str:
        """The one service that has the thing. Raises `CliError` when none has, or several."""
        holders = [service for service in self.services if holds(service)]
        if not holders:
            raise CliError(f"{_listed(self.services)} {_has(self.services)} no {what}.")
        if len(holders) > 1:
            raise CliError(f"{_listed(holders)} each have {what}; name one with --service.")
        return holders[0]

    def _ask(
        self,
        method: str,
        service: str,
        path: str,
        wanted: Mapping[str, Any] | None,
        seconds_max: float = TIMEOUT_SECONDS,
    ) -> Any:
        address = f"{self._stack.door(service)}/v1/operations/{path}"
        headers = {"authorization": f"Bearer {bearer(self._stack, self._sender, self.actor)}"}
        try:
            with httpx.Client(timeout=seconds_max, trust_env=False) as client:
                answer = client.request(method, address, json=wanted, headers=headers)
        except httpx.TransportError as error:
            raise CliError(f"{service} does not answer at {address}: {type(error).__name__}.") from None
        if answer.status_code != 200:
            raise self._complaint(service, answer)
        return answer.json()

    def _complaint(self, service: str, answer: httpx.Response) -> CliError:
        reason = _reason(answer)
        match answer.status_code:
            case 401:
                return CliError(f"{service} does not believe the token of {self._sender}: {reason}.")
            case 403:
                return CliError(f"{self.actor} is no operator for {service}; --actor names another staff member.")
            case 404:
                return Missing(f"{service}: {reason}.")
            case 400 | 422:
                return CliError(f"{service} does not take this: {reason}.")
            case status:
                return CliError(f"{service} answers {status}: {reason}.")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Who asks, and whom."""
    parser.add_argument("--actor", help="the operator's staff id (default: the operator of the sample directory)")
    parser.add_argument("--service", action="append", help="only this service; may be repeated (default: all)")
    parser.add_argument("--json", action="store_true", help="print JSON, one object a line")


def operator_of(arguments: argparse.Namespace) -> Operator:
    """The operator whom the arguments name. Raises `CliError`."""
    stack = find_stack(arguments.stack)
    actor = arguments.actor or stack.staff.get(ROLE)
    if not actor:
        raise CliError("Nobody is named as the operator; use --actor STAFF_ID.")
    for service in arguments.service or ():
        stack.door(service)
    return Operator(stack, arguments.service or stack.services, arguments.sender, actor)


def _reason(answer: httpx.Response) -> str:
    try:
        said = answer.json()
        return f"{said['field']}: {said['reason']}" if "field" in said else str(said["reason"])
    except (ValueError, KeyError, TypeError):
        return answer.reason_phrase.lower() or "nothing more"


def _listed(services: Sequence[str]) -> str:
    *others, last = services
    return f"{', '.join(others)} and {last}" if others else last


def _has(services: Sequence[str]) -> str:
    return "have" if len(services) > 1 else "has"
