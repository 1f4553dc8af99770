"""What a single value may be, whatever message it stands in."""

import json
from datetime import UTC, datetime, time
from typing import Any

import pytest
from pydantic import ValidationError

from casebus_contracts import (
    CheckIn,
    CorrectTimes,
    CreateRequest,
    OfficeSettings,
    TimeOut,
    UpdateStaff,
    UpsertOffice,
    UpsertRegion,
    UpsertStaff,
    VisitWaiting,
)
from casebus_contracts.base import Message
from casebus_contracts.examples import MESSAGES, payload

LIMITS = [
    (UpsertRegion, "name", "x" * 201),
    (UpsertRegion, "name", ""),
    (UpsertRegion, "region_id", "-starts-with-a-dash"),
    (UpsertRegion, "region_id", "x" * 65),
    (CreateRequest, "comments", "x" * 2001),
    (CreateRequest, "reasons", []),
    (CreateRequest, "reasons", ["apply"] * 21),
    (CreateRequest, "companions", ["Ann"] * 21),
    (CreateRequest, "county_fips", "2900"),
    (CreateRequest, "county_fips", "29 01"),
    (CreateRequest, "priority", 10),
    (CreateRequest, "priority", -1),
    (CreateRequest, "request_type", "stroll"),
    (CreateRequest, "channel", "pigeon"),
    (CorrectTimes, "reason", ""),
    (UpsertStaff, "positions", ["building_manager"] * 11),
    (UpsertStaff, "role", "king"),
    (UpsertStaff, "work_email", "nobody"),
    (UpsertStaff, "work_email", "a@b\nBcc: c@d"),
    (UpsertStaff, "work_email", "a" * 250 + "@b.example"),
    (UpsertOffice, "zone", "America/St. Louis"),
    (UpsertOffice, "zone", "../../etc/passwd"),
    (UpsertOffice, "settings", {"wait_limit_minutes": 0}),
    (UpsertOffice, "settings", {"wait_limit_minutes": 1441}),
    (VisitWaiting, "ticket", 0),
    (VisitWaiting, "people_ahead", -1),
    (VisitWaiting, "estimate_minutes", 2**63),
]

NOT_UUID7 = {
    "version 4": "019ab62b-dfc0-4a31-8f02-6b1d0c5e9a10",
    "another variant": "019ab62b-dfc0-7a31-cf02-6b1d0c5e9a10",
    "upper case": "019AB62B-DFC0-7A31-8F02-6B1D0C5E9A10",
    "without dashes": "019ab62bdfc07a318f026b1d0c5e9a10",
    "in braces": "{019ab62b-dfc0-7a31-8f02-6b1d0c5e9a10}",
    "with a line end": "019ab62b-dfc0-7a31-8f02-6b1d0c5e9a10\n",
    "empty": "",
    "a number": 7,
    "null": None,
}

NOT_A_MOMENT = {
    "no offset": "2025-11-24T14:02:00",
    "no time": "2025-11-24",
    "seconds since 1970": 1763992920,
    "the same as text": "1763992920",
    "no day": "2025-02-30T14:02:00Z",
    "before the calendar's use": "1899-12-31T23:59:59Z",
    "at its end": "9999-12-31T23:59:59-12:00",
    "not a time": "noon",
    "a flag": True,
}


def changed(message: type[Message], field: str, value: Any) -> Any:
    body = json.loads(payload(MESSAGES[message.TYPE])) | {field: value}
    return message.__pydantic_validator__.validate_json(json.dumps(body))


@pytest.mark.parametrize(("message", "field", "value"), LIMITS)
def test_a_value_beyond_its_limit_is_refused(message: type[Message], field: str, value: Any) -> None:
    with pytest.raises(ValidationError):
        changed(message, field, value)


@pytest.mark.parametrize("text", NOT_UUID7.values(), ids=NOT_UUID7.keys())
def test_an_id_is_a_uuid7_in_its_usual_form(text: Any) -> None:
    with pytest.raises(ValidationError):
        changed(CheckIn, "request_id", text)


@pytest.mark.parametrize("value", NOT_A_MOMENT.values(), ids=NOT_A_MOMENT.keys())
def test_a_moment_is_a_time_with_an_offset(value: Any) -> None:
    with pytest.raises(ValidationError):
        changed(TimeOut, "at", value)


def test_a_moment_is_kept_in_utc() -> None:
    told: TimeOut = changed(TimeOut, "at", "2025-11-24T08:50:10-06:00")

    assert payload(told).endswith(b'"at":"2025-11-24T14:50:10Z"}')


def test_one_moment_in_two_zones_is_the_same_order() -> None:
    assert changed(TimeOut, "at", "2025-11-24T08:50:10-06:00") == changed(TimeOut, "at", "2025-11-24T14:50:10Z")


def test_a_leap_of_daylight_saving_does_not_touch_a_moment() -> None:
    told: TimeOut = changed(TimeOut, "at", "2026-03-08T03:30:00-05:00")

    assert told.at == datetime(2026, 3, 8, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize("text", ["nul\x00inside", "\x00"])
def test_nul_is_refused_in_any_text(text: str) -> None:
    with pytest.raises(ValidationError, match="NUL"):
        changed(CreateRequest, "comments", text)


def test_nul_is_refused_in_a_name_deep_inside() -> None:
    with pytest.raises(ValidationError, match="NUL"):
        changed(CreateRequest, "client", {"last_name": "a\x00", "first_name": "b"})


def test_letters_and_their_marks_are_composed() -> None:
    named: UpsertRegion = changed(UpsertRegion, "name", "Jose\u0301")

    assert named.name == "Jos\u00e9"


def test_half_a_character_is_refused() -> None:
    body = b'{"region_id":"northeast","name":"\\ud83d"}'

    with pytest.raises(ValidationError, match="json_invalid"):
        UpsertRegion.__pydantic_validator__.validate_json(body)


@pytest.mark.parametrize("value", ["yes", 1, "true"])
def test_a_flag_is_true_or_false(value: Any) -> None:
    with pytest.raises(ValidationError):
        changed(CreateRequest, "anonymous", value)


@pytest.mark.parametrize("value", ["2", 2.5, True])
def test_a_count_is_a_whole_number(value: Any) -> None:
    with pytest.raises(ValidationError):
        changed(CreateRequest, "priority", value)


@pytest.mark.parametrize("value", ["1984-13-01", "1984", 446860800, "1984-03-09T00:00:00Z", "0001-01-01"])
def test_a_birth_date_is_a_day(value: Any) -> None:
    with pytest.raises(ValidationError):
        changed(CreateRequest, "client", {"last_name": "a", "first_name": "b", "birth_date": value})


@pytest.mark.parametrize("text", ["08:00", "08:00:00"])
def test_a_time_of_day_has_hours_and_minutes(text: str) -> None:
    shift: UpdateStaff = changed(UpdateStaff, "shift_start", text)

    assert shift.shift_start == time(8)


@pytest.mark.parametrize("value", ["8:00", "24:00", "08:00Z", "08:00:00.5", 28800, "8 am"])
def test_anything_else_is_no_time_of_day(value: Any) -> None:
    with pytest.raises(ValidationError):
        changed(UpdateStaff, "shift_start", value)


def test_null_is_the_same_as_absent() -> None:
    assert changed(TimeOut, "at", None).at is None


def test_an_absent_setting_has_its_default() -> None:
    office: UpsertOffice = changed(UpsertOffice, "settings", {"wait_limit_minutes": 45})

    assert office.office_settings == OfficeSettings(wait_limit_minutes=45)


def test_an_office_without_settings_has_all_defaults() -> None:
    office: UpsertOffice = changed(UpsertOffice, "settings", None)

    assert office.office_settings == OfficeSettings(
        wait_limit_minutes=30, serve_limit_minutes=240, default_service_minutes=15, time_edit_back_minutes=15
    )


def test_a_request_has_middle_priority_unless_told() -> None:
    body = json.loads(payload(MESSAGES["CreateRequest"]))
    del body["priority"]

    assert CreateRequest.__pydantic_validator__.validate_json(json.dumps(body)).priority == 2
