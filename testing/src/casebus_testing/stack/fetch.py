"""Fetches pinned files from a Maven repository: checked by SHA-256, in parallel, atomic, resumable."""

import errno
import fcntl
import hashlib
import os
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from casebus_testing.stack.errors import StackError

PARALLEL = 8
TRIES = 4
TIMEOUT_SECONDS = 60
CHUNK_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Artifact:
    """One file of a Maven repository: its path there and the SHA-256 it must have."""

    sha256: str
    path: str

    @property
    def name(self) -> str:
        """The file's own name."""
        return self.path.rsplit("/", 1)[-1]


def read_lock(lock: Path) -> list[Artifact]:
    """The artifacts of a lock file: one `sha256  path` a line."""
    lines = (line.split() for line in lock.read_text().splitlines() if line.strip())
    return [Artifact(sha256, path) for sha256, path in lines]


def fetch(artifacts: Iterable[Artifact], folder: Path, *, title: str) -> list[Path]:
    """Puts every artifact into `folder` and returns the paths, sorted by name.

    What is there already and has the right hash is kept. Raises StackError when a file
    cannot be had, or is not the pinned one.
    """
    wanted = sorted(artifacts, key=lambda artifact: artifact.name)
    missing = [artifact for artifact in wanted if not _is(folder / artifact.name, artifact)]
    if missing:
        _make(folder)
        with locked(folder / ".lock"), _progress(title, len(missing)) as meter:
            _fetch_all(missing, folder, meter)
    return [folder / artifact.name for artifact in wanted]


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds a lock file; other processes wait. The descriptor is not inherited by servers."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StackError(f"The download folder {folder} cannot be made: {error.strerror}.") from error


def _fetch_all(missing: list[Artifact], folder: Path, meter: "_Meter") -> None:
    def one(artifact: Artifact) -> None:
        if not _is(folder / artifact.name, artifact):  # another process may have been faster
            _fetch_one(artifact, folder, meter)
        meter.finished()

    with ThreadPoolExecutor(PARALLEL) as pool:
        futures = [pool.submit(one, artifact) for artifact in missing]
        try:
            for future in futures:
                future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _fetch_one(artifact: Artifact, folder: Path, meter: "_Meter") -> None:
    local = _local_repository() / artifact.path
    if _is(local, artifact):
        _into_place(artifact, folder, lambda temporary: shutil.copyfile(local, temporary))
        return
    for attempt in range(1, TRIES + 1):
        try:
            _into_place(artifact, folder, lambda temporary: _download(artifact, temporary, meter))
            return
        except OSError as error:
            if isinstance(error, urllib.error.HTTPError) and error.code == 404:
                raise StackError(f"{artifact.path} is not in the Maven repository; see MAVEN_REPO_URL.") from error
            _complain(artifact, error, attempt)
            time.sleep(0.3 * 2**attempt)


def _complain(artifact: Artifact, error: OSError, attempt: int) -> None:
    if error.errno == errno.ENOSPC:
        raise StackError(f"The disk is full: {artifact.name} does not fit into the download folder.") from error
    if attempt == TRIES:
        reason = getattr(error, "reason", error)
        raise StackError(
            f"{artifact.name} cannot be fetched ({reason}): check the network,"
            " or name a Maven repository that you can reach in MAVEN_REPO_URL."
        ) from error


def _into_place(artifact: Artifact, folder: Path, write: Callable[[Path], object]) -> None:
    temporary = folder / f".{artifact.name}.{os.getpid()}"
    try:
        write(temporary)
        if not _is(temporary, artifact):
            raise StackError(
                f"{artifact.name} is not the file that the lock names (wrong SHA-256): nothing was installed from it."
            )
        temporary.chmod(0o644)  # another user may run what is here
        temporary.replace(folder / artifact.name)
    finally:
        temporary.unlink(missing_ok=True)


def _download(artifact: Artifact, target: Path, meter: "_Meter") -> None:
    url = f"{_repository()}/{artifact.path}"
    with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as answer, target.open("wb") as file:
        while chunk := answer.read(CHUNK_BYTES):
            file.write(chunk)
            meter.received(len(chunk))


def _repository() -> str:
    named = os.environ.get("MAVEN_REPO_URL")
    if named:
        return named.rstrip("/")
    from jgo.constants import MAVEN_CENTRAL_URL

    return MAVEN_CENTRAL_URL.rstrip("/")


def _local_repository() -> Path:
    return Path(os.environ.get("M2_REPO") or Path.home() / ".m2" / "repository")


def _is(path: Path, artifact: Artifact) -> bool:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == artifact.sha256
    except OSError:
        return False


class _Meter:
    """Shows how far the fetching is: files done of all, and megabytes so far."""

    def __init__(self, progress: Progress, title: str, files: int) -> None:
        self._progress = progress
        self._task = progress.add_task(title, total=files, megabytes=0.0)
        self._bytes = 0

    def received(self, count: int) -> None:
        self._bytes += count
        self._progress.update(self._task, megabytes=self._bytes / 1e6)

    def finished(self) -> None:
        self._progress.advance(self._task)


@contextmanager
def _progress(title: str, files: int) -> Iterator[_Meter]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("files, {task.fields[megabytes]:.0f} MB"),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        yield _Meter(progress, title, files)
