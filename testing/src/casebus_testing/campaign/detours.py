"""A small TCP proxy between a service and a server, which can cut a connection at a named moment.

It has a thread and an event loop of its own, so that it goes on while the campaign starts a server.
"""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from casebus_testing.stack.ports import LOOPBACK

CHUNK: Final = 65_536
COMMIT: Final = b"Q\x00\x00\x00\x0cCOMMIT;\x00"
"""As the driver sends it: a simple query."""

PRODUCE: Final = b"\x00\x00"
"""The number of Kafka's request, in the two bytes behind its length."""

HEADER: Final = 12
"""Bytes of a Kafka request up to the end of its correlation id; of a response these are the first 8."""


class Cut(Exception):
    """Here the connection ends."""


@dataclass
class Line:
    """One connection that goes through."""

    doomed: bool = False
    awaited: bytes | None = None
    requests: "Frames" = field(default_factory=lambda: Frames(HEADER))
    answers: "Frames" = field(default_factory=lambda: Frames(8))


class Frames:
    """The beginnings of length-prefixed frames in a stream of chunks."""

    def __init__(self, wanted: int) -> None:
        self._wanted = wanted
        self._head = b""
        self._left = 0

    def begun(self, chunk: bytes) -> Iterator[bytes]:
        """The first `wanted` bytes of every frame whose beginning is complete now."""
        while chunk:
            if self._left:
                passed = min(self._left, len(chunk))
                self._left -= passed
                chunk = chunk[passed:]
                continue
            missing = self._wanted - len(self._head)
            self._head += chunk[:missing]
            chunk = chunk[missing:]
            if len(self._head) == self._wanted:
                yield self._head
                self._left = int.from_bytes(self._head[:4], "big") + 4 - self._wanted
                self._head = b""


class Moment:
    """When to cut. Asked about every chunk and the frames that begin in it; raises Cut."""

    def request(self, line: Line, chunk: bytes, heads: Sequence[bytes]) -> None:
        """A chunk on its way to the server."""

    def answer(self, line: Line, heads: Sequence[bytes]) -> None:
        """A chunk on its way back."""


class BeforeCommit(Moment):
    """COMMIT never reaches the server: the transaction is undone."""

    def request(self, line: Line, chunk: bytes, heads: Sequence[bytes]) -> None:
        """Raises Cut at the first COMMIT."""
        if COMMIT in chunk:
            raise Cut


class AfterCommit(Moment):
    """The answer to COMMIT never comes back: it is done, and whoever asked does not know."""

    def request(self, line: Line, chunk: bytes, heads: Sequence[bytes]) -> None:
        """Remembers the line."""
        line.doomed = line.doomed or COMMIT in chunk

    def answer(self, line: Line, heads: Sequence[bytes]) -> None:
        """Raises Cut at what follows a COMMIT."""
        if line.doomed:
            raise Cut


class BeforeAcknowledgement(Moment):
    """Kafka's acknowledgement of a produce request never comes back: the records are there."""

    def request(self, line: Line, chunk: bytes, heads: Sequence[bytes]) -> None:
        """Remembers the first produce request of each line."""
        for head in heads:
            if line.awaited is None and head[4:6] == PRODUCE:
                line.awaited = head[8:12]

    def answer(self, line: Line, heads: Sequence[bytes]) -> None:
        """Raises Cut at the response to it."""
        if any(head[4:8] == line.awaited for head in heads):
            raise Cut


class Detour:
    """Listens on a port of its own; every connection is passed on to `upstream` once that is known.

    `framed`: what passes are Kafka's frames, whose beginnings are looked at.
    """

    def __init__(self, *, framed: bool = False) -> None:
        self._framed = framed
        self._socket = socket.create_server((LOOPBACK, 0))
        self.port: int = self._socket.getsockname()[1]
        self.upstream = 0
        self._moment: Moment | None = None
        self._struck = threading.Event()
        self._behind: dict[int, int] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=f"detour {self.port}", daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """`host:port` for whoever is to take it."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def struck(self) -> bool:
        """Whether the moment has come, and a connection was cut."""
        return self._struck.is_set()

    def arm(self, moment: Moment | None) -> None:
        """Cut one connection when this comes; with None never mind."""
        self._struck.clear()
        self._moment = moment

    def seen_for(self, ports: Collection[int]) -> set[int]:
        """The ports that the server sees of the clients with these."""
        return {seen for seen, port in list(self._behind.items()) if port in ports}

    def close(self) -> None:
        """Ends all connections."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(asyncio.start_server(self._pass, sock=self._socket))
        self._loop.run_forever()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._socket.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            upstream, onward = await asyncio.open_connection(LOOPBACK, self.upstream)
        except OSError:
            writer.transport.abort()
            return
        line, seen = Line(), onward.get_extra_info("sockname")[1]
        self._behind[seen] = writer.get_extra_info("peername")[1]
        pumps = [
            asyncio.create_task(self._pump(reader, onward, line, to_server=True)),
            asyncio.create_task(self._pump(upstream, writer, line, to_server=False)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            for each in (writer, onward):
                each.transport.abort()
            self._behind.pop(seen, None)

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: Line, *, to_server: bool
    ) -> None:
        with contextlib.suppress(OSError, Cut):
            while chunk := await reader.read(CHUNK):
                self._look(line, chunk, to_server)
                writer.write(chunk)
                await writer.drain()

    def _look(self, line: Line, chunk: bytes, to_server: bool) -> None:
        # Frames are followed from the first byte on, whether anybody waits for one or not.
        heads = list((line.requests if to_server else line.answers).begun(chunk)) if self._framed else []
        moment = self._moment
        if moment is None:
            return
        try:
            moment.request(line, chunk, heads) if to_server else moment.answer(line, heads)
        except Cut:
            self._moment = None
            self._struck.set()
            raise
