"""Kafka and PostgreSQL in containers, behind the same `Stack` as the servers from packages.

Needs a container engine, and testcontainers. Listens on loopback where the engine runs on this machine.
"""

import secrets
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import docker
from docker.errors import DockerException
from testcontainers.community.postgres import PostgresContainer
from testcontainers.core.container import DockerContainer
from testcontainers.core.docker_client import DockerClient

from casebus_testing.stack import Stack, StackError, kafka, postgres, versions
from casebus_testing.stack.ports import LOOPBACK, free_ports

KAFKA_IMAGE = f"apache/kafka:{versions.KAFKA}"
POSTGRES_IMAGE = f"postgres:{versions.POSTGRES.split('.')[0]}"
KAFKA_PORT, POSTGRES_PORT = 9092, 5432
READY_SECONDS = 60.0
POLL_SECONDS = 0.05


def engine_answers() -> bool:
    """Whether there is a container engine that we may use."""
    try:
        client = docker.from_env(timeout=10)
    except DockerException:
        return False
    try:
        return bool(client.ping())
    except DockerException:
        return False
    finally:
        client.close()


def start(run_dir: str | Path) -> Stack:
    """A stack of two new containers, which `stack.stop()` takes away with their data. Raises StackError."""
    broker, database = KafkaInContainer(), PostgresInContainer()
    try:
        for server in (broker, database):
            server.start()
        for server in (broker, database):
            server.wait_ready()
    except BaseException:
        broker.stop()
        database.stop()
        raise
    return Stack(Path(run_dir), broker, database)


class ApacheKafkaContainer(DockerContainer):
    """The official image as one broker, which is its own controller, with the settings of the stack from packages.

    `address`: `host:port` that clients are told; it must be published there.
    """

    def __init__(self, address: str, image: str = KAFKA_IMAGE) -> None:
        super().__init__(image)
        self.with_env("CLUSTER_ID", kafka.CLUSTER_ID).with_env("KAFKA_HEAP_OPTS", " ".join(kafka.HEAP))
        self.with_envs(**kafka_environment(kafka.PROPERTIES | listeners(address)))


def listeners(address: str) -> dict[str, str]:
    """Broker properties: clients come from outside the container, the broker talks to itself inside."""
    return {
        "listeners": f"OUTSIDE://:{KAFKA_PORT},INSIDE://localhost:19092,CONTROLLER://localhost:9093",
        "advertised.listeners": f"OUTSIDE://{address},INSIDE://localhost:19092",
        "listener.security.protocol.map": "OUTSIDE:PLAINTEXT,INSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "INSIDE",
        "controller.quorum.voters": "1@localhost:9093",
        "log.dirs": "/var/lib/kafka/data",
    }


def kafka_environment(properties: Mapping[str, str]) -> dict[str, str]:
    """Broker properties as the official image wants them: `a.b-c` is KAFKA_A_B__C."""
    spelled = str.maketrans({".": "_", "-": "__", "_": "___"})
    return {f"KAFKA_{name.translate(spelled).upper()}": value for name, value in properties.items()}


class InContainer:
    """A container where a stack expects a server. Killed and started again it has the same port and data."""

    def __init__(self, name: str, container: DockerContainer, answers: Callable[[], bool]) -> None:
        self.name, self._container, self._answers = name, container, answers
        self._made = False

    def start(self) -> None:
        """Makes the container, or starts the one that was killed."""
        try:
            if self._made:
                self._container.get_wrapped_container().start()
            else:
                self._container.start()
        except DockerException as error:
            raise StackError(f"{self.name} does not start in a container: {error}") from error
        self._made = True

    def wait_ready(self) -> None:
        """Returns when the server answers. Raises StackError with the end of its log."""
        deadline = time.monotonic() + READY_SECONDS
        while not self._answers():
            if time.monotonic() > deadline:
                log = self._container.get_wrapped_container().logs(tail=30).decode(errors="replace")
                raise StackError(f"{self.name} is not ready after {READY_SECONDS:.0f} s; the end of its log:\n{log}")
            time.sleep(POLL_SECONDS)

    def kill(self) -> None:
        """kill -9."""
        container = self._container.get_wrapped_container()
        container.kill()
        container.wait()

    def stop(self) -> None:
        """Takes the container and its data away."""
        self._container.stop()


class KafkaInContainer(InContainer):
    """A broker. `address`: `host:port` for clients."""

    def __init__(self) -> None:
        self.address = _new_address()
        container = _published(ApacheKafkaContainer(self.address), KAFKA_PORT, self.address)
        super().__init__("Kafka", container, lambda: kafka.answers(self.address))


class PostgresInContainer(InContainer):
    """A database server. `dsn`: the superuser's connection text."""

    def __init__(self) -> None:
        address, password = _new_address(), secrets.token_hex(8)
        self.dsn = f"postgresql://postgres:{password}@{address}/postgres"
        container = PostgresContainer(POSTGRES_IMAGE, POSTGRES_PORT, "postgres", password, "postgres", driver=None)
        container.with_command(["postgres", "-cmax_connections=200", "-ctimezone=UTC"])
        super().__init__(
            "PostgreSQL", _published(container, POSTGRES_PORT, address), lambda: postgres.answers(self.dsn)
        )


def _new_address() -> str:
    """Where the engine can publish a port. Chosen before the container is, because the broker must know it."""
    host = DockerClient().host()
    return f"{LOOPBACK if host == 'localhost' else host}:{free_ports(1)[0]}"


def _published(container: DockerContainer, port_inside: int, address: str) -> DockerContainer:
    host, _, port = address.rpartition(":")
    places = cast(dict[str, Any], container.ports)  # an address and a port are allowed, but not declared
    places[str(port_inside)] = (LOOPBACK, int(port)) if host == LOOPBACK else int(port)
    return container
