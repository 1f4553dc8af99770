"""The embedded servers: their life, their death, and what is said when something is missing."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from casebus_testing.stack import Stack, StackError, end_run
from casebus_testing.stack.processes import LAUNCH, RunFile
from casebus_testing.waiting import eventually


@pytest.fixture
def own_stack(tmp_path: Path) -> Iterator[Stack]:
    with Stack.start(tmp_path) as started:
        yield started


def run_program(tmp_path: Path, text: str, **env: str) -> "subprocess.Popen[str]":
    program = tmp_path / "program.py"
    program.write_text(textwrap.dedent(text))
    return subprocess.Popen(
        [sys.executable, str(program)],
        env={**os.environ, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_what_was_written_is_there_after_kill_9_at_the_same_addresses(own_stack: Stack):
    kafka, dsn = own_stack.kafka, own_stack.create_database("kept")
    admin = AdminClient({"bootstrap.servers": kafka})
    admin.create_topics([NewTopic("kept", 1, 1)])["kept"].result()
    producer = Producer({"bootstrap.servers": kafka, "acks": "all"})
    producer.produce("kept", b"a record")
    assert producer.flush(10) == 0
    with psycopg.connect(dsn) as connection:
        connection.execute("create table kept as select 7 as seven")

    own_stack.kill_kafka()
    own_stack.kill_postgres()
    own_stack.start_postgres()
    own_stack.start_kafka()

    consumer = Consumer({"bootstrap.servers": kafka, "group.id": "g", "auto.offset.reset": "earliest"})
    consumer.subscribe(["kept"])
    record = consumer.poll(20)
    consumer.close()
    with psycopg.connect(dsn) as connection:
        assert connection.execute("select seven from kept").fetchone() == (7,)
    assert record is not None
    assert record.value() == b"a record"


def test_after_the_stop_nothing_runs(tmp_path: Path):
    stack = Stack.start(tmp_path)
    servers = RunFile(tmp_path).read()

    stack.stop()

    assert [server.name for server in servers] == ["kafka", "postgres"]
    assert not any(server.alive for server in servers)


def test_a_directory_in_use_is_refused(own_stack: Stack):
    with pytest.raises(StackError, match="Another run uses"):
        Stack.start(own_stack.run_dir)


async def test_servers_die_with_a_run_that_is_killed(tmp_path: Path):
    program = run_program(
        tmp_path,
        f"""
        from casebus_testing.stack import Stack
        Stack.start({str(tmp_path)!r})
        print("up", flush=True)
        input()
        """,
    )
    assert program.stdout is not None
    assert program.stdout.readline() == "up\n"
    servers = RunFile(tmp_path).read()

    program.kill()
    program.wait()

    await eventually(lambda: not any(server.alive for server in servers), within=20)


async def test_servers_that_a_run_in_the_background_half_lost_are_ended_by_the_next_start(tmp_path: Path):
    program = run_program(
        tmp_path,
        f"""
        from casebus_testing.stack import Stack
        Stack.start({str(tmp_path)!r}, background=True).release()
        """,
    )
    assert program.wait(60) == 0
    old_kafka, old_postgres = RunFile(tmp_path).read()
    assert old_kafka.alive
    assert old_postgres.alive
    os.killpg(old_kafka.pid, signal.SIGKILL)
    await eventually(lambda: not old_kafka.alive)

    with Stack.start(tmp_path):
        assert not old_postgres.alive


def test_down_ends_a_run_in_the_background_and_a_second_time_nothing(tmp_path: Path):
    program = run_program(
        tmp_path,
        f"""
        from casebus_testing.stack import Stack
        Stack.start({str(tmp_path)!r}, background=True).release()
        """,
    )
    assert program.wait(60) == 0

    assert [running.name for running in end_run(tmp_path)] == ["postgres", "kafka"]
    assert end_run(tmp_path) == []


def test_an_ordinary_user_has_servers_too(tmp_path: Path):
    """Root tries it as an ordinary user of a namespace, who may read what root may."""
    as_user = "namespace" if os.geteuid() == 0 else "self"
    program = tmp_path / "program.py"
    program.write_text(
        f"import os; from casebus_testing.stack import Stack\n"
        f"with Stack.start({str(tmp_path)!r}) as stack: stack.create_database('mine'); print(os.geteuid() > 0)\n"
    )
    launch = [sys.executable, "-I", "-S", str(LAUNCH), "0", as_user, str(os.getpid())]

    done = subprocess.run([*launch, sys.executable, str(program)], capture_output=True, text=True, check=False)

    assert done.stdout == "True\n", done.stderr


def test_a_process_that_only_has_the_number_of_ours_is_left_alone(tmp_path: Path):
    entry = {"name": "kafka", "pid": os.getpid(), "started": "1", "background": True}
    (tmp_path / "run.json").write_text(json.dumps([entry | {"stop_signal": 15, "last_signal": 9}]))

    assert end_run(tmp_path) == []


def test_servers_named_in_the_environment_are_used_and_never_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CASEBUS_STACK_KAFKA", "127.0.0.1:9")
    monkeypatch.setenv("CASEBUS_STACK_POSTGRES", "postgresql://me@127.0.0.1:9/postgres")

    with Stack.start(tmp_path) as stack:
        assert (stack.kafka, stack.dsn("x")) == ("127.0.0.1:9", "postgresql://me@127.0.0.1:9/x")
        with pytest.raises(StackError, match="not started by this program"):
            stack.kill_kafka()
