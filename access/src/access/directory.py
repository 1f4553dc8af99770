"""Who and where: regions, counties, offices and staff.

Staffing owns these states; every other service holds them as replicas of the last
`*.upserted` fact, field for field.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from casebus_contracts import OfficeSettings, Position, Role
from chassis.rules import Aggregate
from chassis.wiring import read


def zone_exists(name: str) -> bool:
    """Whether the IANA zone database knows a zone of this name."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder of zones
        return False
    return True


@dataclass(frozen=True, slots=True)
class Region(Aggregate):
    """A part of the state."""

    NAME: ClassVar[str] = "region"
    TABLE: ClassVar[str] = "regions"

    name: str


@dataclass(frozen=True, slots=True)
class County(Aggregate):
    """A county; its id is the five-digit FIPS code."""

    NAME: ClassVar[str] = "county"
    TABLE: ClassVar[str] = "counties"

    name: str
    region_id: str


@dataclass(frozen=True, slots=True)
class Office(Aggregate):
    """An office with its opening hours, which are local times of `zone` (an IANA name)."""

    NAME: ClassVar[str] = "office"
    TABLE: ClassVar[str] = "offices"

    name: str
    county_fips: str
    region_id: str
    zone: str
    opens: time
    closes: time
    active: bool
    receptionist: bool
    settings: OfficeSettings
    election_authority: str | None = None
    local_coordinator: str | None = None

    def local_day(self, moment: datetime) -> date:
        """The day the office's calendar shows at `moment`."""
        return moment.astimezone(ZoneInfo(self.zone)).date()

    def closing(self, day: date) -> datetime:
        """When the office closes on a local day."""
        return datetime.combine(day, self.closes, ZoneInfo(self.zone))

    def end_of(self, day: date) -> datetime:
        """When a local day is over."""
        return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(self.zone))

    @property
    def auto_close(self) -> bool:
        """Whether visits still open at closing time are closed."""
        return self.settings.auto_close is not False

    @property
    def recalls_before_no_show(self) -> int:
        """How often a called client must have been called again before they count as not come."""
        return self.settings.recalls_before_no_show or 0

    @property
    def wait_limit(self) -> timedelta:
        """Waiting longer than this raises an alert."""
        return timedelta(minutes=self.settings.wait_limit_minutes)

    @property
    def serve_limit(self) -> timedelta:
        """Being served longer than this raises an alert."""
        return timedelta(minutes=self.settings.serve_limit_minutes)

    @property
    def time_edit_back(self) -> timedelta:
        """How far back staff without the right to edit times may place a time."""
        return timedelta(minutes=self.settings.time_edit_back_minutes)


@dataclass(frozen=True, slots=True)
class Staff(Aggregate):
    """A staff member. Shift and lunch are local times of the office."""

    NAME: ClassVar[str] = "staff"
    TABLE: ClassVar[str] = "staff"

    name: str
    work_email: str
    role: Role
    office_id: str
    positions: tuple[Position, ...] = ()
    active: bool = True
    supervisor_id: str | None = None
    shift_start: time | None = None
    shift_end: time | None = None
    lunch_begin: time | None = None
    lunch_end: time | None = None


@dataclass(frozen=True, slots=True)
class Availability(Aggregate):
    """Whether a staff member can take people in; their id is its id. The comment stays with staffing."""

    NAME: ClassVar[str] = "availability"
    TABLE: ClassVar[str] = "availabilities"
    PERSONAL: ClassVar[frozenset[str]] = frozenset({"comment"})

    available: bool
    comment: str | None = None


SYSTEM = Staff("system", name="system", work_email="", role=Role.CENTRAL, office_id="")
"""A sender acting for itself. What it may send is decided by its configuration, before any rule."""

ACTOR = read(Staff, "actor", missing="I-07", constants={SYSTEM.id: SYSTEM})
"""The wiring of the parameter `actor`: the staff member who gave the command."""


def operates(person: Staff) -> bool:
    """Whether this person looks after the system itself: parked messages, redrive, discard."""
    return person.active and person.role is Role.OPERATOR
