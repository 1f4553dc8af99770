"""CSV that a spreadsheet shows and does not run."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime

import pytest

from chassis.csv_out import csv_response, harmless, written


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", '=HYPERLINK("http://x","y")', "  =1", "=", "-"],
)
def test_text_that_begins_like_a_formula_is_told_to_be_text(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (-3, "-3"),
        (2.5, "2.5"),
        (None, ""),
        (True, "yes"),
        (False, "no"),
        (date(2026, 3, 2), "2026-03-02"),
        (datetime(2026, 3, 2, 14, tzinfo=UTC), "2026-03-02T14:00:00+00:00"),
        (["apply", "review"], "apply review"),
        (["=apply"], "'=apply"),
        ("O'Neil & Sons", "O'Neil & Sons"),
        ("3-4", "3-4"),
    ],
)
def test_everything_else_is_shown_as_it_is(value: object, shown: str) -> None:
    assert harmless(value) == shown


def test_commas_quotes_and_line_ends_stay_inside_their_cell() -> None:
    assert written([['a "b"', "c,d", "e\nf"]]) == '"a ""b""","c,d","e\nf"\r\n'


async def test_a_file_is_streamed_page_by_page() -> None:
    async def pages() -> AsyncIterator[list[list[object]]]:
        yield [[1, "=x"]]
        yield [[2, None]]

    answer = await csv_response("figures", ["n", "text"], pages())

    parts = [str(part) async for part in answer.body_iterator]
    assert parts == ["n,text\r\n1,'=x\r\n", "2,\r\n"]
    assert answer.headers["content-disposition"] == 'attachment; filename="figures.csv"'


async def test_a_failure_of_the_first_page_comes_before_the_answer() -> None:
    async def pages() -> AsyncIterator[list[list[object]]]:
        raise ConnectionError("away")
        yield []

    with pytest.raises(ConnectionError):
        await csv_response("figures", ["n"], pages())
