"""All of casebus as docker-compose.yml has it, used through the ports that it publishes."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
from flow import WalkIn
from testcontainers.compose import DockerCompose

from casebus_cli import bootstrap
from casebus_cli.client import Sender, connect
from casebus_cli.orders import Order
from casebus_cli.stack import Stack as Place
from casebus_cli.stack import find_stack
from casebus_testing.sample import entries
from casebus_testing.stack.ports import free_ports
from casebus_testing.waiting import eventually

pytestmark = pytest.mark.containers
ROOT = Path(__file__).parents[2]
SERVICES = ("staffing", "intake", "notifications")
PORTS = [f"CASEBUS_{name}_PORT" for name in ("KAFKA", "POSTGRES", *map(str.upper, SERVICES))]
SEND_MAIL = "import smtplib; smtplib.SMTP('mail', 8025).sendmail('a@example.org', 'b@example.org', 'Ticket 7')"


@pytest.fixture(scope="module")
def compose() -> Iterator[DockerCompose]:
    """Up, with a name and ports of its own: a casebus that somebody has running stays as it is."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("COMPOSE_PROJECT_NAME", "casebus-test")
        for name, port in zip(PORTS, free_ports(len(PORTS)), strict=True):
            environment.setenv(name, str(port))
        with DockerCompose(ROOT, build=True, wait=True) as running:
            yield running


@pytest.fixture(scope="module")
def place(compose: DockerCompose, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Where everything is, from outside, and the guest's key."""
    folder = tmp_path_factory.mktemp("compose") / "keys"
    run(compose, "cp", "deploy:/senders/keys", str(folder))
    return find_stack(str(folder / "stack.json"))


def run(compose: DockerCompose, *words: str) -> str:
    command = [*compose.docker_compose_command(), *words]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def inside(compose: DockerCompose, service: str, *words: str) -> str:
    return run(compose, "exec", "-T", service, *words)


async def test_the_directory_comes_in_and_a_walk_in_is_taken(place: Place):
    orders = [Order(entry["type"], entry["data"], "system") for entry in entries()]

    assert await bootstrap.load(place, orders, quiet=True) == 0

    async with connect(place) as sender:
        # Intake hears of its greeters a moment after staffing does.
        walk_in = await eventually(lambda: created(sender), within=30)
        assert (await sender.ask(walk_in.check_in())).outcome == "accepted"


async def created(sender: Sender) -> WalkIn | None:
    walk_in = WalkIn()
    receipt = await sender.ask(walk_in.create())
    return walk_in if receipt.outcome == "accepted" else None


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_says_that_it_is_ready(place: Place, service: str):
    assert httpx.get(f"{place.door(service)}/health/ready", trust_env=False).status_code == 200


def test_everything_that_is_published_listens_on_loopback(compose: DockerCompose):
    published = [port for container in compose.get_containers() for port in container.Publishers if port.PublishedPort]

    assert {port.URL for port in published} == {"127.0.0.1"}
    assert len(published) == len(PORTS)


@pytest.mark.parametrize("service", [*SERVICES, "mail"])
def test_a_container_has_no_rights_but_its_own(compose: DockerCompose, service: str):
    status = inside(compose, service, "cat", "/proc/self/status").splitlines()

    rights = dict(line.split(":\t", 1) for line in status if line.startswith(("Uid", "CapEff", "NoNewPrivs")))
    assert rights == {"Uid": "10001\t10001\t10001\t10001", "CapEff": "0" * 16, "NoNewPrivs": "1"}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_cannot_write_into_its_image(compose: DockerCompose, service: str):
    with pytest.raises(subprocess.CalledProcessError) as refused:
        inside(compose, service, "touch", "/app/new")

    assert "Read-only file system" in refused.value.stderr


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_sees_no_private_key(compose: DockerCompose, service: str):
    assert inside(compose, service, "ls", "-A", "/senders/keys") == ""


def test_the_image_of_a_service_has_no_testing_kit(compose: DockerCompose):
    with pytest.raises(subprocess.CalledProcessError) as refused:
        inside(compose, "intake", "python", "-c", "import casebus_testing")

    assert "No module named 'casebus_testing'" in refused.value.stderr


def test_a_role_of_one_service_is_kept_out_of_the_database_of_another(compose: DockerCompose):
    host, port = compose.get_service_host_and_port("postgres", 5432)
    password = compose.get_config()["services"]["deploy"]["environment"]["CASEBUS_ROLE_PASSWORD"]

    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(host=host, port=port, user="intake_app", password=password, dbname="staffing")


def test_mail_of_notifications_is_kept(compose: DockerCompose):
    inside(compose, "notifications", "python", "-c", SEND_MAIL)

    assert len(inside(compose, "mail", "ls", "/mail/box/new").split()) == 1


def test_setting_up_a_second_time_changes_nothing(compose: DockerCompose, place: Place):
    key, _ = place.signing_key("guest")

    said = run(compose, "run", "--rm", "--no-deps", "-T", "deploy")

    assert said.strip().endswith("0 new topics")
    assert inside_deploy(compose, "guest.pem") == key.decode()


def inside_deploy(compose: DockerCompose, name: str) -> str:
    return run(compose, "run", "--rm", "--no-deps", "-T", "--entrypoint", "cat", "deploy", f"/senders/keys/{name}")


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_that_is_asked_to_stop_stops_in_order(compose: DockerCompose, service: str):
    run(compose, "stop", service)

    assert compose.get_container(service, include_all=True).ExitCode == 0
    assert '"event": "stopped"' in run(compose, "logs", "--tail=5", service)
