"""The closed lists of words that messages use."""

from enum import StrEnum


class Role(StrEnum):
    """What a staff member may do is decided by this alone."""

    CLERICAL = "clerical"
    ES = "es"
    ES_CLERICAL = "es_clerical"
    RC_GREETER = "rc_greeter"
    IM_CRU = "im_cru"
    MERIT = "merit"
    SUPERVISOR = "supervisor"
    MANAGER = "manager"
    CENTRAL = "central"
    CAREER_COACH = "career_coach"
    RENT_COORDINATOR = "rent_coordinator"
    K2P_MANAGER = "k2p_manager"
    OPERATOR = "operator"


class Position(StrEnum):
    """Where alerts go besides the role. A position gives no rights."""

    PROGRAM_COORDINATOR = "program_coordinator"
    CALL_CENTER_MANAGER = "call_center_manager"
    BUILDING_MANAGER = "building_manager"
    LOCAL_NVRA_COORDINATOR = "local_nvra_coordinator"
    STATE_NVRA_COORDINATOR = "state_nvra_coordinator"
    HOME_VISIT_CONTACT = "home_visit_contact"


class RequestType(StrEnum):
    """How a client's request came to be."""

    WALK_IN = "walk_in"
    MAIL_IN = "mail_in"
    CALL_IN = "call_in"
    MERIT_CALL = "merit_call"
    VENDOR_CONTACT = "vendor_contact"
    AUTH_REP_CONTACT = "auth_rep_contact"


class Channel(StrEnum):
    """The way a request reached the office."""

    IN_PERSON = "in_person"
    PHONE = "phone"
    MAIL = "mail"
    FAX = "fax"
    EMAIL = "email"
    DROP_BOX = "drop_box"
    ONLINE = "online"
    HOME_VISIT = "home_visit"
    CHAT = "chat"


class RequestSource(StrEnum):
    """Who wrote the request down."""

    MANUAL = "manual"
    TELEPHONY = "telephony"
    APPOINTMENT = "appointment"


class RepresentativeKind(StrEnum):
    """In which capacity somebody speaks for a client."""

    AUTHREP = "authrep"
    PUBLIC_ADMINISTRATOR = "public_administrator"
    MEDICAL_PROVIDER = "medical_provider"


class AssignAs(StrEnum):
    """The two places on a request that a staff member can be assigned to."""

    INTERVIEWER = "interviewer"
    CASEWORKER = "caseworker"


class LeaveStage(StrEnum):
    """How far a visit had come when the client left: at check-in on hearing the wait, or later."""

    CHECK_IN = "check_in"
    WAITING = "waiting"
    CALLED = "called"
    SERVING = "serving"
    ON_HOLD = "on_hold"


class TimedAction(StrEnum):
    """What was done to the times of a walk-in."""

    TIME_IN = "time_in"
    TIME_OUT = "time_out"
    CORRECTED = "corrected"


class OverdueKind(StrEnum):
    """Which limit a visit has passed: wait, service, or the closing of the office."""

    WAITING = "waiting"
    SERVING = "serving"
    CLOSING = "closing"


class MemoKind(StrEnum):
    """A memo of Central Office, or a hot tip: how to deal with something that has just come up."""

    MEMO = "memo"
    HOT_TIP = "hot_tip"


class Signature(StrEnum):
    """What became of an application that came without a signature."""

    AWAITING = "awaiting_signature"
    SIGNED = "signed"
    RETURNED = "returned"


class VoterResponse(StrEnum):
    """What a person answered to the offer to register. It never leaves the service that asked."""

    YES = "yes"
    NO = "no"
    NO_ALREADY_REGISTERED = "no_already_registered"
    DECLINED = "declined"


class CompletedBy(StrEnum):
    """Whose answer it is."""

    PARTICIPANT = "participant"
    AUTH_REP = "auth_rep"


class Severity(StrEnum):
    """How soon an alert wants a person."""

    INFO = "info"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Outcome(StrEnum):
    """The answer to a command. `parked` and `waiting` are not the last word."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    INVALID = "invalid"
    CONFLICT = "conflict"
    DUPLICATE = "duplicate"
    PARKED = "parked"
    WAITING = "waiting"
