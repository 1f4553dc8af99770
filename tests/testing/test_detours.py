"""The proxy of the fault campaign: passes everything on, and cuts one connection at the moment that was asked for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing

import pytest

from casebus_testing.campaign.detours import (
    COMMIT,
    AfterCommit,
    BeforeAcknowledgement,
    BeforeCommit,
    Detour,
    Frames,
    Moment,
)
from casebus_testing.stack.ports import LOOPBACK

PRODUCE = b"\x00\x00\x00\x0a" + b"\x00\x00\x00\x09" + b"\x00\x00\x00\x07" + b"??"
"""Length, number and version of the request, its correlation id, two bytes more."""

ACKNOWLEDGED = b"\x00\x00\x00\x06" + b"\x00\x00\x00\x07" + b"!!"
OTHER = b"\x00\x00\x00\x06" + b"\x00\x00\x00\x06" + b"!!"


class Server:
    """Answers everything with the same, and keeps what it got."""

    def __init__(self, answer: bytes) -> None:
        self.answer, self.got = answer, b""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Until the client goes."""
        while chunk := await reader.read(1000):
            self.got += chunk
            writer.write(self.answer)


@asynccontextmanager
async def behind(detour: Detour, server: Server) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A client that talks to the server by the detour."""
    listening = await asyncio.start_server(server.serve, LOOPBACK, 0)
    detour.upstream = listening.sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection(LOOPBACK, detour.port)
    try:
        yield reader, writer
    finally:
        writer.close()
        listening.close()


async def said(detour: Detour, server: Server, question: bytes) -> bytes:
    """What comes back; nothing when the connection is cut."""
    async with behind(detour, server) as (reader, writer):
        writer.write(question)
        try:
            return await asyncio.wait_for(reader.read(1000), 5)
        except ConnectionError:
            return b""


async def test_what_nobody_waits_for_passes() -> None:
    with closing(Detour()) as detour:
        assert await said(detour, Server(b"done"), COMMIT) == b"done"
        assert not detour.struck


@pytest.mark.parametrize(("moment", "arrived"), [(BeforeCommit(), b""), (AfterCommit(), COMMIT)])
async def test_a_connection_is_cut_at_commit(moment: Moment, arrived: bytes) -> None:
    server = Server(b"done")
    with closing(Detour()) as detour:
        detour.arm(moment)

        assert await said(detour, server, COMMIT) == b""
        assert (detour.struck, server.got) == (True, arrived)
        assert await said(detour, server, COMMIT) == b"done"


async def test_a_connection_is_cut_at_the_acknowledgement_of_what_was_produced() -> None:
    with closing(Detour(framed=True)) as detour:
        detour.arm(BeforeAcknowledgement())

        assert await said(detour, Server(OTHER), PRODUCE) == OTHER
        assert await said(detour, Server(ACKNOWLEDGED), PRODUCE) == b""
        assert detour.struck


def test_frames_are_followed_however_they_are_cut_up() -> None:
    frames, stream = Frames(8), ACKNOWLEDGED + OTHER + ACKNOWLEDGED

    heads = [head for place in range(len(stream)) for head in frames.begun(stream[place : place + 1])]

    assert heads == [ACKNOWLEDGED[:8], OTHER[:8], ACKNOWLEDGED[:8]]
