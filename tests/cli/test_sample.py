"""The sample directory speaks the language of the contracts."""

import json

import pytest

from casebus_contracts import COMMANDS, Role
from casebus_testing.sample import entries, sample


@pytest.mark.parametrize(
    "entry", entries(), ids=lambda entry: "-".join([entry["type"], next(iter(entry["data"].values()))])
)
def test_every_entry_is_a_valid_command(entry):
    command = COMMANDS[entry["type"]].model_validate_json(json.dumps(entry["data"]))

    assert command.SERVICE == "staffing"


@pytest.mark.parametrize("office", sample().offices)
def test_every_office_has_one_of_each_role(office: str):
    assert set(sample().staff[office]) == set(Role)


def test_the_description_names_the_staff_of_the_first_office():
    described = sample().described()

    assert (described["offices"], described["staff"]["rc_greeter"]) == (["adair", "boone"], "adair-greeter")
