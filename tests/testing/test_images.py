"""What containers are made of fits what everything else is made of. No engine is needed to see that."""

import re
from pathlib import Path

import pytest
import yaml

from casebus_testing import containers
from casebus_testing.stack.kafka import PROPERTIES

ROOT = Path(__file__).parents[2]
OF_LISTENERS = {"KAFKA_LISTENER_SECURITY_PROTOCOL_MAP", "KAFKA_INTER_BROKER_LISTENER_NAME"}


def pins(lock: str) -> set[str]:
    """Name, version and hashes of each package of a lock file, without the platforms it is for."""
    entries = re.split(r"\n(?=\S)", (ROOT / lock).read_text())
    return {re.sub(r" ; [^\\]*", " ", entry).strip() for entry in entries if "==" in entry}


def settings() -> dict[str, str]:
    lines = (ROOT / ".env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_images_run_on_the_packages_that_the_tests_run_on():
    assert pins("deploy/image.lock") <= pins("requirements.lock")


def test_the_images_of_the_servers_are_the_same_everywhere():
    assert settings()["CASEBUS_KAFKA_IMAGE"] == containers.KAFKA_IMAGE
    assert settings()["CASEBUS_POSTGRES_IMAGE"] == containers.POSTGRES_IMAGE


def test_the_broker_has_the_same_settings_everywhere():
    composed = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["kafka"]["environment"]
    packaged = containers.kafka_environment(PROPERTIES)

    shared = (composed.keys() & packaged.keys()) - OF_LISTENERS
    assert {name: str(composed[name]) for name in shared} == {name: packaged[name] for name in shared}
    assert {"KAFKA_AUTO_CREATE_TOPICS_ENABLE", "KAFKA_LOG_MESSAGE_TIMESTAMP_TYPE"} <= shared


def test_published_ports_are_below_those_of_outgoing_connections():
    ports = [int(value) for name, value in settings().items() if name.endswith("_PORT")]

    assert len(set(ports)) == 5
    assert max(ports) < 32_768


@pytest.mark.parametrize(
    ("name", "variable"), [("process.roles", "KAFKA_PROCESS_ROLES"), ("a.b-c", "KAFKA_A_B__C"), ("a_b", "KAFKA_A___B")]
)
def test_a_property_of_the_broker_becomes_a_variable_of_its_image(name: str, variable: str):
    assert containers.kafka_environment({name: "x"}) == {variable: "x"}


def test_where_no_engine_listens_none_answers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")

    assert not containers.engine_answers()
