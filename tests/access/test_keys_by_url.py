"""Keys of senders from a URL: rotated without a restart, and kept while the URL is away."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from access import keys
from access.jwks import MAX_BYTES, KeysUnreachable, KeyUrl
from access.keyring import KeyringError, WatchedKeyring
from access.proofs import Senders, sign_bearer
from casebus_testing.waiting import eventually
from chassis.proofs import ProofError, Proven

NOW = datetime(2026, 7, 2, 15, 0, tzinfo=UTC)
OLD, NEW = keys.make_key("EdDSA"), keys.make_key("EdDSA")


class KeyServer(ThreadingHTTPServer):
    """Answers with what a test puts into `status` and `content`; `asked` counts."""

    status, content, asked = 200, b"", 0

    def publish(self, **pems: bytes) -> None:
        entries = [keys.public_jwk(pem, f"desk-{name}") for name, pem in pems.items()]
        self.content = json.dumps({"keys": entries}).encode()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/keys"


class Answer(BaseHTTPRequestHandler):
    server: KeyServer

    def do_GET(self) -> None:
        self.server.asked += 1
        self.send_response(self.server.status)
        self.send_header("location", f"{self.server.url}/elsewhere")
        self.send_header("content-length", str(len(self.server.content)))
        self.end_headers()
        self.wfile.write(self.server.content)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def key_server() -> Iterator[KeyServer]:
    server = KeyServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    server.publish(old=OLD)
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def senders_file(tmp_path: Path) -> Path:
    file = tmp_path / "senders.json"
    file.write_text('{"desk": {"kids": ["desk-old", "desk-new"], "may_send": ["*"]}}')
    return file


def opened(server: KeyServer, senders_file: Path, refresh: float = 3600, retry: float = 0) -> Senders:
    return Senders(WatchedKeyring(KeyUrl(server.url, refresh, retry), senders_file, 0))


def enter(senders: Senders, pem: bytes, kid: str) -> Proven:
    return senders.check_bearer(sign_bearer(pem, kid, "desk", "adair-greeter", 60, NOW.timestamp()), NOW)


def test_a_url_is_as_good_as_a_file(key_server: KeyServer, senders_file: Path):
    assert enter(Senders.load(key_server.url, senders_file), OLD, "desk-old").kid == "desk-old"


def test_a_new_key_counts_at_its_first_use(key_server: KeyServer, senders_file: Path):
    senders = opened(key_server, senders_file)

    key_server.publish(old=OLD, new=NEW)

    assert enter(senders, NEW, "desk-new").kid == "desk-new"


async def test_a_key_that_is_taken_away_counts_no_more_after_the_next_refresh(
    key_server: KeyServer, senders_file: Path
):
    senders = opened(key_server, senders_file, refresh=0)
    key_server.publish(new=NEW)

    def refused() -> bool:
        try:
            enter(senders, OLD, "desk-old")
        except ProofError as error:
            return error.reason == "unknown_key"
        return False

    await eventually(refused, within=10, what="the old key is refused")


def test_known_keys_ask_for_nothing_before_it_is_time(key_server: KeyServer, senders_file: Path):
    senders = opened(key_server, senders_file)

    for _ in range(50):
        enter(senders, OLD, "desk-old")

    assert key_server.asked == 1


def test_unknown_keys_ask_once_in_a_while_only(key_server: KeyServer, senders_file: Path):
    senders = opened(key_server, senders_file, retry=3600)

    for _ in range(50):
        with pytest.raises(ProofError, match="unknown_key"):
            enter(senders, NEW, "desk-new")

    assert key_server.asked == 1


@pytest.mark.parametrize("content", [b"", b"{", b'{"keys": [{"kid": "desk-old"}]}', b"x" * (MAX_BYTES + 1)])
def test_nonsense_leaves_the_last_good_keys_in_force(key_server: KeyServer, senders_file: Path, content: bytes):
    senders = opened(key_server, senders_file)
    key_server.content = content

    with pytest.raises(ProofError, match="unknown_key"):
        enter(senders, NEW, "desk-new")

    assert key_server.asked == 2
    assert enter(senders, OLD, "desk-old").sender == "desk"


async def test_a_url_that_was_away_is_asked_again(key_server: KeyServer, senders_file: Path):
    senders = opened(key_server, senders_file)
    key_server.status = 503
    with pytest.raises(ProofError, match="unknown_key"):
        enter(senders, NEW, "desk-new")

    key_server.status = 200
    key_server.publish(old=OLD, new=NEW)

    def enters() -> bool:
        try:
            return enter(senders, NEW, "desk-new").kid == "desk-new"
        except ProofError:
            return False

    await eventually(enters, within=10, what="the new key counts")


@pytest.mark.parametrize("status", [302, 404, 503])
def test_at_the_start_a_url_must_answer(key_server: KeyServer, senders_file: Path, status: int):
    key_server.status = status

    with pytest.raises(KeysUnreachable, match=str(status)):
        Senders.load(key_server.url, senders_file)


def test_at_the_start_the_keys_must_be_keys(key_server: KeyServer, senders_file: Path):
    key_server.content = b"[]"

    with pytest.raises(KeyringError, match="malformed"):
        Senders.load(key_server.url, senders_file)


def test_a_url_nobody_listens_at_is_told(senders_file: Path):
    with pytest.raises(KeysUnreachable, match="does not answer"):
        Senders.load("http://127.0.0.1:9/keys", senders_file)
