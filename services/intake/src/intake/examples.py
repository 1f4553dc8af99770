"""A morning at the Adair office, for tests: 2 March 2026, Central Standard Time (UTC-6)."""

from datetime import UTC, date, datetime, time, timedelta

from access.directory import Office, Staff
from access.roles import Role
from casebus_contracts import Channel, OfficeSettings, RequestType
from chassis.rules import replace
from intake.intervals import Interval, Stay, closed
from intake.lobby import Lobby
from intake.reasons import Reason
from intake.request import Request, VisitStatus
from intake.voters.offer import Offer

TODAY = date(2026, 3, 2)
EIGHT = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
"""Eight o'clock in the office: it opens."""
NINE = EIGHT + timedelta(hours=1)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)

ADAIR = Office(
    "ADAIR",
    name="Adair County Office",
    county_fips="29001",
    region_id="northeast",
    zone="America/Chicago",
    opens=time(8),
    closes=time(17),
    active=True,
    receptionist=True,
    settings=OfficeSettings(),
)

CLERK = Staff(
    "adair-clerical",
    name="Carla Reyes",
    work_email="carla.reyes@example.gov",
    role=Role.CLERICAL,
    office_id=ADAIR.id,
)
SPECIALIST = replace(CLERK, id="adair-es", name="Eli Stone", role=Role.ES)
OTHER_SPECIALIST = replace(SPECIALIST, id="adair-es-2", name="Eva Storm")
ALL_ROUNDER = replace(CLERK, id="adair-es-clerical", name="Ed Sharp", role=Role.ES_CLERICAL)
GREETER = replace(CLERK, id="adair-greeter", name="Gia Ross", role=Role.RC_GREETER)
CRU = replace(CLERK, id="adair-cru", name="Ira Bell", role=Role.IM_CRU)
MERIT = replace(CLERK, id="adair-merit", name="Mei Lin", role=Role.MERIT)
SUPERVISOR = replace(CLERK, id="adair-supervisor", name="Sam Ortiz", role=Role.SUPERVISOR)
MANAGER = replace(CLERK, id="adair-manager", name="Mona Hale", role=Role.MANAGER)
CENTRAL = replace(CLERK, id="central", name="Cy Young", role=Role.CENTRAL, office_id="CENTRAL")
BOONE_CLERK = replace(CLERK, id="boone-clerical", name="Bea Lowe", office_id="BOONE")
BOONE_SPECIALIST = replace(SPECIALIST, id="boone-es", name="Ben Shaw", office_id="BOONE")

REASONS = tuple(
    Reason(code, label=code.replace("_", " ").capitalize(), nvra_covered=number < 4, active=True)
    for number, code in enumerate(
        (
            "apply",
            "review",
            "change_of_address",
            "register_to_vote_only",
            "drop_documents",
            "ebt_card",
            "interview",
            "other",
        )
    )
)
"""The reasons there are at the start; voter registration law covers the first four."""

WALK_IN = Request(
    "01956c3a-0000-7000-8000-000000000001",
    request_type=RequestType.WALK_IN,
    office_id=ADAIR.id,
    channel=Channel.IN_PERSON,
    reasons=("apply",),
    anonymous=True,
    priority=2,
    nvra_covered=True,
    received_at=EIGHT,
    created_by=CLERK.id,
    zone=ADAIR.zone,
)
"""Written down, not yet checked in."""

WAITING = replace(
    WALK_IN,
    visit_status=VisitStatus.WAITING,
    ticket=1,
    ticket_day=TODAY,
    people_ahead_told=0,
    estimate_told_minutes=0,
    arrived_at=NINE,
    intervals=(Interval(Stay.WAITING, NINE, None, CLERK.id),),
)
"""Checked in at nine."""

CALLED = replace(
    WAITING,
    visit_status=VisitStatus.CALLED,
    calls=1,
    intervals=(
        Interval(Stay.WAITING, NINE, NINE + 8 * MINUTE, CLERK.id),
        Interval(Stay.CALLED, NINE + 8 * MINUTE, None, GREETER.id),
    ),
)
"""Called to the desk at eight past nine."""

SERVING = replace(
    WAITING,
    visit_status=VisitStatus.SERVING,
    time_in=NINE + 10 * MINUTE,
    intervals=(
        Interval(Stay.WAITING, NINE, NINE + 10 * MINUTE, CLERK.id),
        Interval(Stay.SERVING, NINE + 10 * MINUTE, None, CLERK.id),
    ),
)
"""Timed in at ten past nine."""

ON_HOLD = replace(
    SERVING,
    visit_status=VisitStatus.ON_HOLD,
    intervals=(
        *closed(SERVING.intervals, NINE + 15 * MINUTE),
        Interval(Stay.ON_HOLD, NINE + 15 * MINUTE, None, CLERK.id),
    ),
)
"""Put on hold at a quarter past nine."""

SERVED = replace(
    SERVING,
    visit_status=VisitStatus.SERVED,
    time_out=NINE + 25 * MINUTE,
    intervals=closed(SERVING.intervals, NINE + 25 * MINUTE),
)
"""Timed out a quarter of an hour later."""

LEFT = replace(
    WAITING,
    visit_status=VisitStatus.LEFT,
    left_at=NINE + 5 * MINUTE,
    intervals=closed(WAITING.intervals, NINE + 5 * MINUTE),
)

OFFERED = Offer(WALK_IN.id, entries=1)
"""Registration was offered, and that is on the voter log."""

EMPTY = Lobby(ADAIR.id)
"""The lobby before the first visitor."""

ONE_WAITS, _ = EMPTY.join(WAITING.id, priority=2, day=TODAY, now=NINE, usual=15 * MINUTE)
ONE_IS_SERVED = ONE_WAITS.begin(WAITING.id)


def request_id(number: int) -> str:
    """The id of the nth other request."""
    return f"01956c3a-0000-7000-8000-{number:012d}"
