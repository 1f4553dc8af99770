"""The HTTP server of a process: one socket, encrypted where a certificate is given, ended with the process."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from chassis.failures import CannotStart

_STOP_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class HttpServer:
    """A running server. `address`: host and port it listens on."""

    address: tuple[str, int]
    _server: uvicorn.Server
    _task: "asyncio.Task[None]"

    async def close(self) -> None:
        """Answer what is under way, within bounds."""
        self._server.should_exit = True
        try:
            await asyncio.wait_for(self._task, _STOP_SECONDS)
        except TimeoutError:
            self._task.cancel()


def open_http(http: FastAPI, address: str, certificate: Path | None = None, key: Path | None = None) -> HttpServer:
    """Serve `http` on host:port; with a certificate (PEM, its chain in it) and its key, over TLS only.

    Raises CannotStart when the address or the files are not to be had.
    """
    files = {"ssl_certfile": str(certificate), "ssl_keyfile": str(key)} if certificate and key else {}
    config = uvicorn.Config(http, log_config=None, access_log=False, lifespan="off", **files)  # type: ignore[arg-type]
    try:
        config.load()
    except OSError as error:
        raise CannotStart(f"CASEBUS_HTTP_TLS_CERT and its key cannot be used ({type(error).__name__})") from error
    listener = listen(address)
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]), name="http")
    return HttpServer(listener.getsockname()[:2], server, task)


class _Server(uvicorn.Server):
    """Signals are the service's business."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them alone."""
        yield


def listen(address: str) -> socket.socket:
    """A socket bound to host:port. Raises CannotStart."""
    host, _, port = address.rpartition(":")
    # With the protocol named, connections go without Nagle's delay: 40 ms an answer otherwise.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, int(port)))
    except (OSError, ValueError) as error:
        raise CannotStart(f"CASEBUS_HTTP: {address} cannot be listened on ({type(error).__name__})") from error
    return listener
