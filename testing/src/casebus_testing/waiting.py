"""Waiting for the world to become so, with a deadline."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

T = TypeVar("T")


@overload
async def eventually(
    check: Callable[[], Awaitable[T | None]], within: float = ..., every: float = ..., what: str = ...
) -> T: ...
@overload
async def eventually(check: Callable[[], T | None], within: float = ..., every: float = ..., what: str = ...) -> T: ...
async def eventually(check: Callable[[], Any], within: float = 10.0, every: float = 0.05, what: str = "") -> Any:
    """Asks `check` (plain or async) every `every` seconds until its answer is true, and returns that answer.

    A failed `assert` inside the check counts as "not yet". After `within` seconds raises
    AssertionError that tells what was waited for, the last answer and the last failed assert.
    """
    deadline = time.monotonic() + within
    asked = 0
    while True:
        asked += 1
        answer, problem = await _ask(check)
        if answer:
            return answer
        if time.monotonic() >= deadline:
            raise AssertionError(_report(check, what, within, asked, answer, problem)) from problem
        await asyncio.sleep(every)


async def _ask(check: Callable[[], Any]) -> tuple[Any, AssertionError | None]:
    try:
        answer = check()
        return (await answer if inspect.isawaitable(answer) else answer), None
    except AssertionError as error:
        return None, error


def _report(
    check: Callable[..., object], what: str, within: float, asked: int, answer: object, problem: AssertionError | None
) -> str:
    name = what or getattr(check, "__qualname__", repr(check))
    last = f"its last failure: {problem}" if problem is not None else f"its last answer: {answer!r}"
    return f"not within {within:g} s: {name} (asked {asked} times; {last})"
