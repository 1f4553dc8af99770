"""Every role tries every command, at an office of its own and at another: the table of the specification holds."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from flow import ADAIR, BOONE, Flow, WalkIn
from permissions import ROLES, allows, cells

from casebus_cli.orders import Order, new_id
from casebus_contracts import Role
from casebus_contracts.receipts import Receipt
from casebus_testing.sample import entries, sample

SUPERVISOR = sample().staff[ADAIR]["supervisor"]
SPECIALIST = sample().staff[ADAIR]["es"]
NOBODY_SPECIAL = sample().staff[ADAIR]["operator"]
WHO_MAY_NOT = {"I-26", "I-30", "I-32", "I-36", "I-38", "I-39", "I-43", "I-52", "I-53", "I-58", "INV-I4"}
HERE, THEIRS, ELSEWHERE = "here", "theirs", "elsewhere"
HAVE_SOMETHING = {Role.ES, Role.ES_CLERICAL, Role.RC_GREETER}
CELLS = cells()


@dataclass(frozen=True)
class Deed:
    """A command, the row that rules it, and what must have happened to a request before."""

    command: str
    row: str
    before: Sequence[str] = ()
    data: Callable[[str], Mapping[str, Any]] = lambda actor: {}
    merit: bool = False
    own: bool = True
    everywhere: bool = False
    """What it is about belongs to no office."""

    @property
    def name(self) -> str:
        return f"{self.command} of a merit call" if self.merit and self.command != "LogMeritCall" else self.command


TIMING = "time in / time out walk-in"
QUEUE = "queue: check in, invite, recall, no-show, hold, resume, return, leave"
UPDATE = "update request (not dates/times), close, reopen"
VOTERS = "voter log, corrective letter, transmit forms, stock"
REFERENCE = "regions, reasons, counties, holidays, election deadlines"
WAIT, CALL, SERVE = ("CheckIn",), ("CheckIn", "Invite"), ("CheckIn", "TimeIn")


def of_directory(type_: str, id_: str) -> Mapping[str, Any]:
    """What the sample says already: allowed, it changes nothing."""
    return next(e["data"] for e in entries() if e["type"] == type_ and id_ in e["data"].values())


def somebody_new(actor: str) -> Mapping[str, Any]:
    return {**of_directory("UpsertStaff", NOBODY_SPECIAL)}


def an_entry() -> Mapping[str, Any]:
    """What somebody answered who came in."""
    said = {"response": "no", "completed_by": "participant", "occasion": "apply", "channel": "in_person"}
    return {"entry_id": new_id(), "name": "Ida Reed", "birth_date": "1970-05-01", **said}


A_MEMO = {
    "kind": "memo",
    "title": "A try",
    "url": "https://memos.example/try",
    "about": ["matrix"],
    "valid_from": "2031-01-01T00:00:00Z",
}
DEEDS = [
    Deed("CreateRequest", "add request, any type", own=False),
    Deed("CreateRequest", "add request, any type", merit=True, own=False),
    Deed("AssignRequest", "assign request to staff", data=lambda actor: {"as": "interviewer", "staff_id": SPECIALIST}),
    Deed("TimeIn", TIMING, WAIT),
    Deed("TimeOut", TIMING, SERVE),
    Deed("CheckIn", QUEUE),
    Deed("Invite", QUEUE, WAIT),
    Deed("Recall", QUEUE, CALL),
    Deed("NoShow", QUEUE, CALL),
    Deed("Return", QUEUE, CALL),
    Deed("Hold", QUEUE, SERVE),
    Deed("Resume", QUEUE, (*SERVE, "Hold")),
    Deed("LeaveVisit", QUEUE, WAIT, lambda actor: {"stage": "waiting"}),
    Deed("UpdateRequest", UPDATE, data=lambda actor: {"comments": f"seen by {actor}"}),
    Deed("CloseRequest", UPDATE, data=lambda actor: {"disposition": "done"}),
    Deed("ReopenRequest", UPDATE, ("CloseRequest",), lambda actor: {"reason": "not done"}),
    Deed("UpdateRequest", UPDATE, data=lambda actor: {"comments": f"seen by {actor}"}, merit=True, own=False),
    Deed("CorrectTimes", "edit dates/times", SERVE, lambda actor: {"reason": "late"}),
    Deed(
        "LogMeritCall",
        "merit call: create, track every call, search",
        data=lambda actor: {"call_id": new_id(), "at": "2026-01-05T15:00:00Z"},
        merit=True,
        own=False,
    ),
    Deed(
        "MergeClients",
        "merge clients",
        data=lambda actor: {"reason": "the same person"},
        own=False,
        everywhere=True,
    ),
    Deed("LogVoterRegistration", VOTERS, data=lambda actor: an_entry()),
    Deed("CountVoterForms", VOTERS, data=lambda actor: {"forms_in_stock": 90}, own=False),
    Deed("SetAvailability", "availability and comments", data=lambda actor: {"available": True}),
    Deed("UpdateStaff", "staff maintenance: `UpdateStaff` (supervisor, shift, lunch)", own=False),
    Deed("UpsertStaff", "`UpsertStaff` (role, office, positions, active)", data=somebody_new, own=False),
    Deed("UpsertOffice", "office data", data=lambda actor: of_directory("UpsertOffice", ADAIR), own=False),
    Deed(
        "UpsertVoterOffice",
        "voter registration office data",
        data=lambda actor: {"election_authority": "Clerk", "local_coordinator": SUPERVISOR},
        own=False,
    ),
    Deed(
        "UpsertRegion",
        REFERENCE,
        data=lambda actor: of_directory("UpsertRegion", "northeast"),
        own=False,
        everywhere=True,
    ),
    Deed(
        "UpsertCounty", REFERENCE, data=lambda actor: of_directory("UpsertCounty", "29001"), own=False, everywhere=True
    ),
    Deed(
        "UpsertReason",
        REFERENCE,
        data=lambda actor: {"reason": "matrix", "label": "A try", "nvra_covered": False, "active": False},
        own=False,
        everywhere=True,
    ),
    Deed(
        "SetHoliday",
        REFERENCE,
        data=lambda actor: {"date": "2031-02-12", "name": "Lincoln Day", "closed": True},
        own=False,
        everywhere=True,
    ),
    Deed(
        "SetElectionDeadline",
        REFERENCE,
        data=lambda actor: {"election_date": "2031-11-04", "registration_deadline": "2031-10-08"},
        own=False,
        everywhere=True,
    ),
    Deed(
        "UpsertMemo",
        REFERENCE,
        data=lambda actor: {"memo_id": new_id(), **A_MEMO},
        own=False,
        everywhere=True,
    ),
]
STAFFING = {"SetAvailability", "UpdateStaff", "UpsertStaff"}


@dataclass(frozen=True)
class Try:
    """Somebody of a role does a deed in a situation."""

    deed: Deed
    role: Role
    situation: str

    @property
    def actor(self) -> str:
        return sample().staff[BOONE if self.situation == ELSEWHERE else ADAIR][self.role]

    @property
    def allowed(self) -> bool:
        if (self.deed.command, self.role, self.situation) == ("Invite", Role.ES, HERE):
            return True  # who invites becomes the interviewer
        here, own = self.situation != ELSEWHERE or self.deed.everywhere, self.situation == THEIRS
        return allows(CELLS[self.deed.row][self.role], self.role, here=here, own=own, merit=self.deed.merit)

    @property
    def name(self) -> str:
        return f"{self.role}: {self.deed.name} {self.situation}"

    def order(self, request_id: str) -> Order:
        """The deed itself."""
        data = dict(self.deed.data(self.actor))
        if self.deed.command in STAFFING:
            data |= {"staff_id": self.actor if self.situation == THEIRS else NOBODY_SPECIAL}
        elif self.deed.command == "MergeClients":
            data |= {"survivor": request_id, "merged": twin_of(request_id)}
        elif self.deed.command == "CountVoterForms" or self.deed.row.startswith(("office data", "voter registration")):
            data |= {"office_id": ADAIR}
        elif self.deed.row != REFERENCE:
            data = step(self.deed.command, request_id, self.actor, merit=self.deed.merit, **data).data
        return Order(self.deed.command, data, self.actor)

    def preparation(self, request_id: str) -> list[Order]:
        """What a supervisor does before, so that the request is ripe for the deed."""
        if self.deed.row in {REFERENCE, "add request, any type"} or "office" in self.deed.row:
            return []
        if self.deed.command in STAFFING:
            return []
        if self.deed.command == "MergeClients":
            return [known_client(client_id) for client_id in (request_id, twin_of(request_id))]
        begun = [step("CreateRequest", request_id, SUPERVISOR, merit=self.deed.merit)]
        if self.situation == THEIRS and self.allowed:
            begun.append(step("AssignRequest", request_id, SUPERVISOR, **{"as": "interviewer", "staff_id": self.actor}))
        return begun + [step(name, request_id, SUPERVISOR) for name in self.deed.before]


def twin_of(id_: str) -> str:
    """Another id that goes with this one."""
    return id_[:-1] + ("1" if id_[-1] == "0" else "0")


def known_client(client_id: str) -> Order:
    """Somebody asks under this id."""
    client = {"client_id": client_id, "last_name": "Reed", "first_name": "Ida"}
    data = {**step("CreateRequest", new_id(), SUPERVISOR).data, "anonymous": False, "client": client}
    return Order("CreateRequest", data, SUPERVISOR)


WITH_OFFICE = {deed.command for deed in DEEDS if deed.row in (QUEUE, TIMING, "edit dates/times", VOTERS)}


def step(command: str, request_id: str, actor: str, *, merit: bool = False, **data: Any) -> Order:
    """A command about a request of the office."""
    if command == "CreateRequest":
        created = WalkIn(ADAIR, request_id, actor).create()
        changed = {"request_type": "merit_call", "channel": "phone"} if merit else {}
        return Order(command, {**created.data, **changed}, actor)
    if command == "CloseRequest":
        data.setdefault("disposition", "done")
    office = {"office_id": ADAIR} if command in WITH_OFFICE else {}
    return Order(command, {"request_id": request_id, **office, **data}, actor)


def situations(deed: Deed, role: Role) -> list[str]:
    theirs = [THEIRS] if deed.own and role in HAVE_SOMETHING else []
    return [HERE] if deed.everywhere else [HERE, *theirs, ELSEWHERE]


TRIES = [Try(deed, role, situation) for deed in DEEDS for role in ROLES for situation in situations(deed, role)]


@pytest_asyncio.fixture(scope="module")
async def answers(flow: Flow) -> AsyncIterator[dict[str, Receipt]]:
    """What became of every try. Those that are to be refused share a request, which they leave as it is."""
    flow.open_a_new_day()
    yield {name: receipt for deed in DEEDS for name, receipt in (await tried(flow, deed)).items()}


async def tried(flow: Flow, deed: Deed) -> dict[str, Receipt]:
    mine = [each for each in TRIES if each.deed is deed]
    allowed, refused = [e for e in mine if e.allowed], [e for e in mine if not e.allowed]
    shared = new_id()
    await flow.accepted(*(refused[0].preparation(shared) if refused else ()))
    answers = await asyncio.gather(
        *(flow.ask(each.order(shared)) for each in refused), *(tried_alone(flow, each) for each in allowed)
    )
    return {each.name: answer for each, answer in zip([*refused, *allowed], answers, strict=True)}


async def tried_alone(flow: Flow, each: Try) -> Receipt:
    request_id = new_id()
    await flow.accepted(*each.preparation(request_id))
    order = each.order(request_id)
    if each.deed.command == "CorrectTimes":
        at = flow.system.clock.now() + timedelta(seconds=1)
        order = Order(order.type, {**order.data, "time_in": at.isoformat()}, order.actor)
    return await flow.ask(order)


@pytest.mark.rule("I-26", "I-27", "I-28", "I-29", "I-48")
@pytest.mark.parametrize("each", TRIES, ids=lambda each: each.name)
async def test_a_command_is_accepted_where_the_table_allows_it_and_else_refused(
    each: Try, answers: dict[str, Receipt]
) -> None:
    answer = answers[each.name]

    if each.allowed:
        assert answer.outcome == "accepted", answer
    else:
        assert (answer.outcome, answer.rule in WHO_MAY_NOT) == ("refused", True), answer


@pytest.mark.rule("I-41")
@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.name)
def test_a_specialist_with_clerical_duties_does_what_a_clerk_or_a_specialist_does(
    deed: Deed, answers: dict[str, Receipt]
) -> None:
    def does(role: Role, situation: str) -> bool:
        there = situation if situation in situations(deed, role) else HERE
        return answers[Try(deed, role, there).name].outcome == "accepted"

    tried = situations(deed, Role.ES_CLERICAL)

    both = {place: does(Role.ES_CLERICAL, place) for place in tried}
    assert both == {place: does(Role.CLERICAL, place) or does(Role.ES, place) for place in tried}


@pytest.mark.rule("I-32", "INV-I4")
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("way", [{"request_type": "walk_in"}, {"request_type": "mail_in", "channel": "mail"}])
async def test_a_walk_in_or_mail_in_is_assigned_to_those_the_table_names(
    flow: Flow, role: Role, way: dict[str, str]
) -> None:
    request_id = new_id()
    created = step("CreateRequest", request_id, SUPERVISOR)
    await flow.accepted(Order(created.type, {**created.data, **way}, SUPERVISOR))

    assignee = sample().staff[ADAIR][role]
    answer = await flow.ask(step("AssignRequest", request_id, SUPERVISOR, **{"as": "caseworker", "staff_id": assignee}))

    allowed = CELLS["be assigned W/M"][role] == "Y"
    assert (answer.outcome == "accepted", answer.rule in WHO_MAY_NOT) == (allowed, not allowed)


def test_every_row_that_is_built_has_a_deed() -> None:
    later = ("call commands", "review", "approve", "own duty", "initiate", "receive", "terminate")
    reads = ("view", "RC Greeter", "Central Office reports", "be assigned", "acknowledge")

    tried = {deed.row for deed in DEEDS}
    missing = [row for row in CELLS if row not in tried and not row.startswith((*later, *reads))]
    assert missing == []
