"""A service does not start where others could listen, and says why in one sentence."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from chassis.exposure import is_loopback, refuse_exposure
from chassis.failures import CannotStart
from chassis.login import KafkaLogin
from chassis.settings import Settings

AT_HOME = {
    "kafka": "127.0.0.1:9092",
    "database": "postgresql://intake@127.0.0.1:5432/intake",
    "http": "127.0.0.1:8080",
    "jwks": "jwks.json",
    "senders": "senders.json",
}
PROTECTED_KAFKA = {"kafka_user": "intake", "kafka_password": "s3cret-of-intake", "kafka_tls_ca": "ca.pem"}
PROTECTED_HTTP = {"http_tls_cert": "cert.pem", "http_tls_key": "key.pem"}
BEYOND = {
    "CASEBUS_KAFKA": {"kafka": "kafka.internal:9092"},
    "CASEBUS_KAFKA_USER": {"kafka": "10.0.0.5:9092", "kafka_tls": True},
    "TLS": {"kafka": "10.0.0.5:9092", "kafka_user": "intake", "kafka_password": "s3cret-of-intake"},
    "CASEBUS_DATABASE": {"database": "postgresql://intake@db.internal/intake"},
    "sslmode": {"database": "postgresql://intake@db.internal/intake?sslmode=require"},
    "CASEBUS_DATABASE_OWNER": {"database_owner": "postgresql://owner@db.internal/intake"},
    "CASEBUS_DATABASE_RELAY": {"database_relay": "host=127.0.0.1,10.0.0.7 dbname=intake"},
    "CASEBUS_HTTP": {"http": "0.0.0.0:8080"},
    "CASEBUS_JWKS": {"jwks": "http://keys.internal/keys"},
}


def settings(**changes: Any) -> Settings:
    return Settings(**{**AT_HOME, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"clock_file": "clock.json"},
        {"kafka": "localhost:9092,[::1]:9093", "http": "[::1]:8080"},
        {"database": "postgresql:///intake?host=/run/postgresql"},
        {"jwks": "http://127.0.0.1:9000/keys"},
        {"kafka": "kafka.internal:9092", **PROTECTED_KAFKA},
        {"database": "postgresql://intake@db.internal/intake?sslmode=verify-full"},
        {"http": "0.0.0.0:8080", **PROTECTED_HTTP},
        {"jwks": "https://keys.internal/keys"},
    ],
)
def test_loopback_and_what_is_protected_may_start(changes: dict[str, Any]) -> None:
    refuse_exposure(settings(**changes))


@pytest.mark.parametrize("named", BEYOND)
def test_what_leaves_the_machine_in_clear_is_refused_by_its_name(named: str) -> None:
    with pytest.raises(CannotStart, match=named) as refusal:
        refuse_exposure(settings(**BEYOND[named]))

    assert "CASEBUS_TRUSTED_NETWORK" in str(refusal.value)


@pytest.mark.parametrize("named", BEYOND)
def test_a_trusted_network_is_the_operators_word(named: str) -> None:
    refuse_exposure(settings(**BEYOND[named], trusted_network=True))


@pytest.mark.parametrize(
    "changes",
    [
        {"http": "0.0.0.0:8080", **PROTECTED_HTTP},
        PROTECTED_HTTP,
        {"http": "0.0.0.0:8080", "trusted_network": True},
        {"kafka": "kafka.internal:9092", **PROTECTED_KAFKA},
        {"database_owner": "postgresql://o@db.internal/intake?sslmode=verify-full"},
    ],
)
def test_time_is_not_moved_where_others_are_served(changes: dict[str, Any]) -> None:
    with pytest.raises(CannotStart, match="CASEBUS_CLOCK_FILE"):
        refuse_exposure(settings(clock_file="clock.json", **changes))


def test_a_certificate_needs_its_key() -> None:
    with pytest.raises(CannotStart, match="CASEBUS_HTTP_TLS_KEY"):
        refuse_exposure(settings(http_tls_cert="cert.pem"))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost"])
def test_this_machine_is_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.1", "::", "kafka", "localhost.example.org", ""])
def test_anything_else_is_not(host: str) -> None:
    assert not is_loopback(host)


def test_a_process_says_so_and_ends() -> None:
    env = {f"CASEBUS_{name.upper()}": value for name, value in AT_HOME.items()} | {"CASEBUS_HTTP": "0.0.0.0:8080"}

    ended = subprocess.run(
        [sys.executable, "-m", "staffing"], env={**os.environ, **env}, capture_output=True, text=True, timeout=60
    )

    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith("staffing cannot start: CASEBUS_HTTP is not on loopback and needs")


def test_a_password_is_shown_nowhere() -> None:
    told = settings(**PROTECTED_KAFKA)

    assert "s3cret" not in f"{told!r} {told} {told.kafka_login!r} {told.model_dump_json()}"


def test_a_password_may_lie_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("from the file\n")

    login = settings(kafka_user="intake", kafka_password_file=tmp_path / "password").kafka_login

    assert login == KafkaLogin("intake", SecretStr("from the file"))


@pytest.mark.parametrize("changes", [{}, {"kafka_password_file": "no/such/file"}])
def test_a_user_without_a_password_is_told(changes: dict[str, Any]) -> None:
    with pytest.raises(CannotStart, match="CASEBUS_KAFKA_PASSWORD_FILE"):
        refuse_exposure(settings(kafka_user="intake", **changes))
