"""Where a running casebus is found: `.run/stack.json`, written while the stack is up."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr

from casebus_cli.errors import CliError
from chassis.login import NOBODY, KafkaLogin

DEFAULT_PLACE: Final = Path(".run") / "stack.json"
PLACE_VARIABLE: Final = "CASEBUS_STACK"


@dataclass(frozen=True, slots=True)
class Broker:
    """How a broker is to be entered that asks who is there: users with their password files, and TLS."""

    users: Mapping[str, tuple[str, Path]] = field(default_factory=dict)
    tls: bool = False
    tls_ca: Path | None = None


@dataclass(frozen=True, slots=True)
class Stack:
    """Addresses and key files. `topic_prefix` is empty but for tests that share a broker."""

    bootstrap: str
    http: Mapping[str, str]
    signing_keys: Mapping[str, Path]
    kids: Mapping[str, str] = field(default_factory=dict)
    topic_prefix: str = ""
    databases: Mapping[str, str] = field(default_factory=dict)
    """By service, for a user who may read; where the file names none, what it names."""
    staff: Mapping[str, str] = field(default_factory=dict)
    """Of the sample directory: a staff id by role, if the file names one."""
    broker: Broker | None = None
    """None where the broker asks nobody."""

    @property
    def services(self) -> list[str]:
        """Every service once; a further copy (`intake-2`) works on the same database."""
        return [name for name in self.http if name.rpartition("-")[0] not in self.http]

    def door(self, service: str) -> str:
        """The base URL of a service's HTTP door."""
        try:
            address = self.http[service]
        except KeyError:
            raise CliError(f"The stack has no service named {service}.") from None
        return address if address.startswith("http") else f"http://{address}"

    def login(self, name: str) -> KafkaLogin:
        """How a sender, or `operator` or `admin`, logs in to Kafka. Raises `CliError`."""
        if self.broker is None:
            return NOBODY
        try:
            user, path = self.broker.users[name]
        except KeyError:
            raise CliError(f"The stack names no Kafka user for {name}.") from None
        try:
            return KafkaLogin(user, SecretStr(path.read_text().strip()), self.broker.tls, self.broker.tls_ca)
        except OSError as error:
            raise CliError(f"The password file {path} cannot be read: {error.strerror}.") from None

    def signing_key(self, sender: str) -> tuple[bytes, str]:
        """A sender's private key as PEM, and its key id."""
        try:
            path = self.signing_keys[sender]
        except KeyError:
            raise CliError(f"The stack has no sender named {sender}.") from None
        try:
            return path.read_bytes(), self.kids.get(sender, f"{sender}-1")
        except OSError as error:
            raise CliError(f"The signing key {path} cannot be read: {error.strerror}.") from None


def find_stack(place: str | None = None) -> Stack:
    """The stack at `place`, else where CASEBUS_STACK says, else the nearest `.run/stack.json` upwards."""
    path = _place(place or os.environ.get(PLACE_VARIABLE))
    try:
        return read_stack(json.loads(path.read_bytes()), path.parent)
    except OSError:
        raise CliError(f"No running stack: {path} cannot be read. Start one with `make up`.") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise CliError(f"{path} does not describe a stack. Start a new one with `make up`.") from None


def read_stack(content: Mapping[str, Any], folder: Path) -> Stack:
    """A stack from the content of its file; relative key files start at `folder`."""
    senders = content["senders"]
    return Stack(
        bootstrap=content["kafka"]["bootstrap"],
        http={name: entry["http"] for name, entry in content["services"].items()},
        signing_keys={name: folder / entry["signing_key_file"] for name, entry in senders.items()},
        kids={name: entry["kid"] for name, entry in senders.items() if "kid" in entry},
        topic_prefix=content["kafka"].get("topic_prefix", ""),
        databases={
            name: entry.get("report") or entry["database"]
            for name, entry in content["services"].items()
            if "database" in entry
        },
        staff=content.get("sample", {}).get("staff", {}),
        broker=_broker(content["kafka"], senders, folder),
    )


def _broker(kafka: Mapping[str, Any], senders: Mapping[str, Any], folder: Path) -> Broker | None:
    protocol = kafka.get("security_protocol", "PLAINTEXT")
    if protocol == "PLAINTEXT":
        return None
    entries = {**senders, **kafka.get("users", {})}
    users = {
        name: (entry["kafka_user"], folder / entry["kafka_password_file"])
        for name, entry in entries.items()
        if "kafka_user" in entry
    }
    authority = kafka.get("tls_ca")
    return Broker(users, protocol.endswith("SSL"), folder / authority if authority else None)


def _place(named: str | None) -> Path:
    if named:
        return Path(named)
    here = Path.cwd()
    candidates = (folder / DEFAULT_PLACE for folder in (here, *here.parents))
    return next((path for path in candidates if path.exists()), DEFAULT_PLACE)
