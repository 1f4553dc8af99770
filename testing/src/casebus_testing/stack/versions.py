"""What the stack is made of. A change here goes with a change of the lock files beside this module."""

import hashlib
import os
import platform
from pathlib import Path

KAFKA = "4.3.1"  # 4.4.0 names a jar that was never published
POSTGRES = "17.10.0"

HERE = Path(__file__).parent
KAFKA_LOCK = HERE / "kafka.lock"
POSTGRES_LOCK = HERE / "postgres.lock"


def cache_home() -> Path:
    """The user's folder for downloads: `$XDG_CACHE_HOME/casebus`, else `~/.cache/casebus`."""
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "casebus"


def kafka_cache() -> Path:
    """Where the jars of exactly this lock file lie."""
    digest = hashlib.sha256(KAFKA_LOCK.read_bytes()).hexdigest()
    return cache_home() / f"kafka-{KAFKA}-{digest[:8]}"


def postgres_cache() -> Path:
    """Where the PostgreSQL programs of exactly this lock file lie."""
    digest = hashlib.sha256(POSTGRES_LOCK.read_bytes()).hexdigest()
    return cache_home() / f"postgres-{POSTGRES}-{digest[:8]}"


def postgres_platform() -> str:
    """The name of this machine in the PostgreSQL artifacts, as `linux-amd64`."""
    arm = platform.machine().lower() in {"aarch64", "arm64"}
    return f"{platform.system().lower()}-{'arm64v8' if arm else 'amd64'}"
