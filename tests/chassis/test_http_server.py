"""The HTTP server: in clear on loopback, encrypted with a certificate."""

import asyncio
import socket
import ssl
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from certificates import make_certificate
from fastapi import FastAPI

from casebus_testing.stack.secured import Tls
from chassis.failures import CannotStart
from chassis.http_server import HttpServer, listen, open_http

HEALTHCHECK = Path(__file__).parents[2] / "deploy/healthcheck.py"


@pytest.fixture
def tls(tmp_path: Path) -> Tls:
    return make_certificate(tmp_path)


@pytest_asyncio.fixture
async def server(tls: Tls) -> AsyncIterator[HttpServer]:
    http = FastAPI()
    http.add_api_route("/", lambda: {"well": True})
    http.add_api_route("/health/ready", lambda: {"problems": []})
    opened = open_http(http, "127.0.0.1:0", tls.certificate, tls.key)
    yield opened
    await opened.close()


async def test_who_trusts_the_authority_is_served(server: HttpServer, tls: Tls) -> None:
    trust = ssl.create_default_context(cafile=tls.authority)

    async with httpx.AsyncClient(verify=trust, trust_env=False) as client:
        answer = await client.get(f"https://127.0.0.1:{server.address[1]}/")

    assert answer.json() == {"well": True}


async def test_nobody_is_served_in_clear(server: HttpServer) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        with pytest.raises(httpx.HTTPError):
            await client.get(f"http://127.0.0.1:{server.address[1]}/")


async def test_a_container_finds_its_service_ready_over_tls(server: HttpServer, tls: Tls) -> None:
    env = {"CASEBUS_HTTP": f"0.0.0.0:{server.address[1]}", "CASEBUS_HTTP_TLS_CERT": str(tls.certificate)}

    check = await asyncio.create_subprocess_exec(sys.executable, "-I", "-S", str(HEALTHCHECK), env=env)

    assert await asyncio.wait_for(check.wait(), 30) == 0


async def test_files_that_are_no_certificate_are_told(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").touch()

    with pytest.raises(CannotStart, match="CASEBUS_HTTP_TLS_CERT"):
        open_http(FastAPI(), "127.0.0.1:0", tmp_path / "empty.pem", tmp_path / "empty.pem")


async def test_an_address_that_is_not_to_be_had_is_told() -> None:
    with pytest.raises(CannotStart, match="CASEBUS_HTTP: nowhere:80"):
        open_http(FastAPI(), "nowhere:80")


def test_answers_leave_at_once_even_when_they_are_two_packets() -> None:
    with listen("127.0.0.1:0") as listener:
        assert listener.proto == socket.IPPROTO_TCP  # what asyncio goes by before it switches Nagle's delay off
