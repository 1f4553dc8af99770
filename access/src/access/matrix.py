"""Who may do what: the permission matrix (I-26), one row per ability, one column per role."""

from collections.abc import Collection, Mapping
from enum import Enum, StrEnum
from typing import assert_never

from access.directory import SYSTEM, Staff
from casebus_contracts import Role
from chassis.rules import Refused


class Ability(StrEnum):
    """Something that not everybody may do."""

    ADD_REQUEST = "add a request"
    ASSIGN = "assign a request"
    BE_ASSIGNED = "be assigned a walk-in or mail-in"
    TIME = "time a walk-in in or out"
    QUEUE = "run the queue"
    UPDATE_REQUEST = "update, close or reopen a request"
    EDIT_TIMES = "edit dates and times"
    VOTER_LOG = "keep the voter log, letters, forms and stock"
    MERGE_CLIENTS = "merge clients"
    VIEW = "view requests"
    CALL = "handle calls, appointments, mailings, visits and reports of a call"
    REVIEW_CALL = "review a termination, connect a supervisor or approve copies"
    DECIDE_LEAVE = "approve or deny leave"
    OWN_DUTY = "keep a duty record"
    AVAILABILITY = "set availability"
    SEND_TRANSFER = "initiate, send or update a transfer"
    RECEIVE_TRANSFER = "receive, accept or reject a transfer"
    TERMINATE_TRANSFER = "terminate a transfer"
    UPDATE_STAFF = "maintain supervisor, shift and lunch of staff"
    UPSERT_STAFF = "maintain role, office and positions of staff"
    OFFICE_DATA = "update office data"
    VOTER_OFFICE_DATA = "update voter registration office data"
    REFERENCE_DATA = "update regions, reasons, counties, holidays, deadlines or memos"
    DASHBOARD = "see the greeter dashboard"
    CENTRAL_REPORTS = "run the reports of Central Office"
    MERIT_CALL = "create, track or search merit calls"
    ACKNOWLEDGE = "acknowledge an alert"
    REPORTS = "run the reports of an office"
    COACH = "record what a participant does and receives"
    RENT = "refer, verify or pay rent"
    OVERRIDE = "override, or report on, Keys to Progress"
    OPERATE = "see or redrive parked messages"


class Grant(Enum):
    """What a cell of the matrix says."""

    NOTHING = "-"  # blank: refused
    NEVER = "N"  # the sources say no
    OFFICE = "Y"  # in the own office
    STATE = "S"  # everywhere
    OWN = "own"  # only what is theirs
    MERIT = "merit"  # only merit calls, in the own office


_TABLE = """
                   clerical es  es_clerical rc_greeter im_cru merit supervisor manager central career_coach rent_coordinator k2p_manager operator
ADD_REQUEST        Y        N   Y           Y          N      merit Y          Y       S       -            -                -           -
ASSIGN             Y        -   Y           Y          N      -     Y          Y       S       -            -                -           -
BE_ASSIGNED        N        Y   Y           Y          N      -     -          -       -       -            -                -           -
TIME               Y        own Y           Y          N      -     Y          Y       S       -            -                -           -
QUEUE              Y        own Y           Y          N      -     Y          Y       S       -            -                -           -
UPDATE_REQUEST     Y        own Y           Y          N      merit Y          Y       S       -            -                -           -
EDIT_TIMES         N        -   N           N          N      -     Y          Y       S       -            -                -           -
VOTER_LOG          Y        own Y           Y          N      -     Y          Y       S       -            -                -           -
MERGE_CLIENTS      -        -   -           -          N      -     Y          Y       S       -            -                -           -
VIEW               Y        Y   Y           Y          S      merit Y          Y       S       -            -                -           -
CALL               own      own own         own        N      own   Y          Y       S       -            -                -           -
REVIEW_CALL        -        -   -           -          N      -     Y          Y       S       -            -                -           -
DECIDE_LEAVE       -        -   -           -          N      -     Y          Y       S       -            -                -           -
OWN_DUTY           own      own own         own        own    own   own        own     own     own          own              own         own
AVAILABILITY       Y        own Y           Y          N      own   Y          Y       S       -            -                -           -
SEND_TRANSFER      Y        -   Y           Y          N      -     Y          Y       S       -            -                -           -
RECEIVE_TRANSFER   Y        -   Y           Y          N      -     Y          Y       S       -            -                -           -
TERMINATE_TRANSFER N        N   N           N          N      -     Y          Y       S       -            -                -           -
UPDATE_STAFF       -        -   -           -          N      -     Y          Y       S       -            -                -           -
UPSERT_STAFF       -        -   -           -          N      -     -          -       S       -            -                -           -
OFFICE_DATA        -        -   -           -          N      -     N          Y       S       -            -                -           -
VOTER_OFFICE_DATA  -        -   -           -          N      -     N          Y       S       -            -                -           -
REFERENCE_DATA     -        -   -           -          N      -     N          N       S       -            -                -           -
DASHBOARD          -        -   -           Y          N      -     Y          Y       -       -            -                -           -
CENTRAL_REPORTS    -        -   -           -          N      -     -          -       S       -            -                -           -
MERIT_CALL         -        -   -           -          -      Y     -          -       -       -            -                -           -
ACKNOWLEDGE        own      own own         own        own    own   own        own     own     own          own              own         own
REPORTS            Y        -   Y           Y          S      merit Y          Y       S       -            -                -           -
COACH              -        -   -           -          -      -     -          -       -       own          -                Y           -
RENT               -        -   -           -          -      -     -          -       -       -            Y                Y           -
OVERRIDE           -        -   -           -          -      -     -          -       -       -            -                Y           -
OPERATE            -        -   -           -          -      -     -          -       -       -            -                -           S
"""  # noqa: E501 - one table, one glance


def _read(table: str) -> Mapping[Ability, Mapping[Role, Grant]]:
    head, *rows = table.strip().splitlines()
    roles = [Role(word) for word in head.split()]
    cells = {Ability[row.split()[0]]: map(Grant, row.split()[1:]) for row in rows}
    return {ability: dict(zip(roles, grants, strict=True)) for ability, grants in cells.items()}


MATRIX = _read(_TABLE)
"""Every role has a cell for every ability."""

_CLERKS = (Role.CLERICAL, Role.ES_CLERICAL, Role.RC_GREETER)
_STATED: Mapping[tuple[Role, Ability], str] = {
    **{(role, Ability.EDIT_TIMES): "I-30" for role in _CLERKS},
    **{(role, Ability.TERMINATE_TRANSFER): "I-33" for role in _CLERKS},
    (Role.CLERICAL, Ability.BE_ASSIGNED): "I-32",
    (Role.ES, Ability.TIME): "I-36",
    (Role.ES, Ability.ADD_REQUEST): "I-38",
    (Role.ES, Ability.AVAILABILITY): "I-39",
    (Role.ES, Ability.TERMINATE_TRANSFER): "I-40",
    (Role.SUPERVISOR, Ability.VOTER_OFFICE_DATA): "I-52",
    (Role.SUPERVISOR, Ability.OFFICE_DATA): "I-53",
    (Role.SUPERVISOR, Ability.REFERENCE_DATA): "I-53",
    (Role.MANAGER, Ability.REFERENCE_DATA): "I-58",
    **{(Role.IM_CRU, ability): "I-43" for ability in Ability},
}
"""The refusals that the sources state for a role. All others are I-26."""

WHO_RULES = frozenset({"I-07", "I-26", *_STATED.values()} - {_STATED[Role.CLERICAL, Ability.BE_ASSIGNED]})
"""The rules that refuse because of who asks: 403 over HTTP."""


def may(
    actor: Staff,
    ability: Ability,
    *,
    office: str | None = None,
    owners: Collection[str] = (),
    merit: bool = False,
) -> Refused | None:
    """None if the actor may; else the refusal, by the role's own rule where there is one.

    `office` is where it would be done (None: tied to no office), `owners` the staff ids whose
    own it is, `merit` whether it is about a merit call.
    """
    if actor.id == SYSTEM.id:
        return None
    if not actor.active:
        return Refused("I-07", "no longer on the staff")
    here = office is None or office == actor.office_id
    if _covers(MATRIX[ability][actor.role], here, actor.id in owners, merit):
        return None
    return Refused(_STATED.get((actor.role, ability), "I-26"), f"{actor.role.value} may not {ability.value} here")


def _covers(grant: Grant, here: bool, own: bool, merit: bool) -> bool:
    match grant:
        case Grant.NOTHING | Grant.NEVER:
            return False
        case Grant.OFFICE:
            return here
        case Grant.STATE:
            return True
        case Grant.OWN:
            return own
        case Grant.MERIT:
            return merit and here
    assert_never(grant)
