"""What services say about their HTTP side holds: operations answer as declared, to every role, whatever is sent."""

import asyncio
import contextlib
import os
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import sampled_from
from schemathesis import GenerationMode
from schemathesis.checks import CheckFunction
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from served import Served, a_command, serve, serve_lists

import intake.app
import notifications.app
import staffing.app
from casebus_contracts import Role
from casebus_testing.plugin import NewDatabase
from chassis.wiring import Service
from notifications.handlers import SERVICE as NOTIFICATIONS
from staffing.handlers import SERVICE as STAFFING

CHECKS: list[CheckFunction] = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
EXAMPLES = int(os.environ.get("CASEBUS_API_EXAMPLES", "4"))
"""Made-up requests an operation, well-formed ones and others each; more for whoever has the time."""
UNWATCHED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest_asyncio.fixture
async def served(new_database: NewDatabase) -> AsyncIterator[Served]:
    """Intake over real HTTP."""
    async with serve(await new_database([intake.app.MIGRATIONS])) as running:
        yield running


class Tour:
    """Asks every operation, and notes what was answered and what should not have been."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self._session = requests.Session()
        self._session.trust_env = False
        page = self._session.get(f"{served.url}/openapi.json", timeout=10).json()
        self.operations = [each.ok() for each in schemathesis.openapi.from_dict(page).get_all_operations()]
        self.statuses: dict[str, set[int]] = defaultdict(set)
        self.failures: list[str] = []

    def with_what_is_there(self) -> None:
        """Every role asks for what there is."""
        for operation in self.operations:
            for role in Role:
                self._ask(self._known(operation), role)

    def with_anything(self) -> None:
        """Whatever the declaration allows, and whatever it does not."""
        for operation in self.operations:
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                made = given(case=operation.as_strategy(generation_mode=mode), role=sampled_from(Role))
                with contextlib.suppress(Unsatisfiable):  # nothing to get wrong where there are no parameters
                    made(UNWATCHED(lambda case, role: self._ask(case, role)))()

    def _known(self, operation: Any) -> Any:
        names = self._served.names
        path = {each.name: names[each.name] for each in operation.path_parameters}
        query = {each.name: names[each.name] for each in operation.query if each.is_required}
        body = a_command() if operation.path == "/v1/commands" else self._served.bodies.get(operation.path)
        more = {} if body is None else {"body": body, "media_type": "application/json"}
        return operation.Case(path_parameters=path, query=query, **more)

    def _ask(self, case: Any, role: Role) -> None:
        headers = {"authorization": f"Bearer guest:{role}"}
        answer = case.call(base_url=self._served.url, session=self._session, headers=headers, timeout=10)
        self.statuses[case.operation.label].add(answer.status_code)
        try:
            case.validate_response(answer, checks=CHECKS)
        except FailureGroup as group:
            asked = f"{role} {case.operation.label} {answer.status_code}"
            self.failures += [f"{asked}: {each}" for each in group.exceptions]


def without_success(tour: Tour) -> Iterator[str]:
    for operation in tour.operations:
        if not any(200 <= status < 300 for status in tour.statuses[operation.label]):
            yield f"{operation.label}: {sorted(tour.statuses[operation.label])}"


@pytest.mark.rule("I-26")
async def test_every_operation_answers_as_declared_and_somebody_is_let_in(served: Served) -> None:
    tour = await asyncio.to_thread(Tour, served)

    await asyncio.to_thread(tour.with_what_is_there)
    known_to_work = list(without_success(tour))
    await asyncio.to_thread(tour.with_anything)

    assert tour.failures == []
    assert known_to_work == []
    assert len(tour.operations) > 20


@pytest.mark.rule("I-19", "I-26")
@pytest.mark.parametrize(
    ("service", "migrations", "lists"),
    [
        (NOTIFICATIONS, notifications.app.MIGRATIONS, {"/v1/alerts", "/v1/memos"}),
        (STAFFING, staffing.app.MIGRATIONS, {"/v1/staff", "/v1/offices/{office_id}/availability"}),
    ],
    ids=["notifications", "staffing"],
)
async def test_the_lists_of_other_services_answer_as_declared(
    new_database: NewDatabase, service: Service, migrations: Path, lists: set[str]
) -> None:
    async with serve_lists(await new_database([migrations]), service) as running:
        tour = await asyncio.to_thread(Tour, running)
        tour.operations = [each for each in tour.operations if each.path in lists]
        await asyncio.to_thread(tour.with_what_is_there)
        known_to_work = list(without_success(tour))
        await asyncio.to_thread(tour.with_anything)

    assert tour.failures == []
    assert known_to_work == []
    assert {each.path for each in tour.operations} == lists
