"""What is about persons in a command is closed to reports in the table that keeps it."""

import dataclasses
import importlib
import typing
from collections.abc import Iterator

import pytest

from casebus_contracts import DataClass
from casebus_contracts.fields import data_classes, parts
from casebus_contracts.topics import services
from chassis.rules import Aggregate
from chassis.wiring import Service

CLOSED = {DataClass.PERSONAL, DataClass.RESTRICTED}


def wired(service: str) -> Service:
    found: Service = importlib.import_module(f"{service}.handlers").SERVICE
    return found


def told(service: Service) -> set[str]:
    """Names of the fields about persons in the commands of a service."""
    return {
        path
        for command in service.commands.values()
        for path, kind in data_classes(command).items()
        if kind in CLOSED and "." not in path
    }


def about_persons(service: Service, cls: type[Aggregate]) -> Iterator[str]:
    """Columns that keep such a field under its own name, or an object with one inside."""
    hints = typing.get_type_hints(cls)
    for column in dataclasses.fields(cls):
        inside = [kind for part, _ in parts(hints[column.name]) for kind in data_classes(part).values()]
        if column.name in told(service) or CLOSED & set(inside):
            yield column.name


@pytest.mark.parametrize("name", services())
def test_columns_about_persons_are_closed_to_reports(name: str) -> None:
    service = wired(name)

    # Replicas hold what facts tell, and no fact is about persons: tests/contracts sees to that.
    for cls in service.tables:
        assert set(about_persons(service, cls)) <= cls.PERSONAL


@pytest.mark.parametrize("name", services())
def test_what_is_closed_is_a_column(name: str) -> None:
    service = wired(name)

    for cls in (*service.tables, *service.replica_tables):
        assert {column.name for column in dataclasses.fields(cls)} >= cls.PERSONAL


def test_a_request_has_such_columns() -> None:
    (requests,) = (cls for cls in wired("intake").tables if cls.TABLE == "requests")

    assert {"client", "comments", "companions"} <= set(about_persons(wired("intake"), requests))
