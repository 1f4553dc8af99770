"""The roles of staff. A role decides what a person may do; a position only routes alerts."""

from casebus_contracts import Position, Role

__all__ = ["STAFF_ROLES", "SUPERVISORS", "Position", "Role"]

STAFF_ROLES = (
    Role.CLERICAL,
    Role.ES,
    Role.ES_CLERICAL,
    Role.RC_GREETER,
    Role.IM_CRU,
    Role.MERIT,
    Role.SUPERVISOR,
    Role.MANAGER,
    Role.CENTRAL,
)
"""The nine roles of the Family Support Division, in the order of the permission matrix."""

SUPERVISORS = frozenset({Role.SUPERVISOR, Role.MANAGER, Role.CENTRAL})
"""Supervisor role or above."""
