"""What a service says about its HTTP side, at `/openapi.json`: every operation with every answer it can give."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from casebus_contracts.base import UUID7_PATTERN, Command
from casebus_contracts.receipts import Receipt
from chassis.problems import Problem
from chassis.wiring import Service

Json: TypeAlias = dict[str, Any]

WORDS = {
    400: "not as declared; `field` says where",
    401: "no bearer token, or one that does not hold",
    403: "this person may not; `rule` says why",
    404: "there is none; `field` says what is unknown",
    413: "larger than 1 MiB",
    422: "cannot be done",
    503: "not now; `Retry-After` says when",
}
ALWAYS = (400, 401, 403, 503)
"""What any operation under `/v1` may answer."""

COMMAND_ANSWERS = {
    200: "done, or done before",
    202: "kept, and handled later: `parked` or `waiting`",
    400: "not readable: the receipt, or a problem while there is no event with an id",
    403: "refused because of who asks",
    409: "this id was used with other content",
    422: "refused by a rule, or something named is unknown or exists already",
}
REFERENCE = "#/components/schemas/{model}"
_RETRY = {"Retry-After": {"description": "Seconds.", "schema": {"type": "string"}}}


def no(*statuses: int) -> dict[int | str, Json]:
    """The answers of a route that say no, beside those that every route has."""
    return {status: {"model": Problem, "description": WORDS[status]} for status in statuses}


def document_with(http: FastAPI, service: Service) -> None:
    """Serve the page of this service."""
    page: Json = {}

    def made() -> Json:
        if not page:
            page.update(_page(http, service))
        return page

    http.openapi = made  # type: ignore[method-assign]


def _page(http: FastAPI, service: Service) -> Json:
    page = get_openapi(title=f"casebus {service.name}", version=http.version, routes=http.routes)
    schemas = page.setdefault("components", {}).setdefault("schemas", {})
    schemas |= _schemas(service)
    for left_over in ("HTTPValidationError", "ValidationError"):
        schemas.pop(left_over, None)
    page["components"]["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    for path, operation in _operations(page):
        _complete(path, operation)
    _describe_commands(page["paths"]["/v1/commands"]["post"], service)
    return page


def _operations(page: Json) -> Iterator[tuple[str, Json]]:
    for path, methods in page["paths"].items():
        for operation in methods.values():
            yield path, operation


def _complete(path: str, operation: Json) -> None:
    """The answers that need no telling route by route."""
    answers = operation["responses"]
    if "HTTPValidationError" in str(answers.get("422")):
        del answers["422"]
    if not path.startswith("/v1/"):
        return
    operation["security"] = [{"bearer": []}]
    for status in (*ALWAYS, *((413,) if "requestBody" in operation else ())):
        answers.setdefault(str(status), {"description": WORDS[status], "content": _json(Problem)})
    answers["503"]["headers"] = _RETRY


def _describe_commands(operation: Json, service: Service) -> None:
    """`POST /v1/commands`: the event that goes in, the receipt that comes out."""
    operation["summary"] = "Give a command"
    operation["description"] = "A CloudEvent in structured JSON; the answer is the receipt."
    operation["requestBody"] = {
        "required": True,
        "content": {"application/cloudevents+json": {"schema": _event(service.commands)}},
    }
    either = {"anyOf": [_of(Receipt), _of(Problem)]}
    answers = operation["responses"]
    for status, words in COMMAND_ANSWERS.items():
        schema = either if status in (400, 403) else _of(Receipt)
        answers[str(status)] = {"description": words, "content": {"application/json": {"schema": schema}}}
    answers["413"] = {"description": WORDS[413], "content": _json(Problem)}
    operation["parameters"] = [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "description": "If sent, the id of the event.",
            "schema": {"type": "string", "pattern": UUID7_PATTERN},
        }
    ]


def _event(commands: Mapping[str, type[Command]]) -> Json:
    """The envelope, with the data of one of the commands."""
    text = {"type": "string", "minLength": 1, "maxLength": 300}
    return {
        "type": "object",
        "required": ["specversion", "id", "type", "source", "data"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {"type": "string", "pattern": UUID7_PATTERN},
            "type": {"enum": sorted(commands)},
            "source": text,
            "subject": text,
            "time": {"type": "string", "format": "date-time"},
            "data": {"anyOf": [{"$ref": REFERENCE.format(model=name)} for name in sorted(commands)]},
        },
        "additionalProperties": False,
    }


def _schemas(service: Service) -> Json:
    """What the page refers to: commands, receipt, problem."""
    inputs = [(command, "validation") for command in service.commands.values()]
    outputs = [(Receipt, "serialization"), (Problem, "serialization")]
    _, made = models_json_schema([*inputs, *outputs], ref_template=REFERENCE)  # type: ignore[list-item]
    found: Json = made["$defs"]
    return found


def _of(model: type) -> Json:
    return {"$ref": REFERENCE.format(model=model.__name__)}


def _json(model: type) -> Json:
    return {"application/json": {"schema": _of(model)}}
