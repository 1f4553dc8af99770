"""The directory: regions, counties, offices and staff. Owner: staffing."""

from typing import Annotated

from pydantic import Field, StringConstraints

from casebus_contracts.base import (
    Command,
    CommandPart,
    CountyFips,
    Fact,
    FactPart,
    Flag,
    Internal,
    LocalTime,
    Moment,
    Name,
    OfficeId,
    Part,
    Personal,
    Public,
    RegionId,
    StaffId,
    Text,
    WebAddress,
)
from casebus_contracts.codes import Position, Role

Zone = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}$", max_length=64)]
"""A name of the IANA zone database. Only its spelling is checked here; the owner knows whether it exists."""

WorkEmail = Annotated[str, StringConstraints(pattern=r"^[^@\s<>()\[\],;:\"\\]+@[A-Za-z0-9.-]+$", max_length=254)]
Minutes = Annotated[int, Field(strict=True, ge=1, le=1440)]
Recalls = Annotated[int, Field(strict=True, ge=0, le=20)]
Positions = Annotated[tuple[Position, ...], Field(max_length=10)]
LINKS_MAX = 20


class _Settings(Part):
    """What an office can tune. An absent setting has its default.

    `auto_close`: visits still open at closing time are closed (default: they are).
    `recalls_before_no_show`: a called client must have been called again so often (default: never).
    """

    wait_limit_minutes: Public[Minutes] = 30
    serve_limit_minutes: Public[Minutes] = 240
    default_service_minutes: Public[Minutes] = 15
    time_edit_back_minutes: Public[Minutes] = 15
    auto_close: Public[Flag | None] = None
    recalls_before_no_show: Public[Recalls | None] = None


class _Link(Part):
    """Something helpful on the web."""

    title: Public[Name]
    url: Public[WebAddress]


class OfficeLink(_Link, FactPart):
    """A link of an office's list."""


class NewOfficeLink(_Link, CommandPart):
    """A link an office's list is to have."""


class OfficeSettings(_Settings, FactPart):
    """The settings of an office, all of them. `links`: what its people find useful, in their order."""

    links: Public[Annotated[tuple[OfficeLink, ...], Field(max_length=LINKS_MAX)] | None] = None


class NewOfficeSettings(_Settings, CommandPart):
    """The settings an office is to have."""

    links: Public[Annotated[tuple[NewOfficeLink, ...], Field(max_length=LINKS_MAX)] | None] = None


class UpsertRegion(Command, service="staffing", key="region_id"):
    """Make or rename a region."""

    region_id: Public[RegionId]
    name: Public[Name]


class UpsertCounty(Command, service="staffing", key="county_fips"):
    """Make or change a county."""

    county_fips: Public[CountyFips]
    name: Public[Name]
    region_id: Public[RegionId]


class UpsertOffice(Command, service="staffing", key="office_id"):
    """Make an office or replace what is known of it."""

    office_id: Public[OfficeId]
    name: Public[Name]
    county_fips: Public[CountyFips]
    region_id: Public[RegionId]
    zone: Public[Zone]
    opens: Public[LocalTime]
    closes: Public[LocalTime]
    active: Public[Flag]
    receptionist: Public[Flag]
    settings: Public[NewOfficeSettings | None] = None

    @property
    def office_settings(self) -> OfficeSettings:
        """The wanted settings in full, defaults where the command is silent."""
        return OfficeSettings() if self.settings is None else OfficeSettings(**self.settings.model_dump())


class UpsertStaff(Command, service="staffing", key="staff_id"):
    """Make a staff member, or replace role, office, positions and whether they work here."""

    staff_id: Internal[StaffId]
    name: Internal[Name]
    work_email: Internal[WorkEmail]
    role: Internal[Role]
    office_id: Public[OfficeId]
    positions: Internal[Positions]
    active: Internal[Flag]


class UpdateStaff(Command, service="staffing", key="staff_id"):
    """Change supervisor, shift or lunch of a staff member. What is absent stays as it is."""

    staff_id: Internal[StaffId]
    supervisor_id: Internal[StaffId | None] = None
    shift_start: Internal[LocalTime | None] = None
    shift_end: Internal[LocalTime | None] = None
    lunch_begin: Internal[LocalTime | None] = None
    lunch_end: Internal[LocalTime | None] = None


class UpsertVoterOffice(Command, service="staffing", key="office_id"):
    """Where an office sends voter registration forms, and who coordinates that work."""

    office_id: Public[OfficeId]
    election_authority: Public[Name]
    local_coordinator: Internal[StaffId | None] = None


class SetAvailability(Command, service="staffing", key="staff_id"):
    """Whether a staff member can take people in now. The comment is for the office only."""

    staff_id: Internal[StaffId]
    available: Internal[Flag]
    comment: Personal[Text | None] = None


class RegionUpserted(
    Fact, topic="region.upserted", owner="staffing", subject="region", key="region_id", compacted=True
):
    """A region as it is now."""

    region_id: Public[RegionId]
    name: Public[Name]


class CountyUpserted(
    Fact, topic="county.upserted", owner="staffing", subject="county", key="county_fips", compacted=True
):
    """A county as it is now."""

    county_fips: Public[CountyFips]
    name: Public[Name]
    region_id: Public[RegionId]


class OfficeUpserted(
    Fact, topic="office.upserted", owner="staffing", subject="office", key="office_id", compacted=True
):
    """An office as it is now."""

    office_id: Public[OfficeId]
    name: Public[Name]
    county_fips: Public[CountyFips]
    region_id: Public[RegionId]
    zone: Public[Zone]
    opens: Public[LocalTime]
    closes: Public[LocalTime]
    active: Public[Flag]
    receptionist: Public[Flag]
    settings: Public[OfficeSettings] = OfficeSettings()
    election_authority: Public[Name | None] = None
    local_coordinator: Internal[StaffId | None] = None


class StaffUpserted(Fact, topic="staff.upserted", owner="staffing", subject="staff", key="staff_id", compacted=True):
    """A staff member as they are now."""

    staff_id: Internal[StaffId]
    name: Internal[Name]
    work_email: Internal[WorkEmail]
    role: Internal[Role]
    office_id: Public[OfficeId]
    positions: Internal[Positions]
    active: Internal[Flag]
    supervisor_id: Internal[StaffId | None] = None
    shift_start: Internal[LocalTime | None] = None
    shift_end: Internal[LocalTime | None] = None
    lunch_begin: Internal[LocalTime | None] = None
    lunch_end: Internal[LocalTime | None] = None


class StaffAvailabilityChanged(
    Fact, topic="staff.availability.changed", owner="staffing", subject="availability", key="staff_id", compacted=True
):
    """Whether a staff member can take people in. Who was never told of is available."""

    staff_id: Internal[StaffId]
    available: Internal[Flag]
    by: Internal[StaffId]
    at: Internal[Moment]
