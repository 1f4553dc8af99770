"""JSON logs that cannot say what a message says.

Only known keys with plain values pass; whatever else is dropped and counted. Of an exception its class and place are
logged, never its text, which may quote a value. What libraries log is shown without the values they put into it.
"""

import json
import logging
import sys
import threading
from collections.abc import Mapping, MutableMapping
from datetime import UTC, date, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import structlog

from chassis.envelope import printable

KNOWN = frozenset(
    {
        *("event", "level", "timestamp", "service", "logger", "place", "error", "cause", "reason", "dropped"),
        *("id", "key", "type", "topic", "partition", "offset", "lane", "lanes", "clocks", "count", "attempt"),
        *("day", "hash", "http"),
    }
)
"""Keys whose values are opaque ids, names of our own, numbers, times or places. A new one is added with care."""

SPOKEN = frozenset({"aiokafka", "uvicorn", "asyncpg"})
"""Libraries whose messages are patterns; the patterns are shown. Of all others only who and where."""

VOUCHED = "librdkafka"
"""Speaks of brokers and topics only, never of records."""

_LONGEST = 500


class AllowList:
    """The last processor before the line is written."""

    def __init__(self) -> None:
        self.dropped = 0
        """Values that did not pass since the process started."""

    def __call__(self, logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """The event as it may be written."""
        failure = _exception(event.pop("exc_info", None))
        kept = {name: _plain(value) for name, value in event.items() if name in KNOWN and _is_plain(value)}
        if dropped := len(event) - len(kept):
            self.dropped += dropped
            kept["dropped"] = dropped
        return kept if failure is None else {**kept, **_shown(failure)}


allow_list = AllowList()


class Foreign(logging.Formatter):
    """What libraries log, as lines of ours: the pattern of the message, without its values."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        """One JSON line."""
        event: dict[str, Any] = {
            "event": _said(record),
            "logger": record.name,
            "level": record.levelname.lower(),
            "timestamp": datetime.fromtimestamp(record.created, UTC),
            "service": self._service,
            "place": f"{record.filename}:{record.funcName}:{record.lineno}",
            "exc_info": record.exc_info,
        }
        return json.dumps(allow_list(None, "", event))


def _said(record: logging.LogRecord) -> str:
    if record.name == VOUCHED:
        return record.getMessage()
    spoken = record.name.partition(".")[0] in SPOKEN and isinstance(record.msg, str)
    return str(record.msg) if spoken else "a library says"


def set_up_logs(service: str, level: str) -> None:
    """One JSON object a line on standard error, also for what libraries say and for what nobody caught."""
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Foreign(service))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.captureWarnings(True)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            lambda _, __, event: {"service": service, **event},
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            allow_list,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    sys.excepthook = _uncaught
    threading.excepthook = lambda told: _uncaught(told.exc_type, told.exc_value, told.exc_traceback)


def _uncaught(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        structlog.get_logger().critical("ended by what nobody caught", exc_info=error or kind())


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, str | int | float | date | BaseException)


def _plain(value: Any) -> Any:
    if isinstance(value, BaseException):
        return type(value).__name__
    if isinstance(value, date):
        return value.isoformat()
    return printable(value, _LONGEST) if isinstance(value, str) else value


def _exception(exc_info: Any) -> BaseException | None:
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple):
        return exc_info[1] if isinstance(exc_info[1], BaseException) else None
    return sys.exc_info()[1] if exc_info else None


def _shown(error: BaseException) -> Mapping[str, str]:
    """Class, place and cause of an exception."""
    shown = {"error": type(error).__name__, "place": _place(error.__traceback__)}
    cause = error.__cause__ or error.__context__
    return shown if cause is None else {**shown, "cause": f"{type(cause).__name__} at {_place(cause.__traceback__)}"}


def _place(trace: TracebackType | None) -> str:
    if trace is None:
        return "?"
    while trace.tb_next is not None:
        trace = trace.tb_next
    code = trace.tb_frame.f_code
    return f"{Path(code.co_filename).name}:{code.co_name}:{trace.tb_lineno}"
