"""Where the public keys of senders come from: a file, or a URL that is asked again now and then."""

import os
import ssl
import threading
import time
from collections.abc import Hashable
from pathlib import Path
from typing import Final, Protocol

import httpx
import structlog

REFRESH_SECONDS: Final = 300.0
"""So old the keys of a URL may be: a new one counts at once, when it is used; one that was taken away, after this."""
RETRY_SECONDS: Final = 2.0
FETCH_SECONDS: Final = 3.0
MAX_BYTES: Final = 1_048_576

log = structlog.get_logger(__name__)


class KeysUnreachable(OSError):
    """The URL of the keys does not answer as it should."""


class KeySource(Protocol):
    """A key set as text, which may change at any time."""

    name: str

    def stamp(self, *, urgent: bool = False) -> Hashable:
        """Differs from the last one when there may be something new. `urgent`: a key is asked for that nobody knows."""
        ...

    def read(self) -> bytes:
        """The key set. Raises OSError."""
        ...


def key_source(place: str | Path) -> KeySource:
    """The source at a path or an http(s) URL. Raises OSError when a URL does not answer."""
    return KeyUrl(str(place)) if str(place).startswith(("http://", "https://")) else KeyFile(Path(place))


class KeyFile:
    """A file; looked at, and read when it is another."""

    def __init__(self, path: Path) -> None:
        self._path, self.name = path, path.name

    def stamp(self, *, urgent: bool = False) -> Hashable:
        """Time, size and number of the file. Raises OSError."""
        return file_stamp(self._path)

    def read(self) -> bytes:
        """Its content. Raises OSError."""
        return self._path.read_bytes()


class KeyUrl:
    """A URL, asked by a thread of its own; a failure leaves the last keys in force.

    Asked every `refresh_seconds`; while it fails, and for unknown keys, at most once in `retry_seconds`. Nobody waits
    for it but at the start, and whoever asks for an unknown key: FETCH_SECONDS at most, and only if it answered before.
    """

    def __init__(
        self, url: str, refresh_seconds: float = REFRESH_SECONDS, retry_seconds: float = RETRY_SECONDS
    ) -> None:
        self.name = url
        self._refresh_seconds, self._retry_seconds = refresh_seconds, retry_seconds
        self._content, self._version, self._good = fetch(url), 0, True
        self._asked_at = time.monotonic()
        self._asking: threading.Thread | None = None

    def stamp(self, *, urgent: bool = False) -> Hashable:
        """How often the content has changed; asks again when it is time."""
        age = time.monotonic() - self._asked_at
        if age >= (self._retry_seconds if urgent or not self._good else self._refresh_seconds):
            worth_waiting = urgent and self._good
            asking = self._ask()
            if worth_waiting:
                asking.join(FETCH_SECONDS)
        return self._version

    def read(self) -> bytes:
        """What the URL said last."""
        return self._content

    def _ask(self) -> threading.Thread:
        if self._asking is None or not self._asking.is_alive():
            self._asked_at = time.monotonic()
            self._asking = threading.Thread(target=self._refresh, name="keys", daemon=True)
            self._asking.start()
        return self._asking

    def _refresh(self) -> None:
        try:
            content = fetch(self.name)
        except OSError as error:
            if self._good:
                log.warning("keys.unreachable", error=type(error).__name__)
            self._good = False
            return
        self._good = True
        if content != self._content:
            self._content = content
            self._version += 1


def file_stamp(path: Path) -> tuple[int, int, int]:
    """Differs when the file is another. Raises OSError."""
    stat = os.stat(path)
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


def fetch(url: str) -> bytes:
    """What the URL answers: no redirects, bounded in size and time. Raises KeysUnreachable, which names no content."""
    deadline, content = time.monotonic() + FETCH_SECONDS, b""
    try:
        options = {"timeout": FETCH_SECONDS, "verify": ssl.create_default_context(), "trust_env": False}
        with httpx.stream("GET", url, **options) as answer:  # type: ignore[arg-type]
            if answer.status_code != httpx.codes.OK:
                raise KeysUnreachable(f"{url} answers {answer.status_code}")
            for chunk in answer.iter_bytes():
                content += chunk
                if len(content) > MAX_BYTES or time.monotonic() > deadline:
                    raise KeysUnreachable(f"{url} answers too much, or too slowly")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise KeysUnreachable(f"{url} does not answer ({type(error).__name__})") from error
    return content
