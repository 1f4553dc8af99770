"""Dashboard and alerts ask only for numbers that services show, by labels these numbers have."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from flow import Flow
from prometheus_client.parser import text_string_to_metric_families

from chassis import metrics
from chassis.lag import State

FOLDER = Path(__file__).parents[2] / "deploy/dashboards"
SCRAPED = {"job", "instance", "le"}
"""Labels of every number, and of histograms."""

NUMBER = re.compile(r"\b(?:casebus|process)_\w+")
CHOSEN = re.compile(r"(\w+)\{([^}]*)\}")


def alerts() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load((FOLDER / "alerts.yml").read_text("utf-8"))["groups"]
    return list(group["rules"])


def panels() -> list[dict[str, Any]]:
    return list(json.loads((FOLDER / "casebus.json").read_text("utf-8"))["panels"])


def expressions() -> list[str]:
    return [rule["expr"] for rule in alerts()] + [each["expr"] for panel in panels() for each in panel["targets"]]


def of_ours() -> dict[str, set[str]]:
    """Every name a scrape of ours can have, and its labels."""
    endings = {metrics.Counter: ("_total",), metrics.Gauge: ("",), metrics.Histogram: ("_bucket", "_count", "_sum")}
    return {each.name + ending: set(each.labels) for each in metrics.ALL for ending in endings[type(each)]}


def labels_asked_for() -> Iterator[tuple[str, str]]:
    for expression in expressions():
        names = NUMBER.findall(expression)
        for name, chosen in CHOSEN.findall(expression):
            yield from ((name, label) for label in re.findall(r"(\w+)\s*[=!]~?", chosen))
        for group in re.findall(r"\bby \(([^)]*)\)", expression):
            yield from ((name, label.strip()) for name in names for label in group.split(","))


async def test_every_number_they_ask_for_is_on_a_service_s_page(flow: Flow) -> None:
    page = (await flow.http.get(f"{flow.system.processes['intake'].http}/metrics")).text
    shown = {family.name for family in text_string_to_metric_families(page)}
    asked = {name for expression in expressions() for name in NUMBER.findall(expression)}

    assert {name for name in asked if re.sub("_(total|bucket|count|sum)$", "", name) not in shown} == set()


def test_they_choose_and_group_by_labels_these_numbers_have() -> None:
    known = of_ours()

    assert [(name, label) for name, label in labels_asked_for() if label not in SCRAPED | known.get(name, set())] == []


def test_states_of_lag_are_called_what_services_call_them() -> None:
    named = re.findall(r'casebus_lag_state\{[^}]*state!?=~?"([^"]+)"', " ".join(expressions()))

    assert {state for each in named for state in each.split("|")} == {state.value for state in State}


@pytest.mark.parametrize("rule", alerts(), ids=lambda rule: rule["alert"])
def test_an_alert_says_what_is_wrong_and_how_urgent_it_is(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"]["summary"].endswith((".", "?"))
