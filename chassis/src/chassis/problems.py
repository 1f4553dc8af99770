"""What an HTTP answer says when it is no: one shape, whatever the route."""

from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException as AnyHttpException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.envelope import opaque
from chassis.failures import DatabaseAway, TookTooLong

AWAY_SECONDS = 2
SLOW_SECONDS = 5


class Problem(BaseModel):
    """Why a request was not answered. Holds no value of the request."""

    reason: str
    rule: str | None = Field(None, description="The rule that says no, by its id.")
    field: str | None = Field(None, description="What in the request is wrong, missing or unknown.")


class Unanswered(HTTPException):
    """A request that is answered with a problem."""

    def __init__(self, status: int, reason: str, *, rule: str | None = None, field: str | None = None) -> None:
        super().__init__(status, reason)
        self.rule = rule
        self.field = field


def problem(
    status: int, reason: str, headers: Any = None, *, rule: str | None = None, field: str | None = None
) -> Response:
    """The answer that says it."""
    said = Problem(reason=reason, rule=rule, field=field)
    return JSONResponse(said.model_dump(exclude_none=True), status, headers)


def tell_problems(http: FastAPI) -> None:
    """Whatever a route raises to say no is told in this shape; nothing that was sent is quoted."""
    http.add_exception_handler(AnyHttpException, _raised)
    http.add_exception_handler(RequestValidationError, _not_as_declared)
    http.add_exception_handler(DatabaseAway, _away)
    http.add_exception_handler(TookTooLong, _slow)


class BoundedBody:
    """In front of all routes: a body is read up to a limit, whoever reads it; 413 beyond.

    The framework has such a limit too, and answers in a shape of its own.
    """

    def __init__(self, app: ASGIApp, limit_bytes: int) -> None:
        self._app = app
        self._limit_bytes = limit_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        left = self._limit_bytes

        async def bounded() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise Unanswered(413, "larger than 1 MiB")
            return message

        await self._app(scope, bounded, send)


async def _raised(_: Request, error: Exception) -> Response:
    status, headers = getattr(error, "status_code", 500), getattr(error, "headers", None)
    rule, field = getattr(error, "rule", None), getattr(error, "field", None)
    return problem(status, str(getattr(error, "detail", "")), headers, rule=rule, field=field)


async def _not_as_declared(_: Request, error: Exception) -> Response:
    """The framework's own answer would quote what was sent."""
    errors = error.errors() if isinstance(error, RequestValidationError) else ()
    first = errors[0] if errors else {"loc": (), "type": "unknown"}
    parts = [opaque(str(part)) for part in first["loc"][1:] if not isinstance(part, int)]
    return problem(400, f"not as declared: {opaque(str(first['type']))}", field=".".join(parts) or "body")


async def _away(_: Request, __: Exception) -> Response:
    return problem(503, "the database is away", {"Retry-After": str(AWAY_SECONDS)})


async def _slow(_: Request, __: Exception) -> Response:
    return problem(503, "this took too long: ask for less", {"Retry-After": str(SLOW_SECONDS)})
