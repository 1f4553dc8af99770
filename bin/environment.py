"""Makes `.venv` as the lock files say, and runs a command in it. Standard library only: it runs before anything else.

Two stamps in `.venv` say for which lock and for which of our packages it was made; while
they fit, nothing is done.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
UV_LOCK = ROOT / "bin" / "uv.lock"
PACKAGES = ("contracts", "chassis", "access", "cli", "deploy", "testing", *sorted(
    f"services/{folder.name}" for folder in (ROOT / "services").iterdir() if (folder / "pyproject.toml").exists()
))  # fmt: skip
NEEDED_MEGABYTES = 900


class Problem(Exception):
    """Something is missing on this machine. The message is one sentence for people."""


def main(command: Sequence[str]) -> None:
    """Prepares the environment and turns this process into the command."""
    try:
        prepare()
    except Problem as problem:
        sys.exit(f"casebus: {problem}")
    except OSError as error:
        sys.exit(f"casebus: the environment cannot be made: {error.strerror}: {error.filename}.")
    if command:
        run(command)


def prepare() -> None:
    """Brings `.venv` up to date. Runs at the same time wait for one another."""
    if _fits("lock") and _fits("packages"):
        return
    with _alone():
        if not _fits("lock"):
            _say("preparing the Python packages (only now; this takes the network and half a minute)")
            _fill()
            _stamp("lock")
        if not _fits("packages"):
            _install_ours()
            _stamp("packages")


def run(command: Sequence[str]) -> None:
    """Replaces this process by a program of the environment, or by the uv that fills it."""
    program = _uv() if command[0] == "uv" else VENV / "bin" / command[0]
    env = os.environ | {"VIRTUAL_ENV": str(VENV), "PATH": f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"}
    sys.stdout.flush()
    os.execve(program if program.exists() else shutil.which(command[0]) or command[0], list(command), env)


def _fill() -> None:
    free = shutil.disk_usage(ROOT).free // 1_000_000
    if free < NEEDED_MEGABYTES:
        raise Problem(f"there is not enough disk space in {ROOT}: {free} MB free, {NEEDED_MEGABYTES} MB needed.")
    uv = _uv()
    if not _usable():
        shutil.rmtree(VENV, ignore_errors=True)
        _uv_does(uv, "venv", "--quiet", "--no-python-downloads", "--python", _base_python(), str(VENV))
    _uv_does(uv, "pip", "sync", "--require-hashes", "--python", str(VENV / "bin" / "python"), str(LOCK))
    (VENV / "casebus-packages").unlink(missing_ok=True)  # the line above removed ours, which are not in the lock


def _install_ours() -> None:
    editable = [word for package in PACKAGES for word in ("-e", str(ROOT / package))]
    options = ("--quiet", "--no-deps", "--no-build-isolation", "--python", str(VENV / "bin" / "python"))
    _uv_does(_uv(), "pip", "install", *options, *editable)


def _uv() -> Path:
    """The pinned tool, in the user's cache; fetched by pip when it is not there."""
    home = os.environ.get("XDG_CACHE_HOME")
    cache = (Path(home) if home else Path.home() / ".cache") / "casebus"
    uv = cache / f"uv-{_digest(UV_LOCK)[:12]}"
    if not uv.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            shutil.copy(_installed_uv(Path(folder)), Path(folder) / "ready")
            (Path(folder) / "ready").replace(uv)
    return uv


def _installed_uv(folder: Path) -> Path:
    made = _quietly(_base_python(), "-I", "-m", "venv", str(folder / "boot"))
    if made.returncode:
        raise Problem(f"{_base_python()} cannot make a virtual environment (on Debian: the package python3-venv).")
    pip = (str(folder / "boot" / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check")
    fetched = _quietly(*pip, "--require-hashes", "--only-binary", ":all:", "-r", str(UV_LOCK))
    if fetched.returncode:
        last = fetched.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise Problem(f"uv cannot be fetched from the package index: check the network and pip's settings ({last[0]}).")
    return folder / "boot" / "bin" / "uv"


def _uv_does(uv: Path, *words: str) -> None:
    """Runs uv and shows what it says, but for the list of everything it installed. It asks the index pip would ask."""
    named = os.environ.get("PIP_INDEX_URL")
    env = ({"UV_DEFAULT_INDEX": named} if named else {}) | {"UV_LINK_MODE": "copy"} | os.environ
    command = [str(uv), *words]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=env) as process:
        for line in process.stderr or ():
            if not line.startswith((" + ", " - ", " ~ ")):
                print(f"  {line.strip()}", file=sys.stderr, flush=True)
    if process.returncode:
        raise Problem("the Python packages cannot be installed: the lines above say why; often it is the network.")


def _quietly(*command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL)


def _base_python() -> str:
    """The Python that environments are made of: never that of `.venv`, which may be about to go."""
    return sys.executable if sys.prefix == sys.base_prefix else getattr(sys, "_base_executable", sys.executable)


def _usable() -> bool:
    python = VENV / "bin" / "python"
    return python.exists() and not _quietly(str(python), "-I", "-c", "import encodings").returncode


def _fits(name: str) -> bool:
    try:
        return (VENV / f"casebus-{name}").read_text() == _wanted(name)
    except OSError:
        return False


def _stamp(name: str) -> None:
    (VENV / f"casebus-{name}").write_text(_wanted(name))


def _wanted(name: str) -> str:
    """What the stamp holds: the place of the checkout, since a moved environment does not work, and the content."""
    files = [LOCK] if name == "lock" else [ROOT / package / "pyproject.toml" for package in PACKAGES]
    return " ".join([str(ROOT), *map(_digest, files)])


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


@contextmanager
def _alone() -> Iterator[None]:
    folder = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _say(text: str) -> None:
    print(f"casebus: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
