"""The sender that every system for trying things has."""

from access.keys import NewSender

DIRECTORY_COMMANDS = (
    "UpsertRegion",
    "UpsertCounty",
    "UpsertOffice",
    "UpsertVoterOffice",
    "UpsertStaff",
    "UpdateStaff",
    "SetHoliday",
    "SetElectionDeadline",
)
GUEST = NewSender("guest", as_system=DIRECTORY_COMMANDS, may_read=("*",), may_ask=True)
"""May send everything for staff, and the directory for itself; may read every fact, and ask what services keep."""
