"""Downloads: pinned by hash, kept when right, fetched again when damaged."""

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from casebus_testing.stack import StackError
from casebus_testing.stack.fetch import Artifact, fetch, read_lock
from casebus_testing.stack.versions import KAFKA_LOCK, POSTGRES_LOCK

CONTENT = b"a jar"
JAR = Artifact(hashlib.sha256(CONTENT).hexdigest(), "org/example/a/1/a-1.jar")


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """The output of the tests is not for requests."""


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A Maven repository on loopback with one artifact; the local one is empty."""
    folder = tmp_path / "repository"
    (folder / JAR.path).parent.mkdir(parents=True)
    (folder / JAR.path).write_bytes(CONTENT)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("MAVEN_REPO_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("M2_REPO", str(tmp_path / "local"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    yield folder
    server.shutdown()
    server.server_close()


def test_a_file_is_fetched_once(repository: Path, tmp_path: Path):
    (path,) = fetch([JAR], tmp_path / "cache", title="test")
    (repository / JAR.path).unlink()

    assert fetch([JAR], tmp_path / "cache", title="test") == [path]
    assert path.read_bytes() == CONTENT


def test_a_file_with_another_hash_is_an_error_and_is_not_kept(repository: Path, tmp_path: Path):
    (repository / JAR.path).write_bytes(b"another jar")

    with pytest.raises(StackError, match="wrong SHA-256"):
        fetch([JAR], tmp_path / "cache", title="test")

    assert [path.name for path in (tmp_path / "cache").iterdir()] == [".lock"]


def test_a_damaged_file_of_the_cache_is_fetched_again(repository: Path, tmp_path: Path):
    (path,) = fetch([JAR], tmp_path / "cache", title="test")
    path.write_bytes(b"half a j")

    fetch([JAR], tmp_path / "cache", title="test")

    assert path.read_bytes() == CONTENT


def test_the_local_maven_repository_is_read_first(repository: Path, tmp_path: Path):
    (tmp_path / "local" / JAR.path).parent.mkdir(parents=True)
    (repository / JAR.path).rename(tmp_path / "local" / JAR.path)

    (path,) = fetch([JAR], tmp_path / "cache", title="test")

    assert path.read_bytes() == CONTENT


def test_a_missing_file_is_said_in_one_sentence(repository: Path, tmp_path: Path):
    (repository / JAR.path).unlink()

    with pytest.raises(StackError, match="is not in the Maven repository"):
        fetch([JAR], tmp_path / "cache", title="test")


def test_another_user_may_read_what_was_fetched(repository: Path, tmp_path: Path):
    (path,) = fetch([JAR], tmp_path / "cache", title="test")

    assert path.stat().st_mode & 0o777 == 0o644


def test_every_line_of_the_lock_files_is_a_hash_and_a_path_without_an_address():
    artifacts = read_lock(KAFKA_LOCK) + read_lock(POSTGRES_LOCK)

    assert len(artifacts) == 46 + 4
    assert all(len(artifact.sha256) == 64 and "://" not in artifact.path for artifact in artifacts)
