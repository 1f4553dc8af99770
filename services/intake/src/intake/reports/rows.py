"""The rows of reports, as JSON shows them and CSV has its columns."""

from datetime import date, datetime
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

Key = Field(description="What the figures are of: a code, a day or a month, as asked for by `by`.")
Minutes = Field(description="In minutes; durations are filed by whole minutes, means are exact.")


class Row(BaseModel):
    """One line of a report."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class WalkIns(Row):
    """How many walked in. By reason, somebody with two reasons counts under both."""

    key: str = Key
    walk_ins: int


class Requests(Row):
    """What became of the requests received in these days."""

    key: str = Key
    received: int
    covered: int = Field(description="Contacts at which voter registration is to be offered.")
    anonymous: int
    closed: int
    open: int


class Signatures(Row):
    """Requests without a name, and unsigned applications by how far their signature is."""

    key: str = Key
    anonymous: int
    awaiting_signature: int
    signed: int
    returned: int


class Visits(Row):
    """How visits ended. Those closed at closing time were never timed out."""

    key: str = Key
    served: int
    left: int
    no_show: int
    never_timed_out: int
    inaccurate: int = Field(description="Timed out on a later day, or after closing time had ended them.")


class Times(Row):
    """How long visits took: accurate times only."""

    key: str = Key
    visits: int
    wait_mean: float | None = Minutes
    wait_median: int | None = Minutes
    wait_90: int | None = Minutes
    wait_95: int | None = Minutes
    service_mean: float | None = Minutes
    service_median: int | None = Minutes
    service_90: int | None = Minutes
    service_95: int | None = Minutes


class Estimates(Row):
    """What visitors were told they would wait, against what they did; above zero: told too long."""

    key: str = Key
    visits: int
    mean_error: float | None = Minutes
    median_absolute: int | None = Minutes
    absolute_90: int | None = Minutes
    right_percent: float | None = Field(description="Off by five minutes or less.")
    too_short_percent: float | None = Field(description="Waited more than five minutes longer than told.")


class Entries(Row):
    """Entries of the voter log."""

    key: str = Key
    entries: int


class Registration(Row):
    """What voter registration law asks an office to count in a month. Both ways of saying no are one."""

    key: str = Key
    apply: int
    review: int
    change_of_address: int
    register_to_vote_only: int
    other_covered: int
    covered_contacts: int
    entries: int
    yes: int
    no: int
    declined: int
    letters: int
    deviates: bool = Field(description="Entries and letters are far from the covered contacts.")


class ToCorrect(Row):
    """A covered contact without an entry in the voter log, and without a letter."""

    request_id: str
    office_id: str
    received_on: date
    request_type: str
    channel: str
    reasons: list[str]
    ticket: int | None
    over: bool = Field(description="The contact is over: the letter is due at once.")


class Unended(Row):
    """A visit that closing time ended."""

    request_id: str
    office_id: str
    ticket_day: date
    ticket: int
    time_in: datetime | None
    auto_closed_at: datetime | None


class Forms(Row):
    """Completed forms that lie in an office."""

    office_id: str
    forms: int
    oldest_received_on: date
    oldest_days: int
    next_due_on: date
    overdue: int


class MeritCalls(Row):
    """Cases of the merit call center, and the calls about any case."""

    key: str = Key
    cases: int
    calls: int


class Vendors(Row):
    """Contacts with vendors. By vendor the key is the vendor as typed, empty where nobody typed one."""

    key: str = Key
    contacts: int


AnyRow = TypeVar("AnyRow", bound=Row)


class Report(BaseModel, Generic[AnyRow]):
    """A report: which days of the offices' calendars, of how many offices, and the figures."""

    first_day: date
    last_day: date
    offices: int
    rows: list[AnyRow]
    more: bool = Field(False, description="There are more rows than fit; CSV has them all.")
