"""The checker's judgement on what services keep: states against their facts, lobbies, clocks, committed offsets."""

import json
from collections import defaultdict
from datetime import UTC, datetime, time, timedelta
from typing import Any

from casebus_testing.checker.clocks import judge_clocks
from casebus_testing.checker.evidence import Evidence, Record, StateRow
from casebus_testing.checker.folds import judge_folds
from casebus_testing.checker.lobbies import judge_lobbies
from casebus_testing.checker.offsets import judge_offsets
from casebus_testing.checker.verdict import Findings, Verdict

KEY = "0197c9a0-0000-7000-8000-00000000000a"
SENT = datetime(2026, 3, 2, 15, tzinfo=UTC)
MILLISECONDS = int(SENT.timestamp() * 1000)
OFFICE = {"zone": "America/Chicago", "closes": "17:00:00", "settings": {"auto_close": None}}


def minutes(number: int) -> str:
    return (SENT + timedelta(minutes=number)).isoformat()


def fact(
    number: int, topic: str, *, subject: str = "", cause: str = "clock", after: int = 60, **body: object
) -> Record:
    about = subject or f"request/{KEY}"
    headers: dict[str, bytes | None] = {
        "ce_id": f"{about}-{number}".encode(),
        "ce_type": topic.encode(),
        "ce_subject": about.encode(),
        "ce_sequence": str(number).encode(),
        "ce_causationid": cause.encode(),
    }
    name, _, id_ = about.partition("/")
    value = json.dumps({f"{name}_id": id_, "office_id": "adair", **body}).encode()
    return Record(topic, 0, number, id_.encode(), headers, value, MILLISECONDS + after * 60_000)


CREATED = fact(1, "request.created", request_type="walk_in", reasons=["apply"], received_at=minutes(0))
WAITS = fact(2, "visit.waiting", ticket=1, at=minutes(0), people_ahead=0, estimate_minutes=0)
SERVED = fact(3, "visit.serving", cause="a", at=minutes(20))
TIMED = fact(4, "walkin.timed", action="time_in", at=minutes(20), accurate=True, service_seconds=None)


def command(command_id: str, minute: int, offset: int = 0) -> Record:
    headers: dict[str, bytes | None] = {"ce_id": command_id.encode(), "ce_type": b"TimeIn"}
    return Record("intake.commands", 0, offset, KEY.encode(), headers, b"{}", MILLISECONDS + minute * 60_000)


def state(table: str = "requests", id_: str = KEY, service: str = "intake", **fields: Any) -> StateRow:
    return StateRow(service, table, id_, 1, "h", fields)


def judged(by: Any, *records: Record, **more: Any) -> Verdict:
    topics: dict[str, list[Record]] = defaultdict(list)
    for each in records:
        topics[each.topic].append(each)
    facts = {each.header("ce_id"): each for each in records if "ce_subject" in each.headers}
    findings = Findings()
    by(*((Evidence(topics, **more), facts) if by is not judge_offsets else (Evidence(topics, **more),)), findings)
    return findings.verdict({})


def test_a_state_that_is_what_its_facts_make_it_is_in_order() -> None:
    row = state(request_type="walk_in", visit_status="serving", ticket=1, time_in="2026-03-02T15:20:00+00:00")

    assert judged(judge_folds, CREATED, WAITS, SERVED, TIMED, states=[row]).clean


def test_a_field_that_lost_an_update_is_a_fault() -> None:
    row = state(request_type="walk_in", visit_status="waiting", ticket=1, time_in=None)

    assert len(judged(judge_folds, CREATED, WAITS, SERVED, TIMED, states=[row]).other) == 2


def test_what_facts_leave_open_is_not_judged() -> None:
    corrected = fact(5, "walkin.timed", action="corrected", at=minutes(25), accurate=True, service_seconds=60)
    row = state(visit_status="served", time_in=minutes(24), time_out=minutes(25), comments="of no fact")

    assert judged(judge_folds, CREATED, WAITS, SERVED, TIMED, corrected, states=[row]).clean


def test_an_alert_is_what_its_facts_make_it() -> None:
    raised = fact(1, "alert.raised", subject="alert/a1", rule="A-14", recipients=["greeter"])
    told = fact(2, "alert.delivered", subject="alert/a1", channel="email", recipient="greeter", at=minutes(1))
    right = state("alerts", "a1", "notifications", status="delivered", delivered=["email:greeter"])
    wrong = state("alerts", "a1", "notifications", status="raised", delivered=[])

    assert judged(judge_folds, raised, told, states=[right]).clean
    assert len(judged(judge_folds, raised, told, states=[wrong]).other) == 2


def test_a_copy_of_the_directory_that_stayed_behind_is_a_fault() -> None:
    first = fact(1, "staff.upserted", subject="staff/clerk", name="Ann", role="clerical")
    second = fact(2, "staff.upserted", subject="staff/clerk", name="Ann", role="supervisor")
    behind = state("staff", "clerk", "notifications", name="Ann", role="clerical", version=1)

    verdict = judged(judge_folds, first, second, states=[behind])

    assert len(verdict.other) == 2  # its role, and its version


def lobby(waiting: list[str], serving: list[str], last: int) -> StateRow:
    there = [{"request_id": each} for each in waiting]
    days = [{"day": "2026-03-01", "last": 9}, {"day": "2026-03-02", "last": last}]
    return state("lobbies", "adair", waiting=there, serving=serving, ticket_days=days)


def test_a_lobby_that_knows_who_waits_and_who_is_served_is_in_order() -> None:
    assert judged(judge_lobbies, CREATED, WAITS, states=[lobby([KEY], [], 1)]).clean
    assert judged(judge_lobbies, CREATED, WAITS, SERVED, TIMED, states=[lobby([], [KEY], 1)]).clean


def test_a_lobby_that_lost_an_update_is_a_fault() -> None:
    assert len(judged(judge_lobbies, CREATED, WAITS, states=[lobby([], [], 1)]).other) == 1
    assert len(judged(judge_lobbies, CREATED, WAITS, SERVED, states=[lobby([KEY], [KEY], 1)]).other) == 1
    assert len(judged(judge_lobbies, CREATED, WAITS, states=[lobby([KEY], [], 2)]).other) == 1


def overdue(kind: str, number: int = 4, since: int = 0, at: int = 30) -> Record:
    return fact(number, "visit.overdue", kind=kind, since=minutes(since), at=minutes(at))


def test_whoever_was_served_before_the_limit_was_not_overdue() -> None:
    late = command("a", 31)

    assert len(judged(judge_clocks, CREATED, WAITS, SERVED, overdue("waiting"), command("a", 20)).other) == 1
    assert judged(judge_clocks, CREATED, WAITS, SERVED, overdue("waiting"), late).clean


def test_whoever_left_before_closing_time_was_not_there_at_closing() -> None:
    left = fact(3, "visit.left", cause="a", at=minutes(20), stage="waiting")

    assert len(judged(judge_clocks, CREATED, WAITS, left, overdue("closing", at=480), command("a", 20)).other) == 1


def test_an_alarm_before_a_command_that_the_clock_of_the_system_sets_back_is_true() -> None:
    """The command was sent after the alarm was published, at an earlier time of the system: that had been set back."""
    alarm = fact(4, "visit.overdue", after=30, kind="waiting", since=minutes(0), at=minutes(30))
    offsets = [(SENT + timedelta(minutes=35), timedelta(minutes=-20))]

    assert judged(judge_clocks, CREATED, WAITS, SERVED, alarm, command("a", 40), offsets=offsets).clean


def test_one_limit_passed_is_told_once() -> None:
    again = judged(judge_clocks, CREATED, WAITS, overdue("waiting", 3), overdue("waiting", 4))
    other = judged(judge_clocks, CREATED, WAITS, overdue("waiting", 3), overdue("closing", 4))

    assert (len(again.doubled), other.clean) == (1, True)


def clocks(*names: str) -> frozenset[tuple[str, str]]:
    return frozenset((KEY, name) for name in names)


def test_whoever_is_here_has_their_clocks_or_was_called_overdue() -> None:
    open_office = state("offices", "adair", "staffing", **OFFICE)

    def missing(*facts: Record, running: frozenset[tuple[str, str]]) -> int:
        return len(judged(judge_clocks, CREATED, WAITS, *facts, clocks=running, states=[open_office]).lost)

    assert missing(running=frozenset()) == 2
    assert missing(running=clocks("waiting", "closing")) == 0
    assert missing(overdue("waiting", 3), running=clocks("closing")) == 0
    assert missing(SERVED, TIMED, running=clocks("serving", "closing")) == 0
    assert missing(SERVED, TIMED, running=clocks("closing")) == 1


def test_whoever_came_after_closing_time_has_no_clock_for_it() -> None:
    closed = state("offices", "adair", "staffing", **{**OFFICE, "closes": time(8).isoformat()})

    assert judged(judge_clocks, CREATED, WAITS, clocks=clocks("waiting"), states=[closed]).clean


def test_a_clock_of_somebody_who_has_gone_is_a_fault() -> None:
    left = fact(3, "visit.left", at=minutes(20), stage="waiting")

    assert len(judged(judge_clocks, CREATED, WAITS, left, clocks=clocks("waiting")).other) == 1


def test_a_visit_open_after_closing_time_has_to_be_closed() -> None:
    office = state("offices", "adair", "staffing", **OFFICE)
    facts = (CREATED, WAITS, overdue("waiting", 3), overdue("closing", 4))

    assert len(judged(judge_clocks, *facts, clocks=frozenset(), states=[office]).lost) == 1


def test_forms_that_lie_in_an_office_have_a_clock() -> None:
    lies = state("voter_forms_boxes", "adair", piles=[{"told": False}])
    told = state("voter_forms_boxes", "adair", piles=[{"told": True}])
    running = frozenset({("adair", "forms")})

    assert len(judged(judge_clocks, states=[lies], clocks=frozenset()).lost) == 1
    assert judged(judge_clocks, states=[lies], clocks=running).clean
    assert len(judged(judge_clocks, states=[told], clocks=running).other) == 1


def test_a_record_behind_a_committed_offset_that_nobody_remembers_is_lost() -> None:
    done, skipped = command(KEY, 0, 0), command(KEY[:-1] + "b", 0, 1)
    seen = {"intake": frozenset({KEY})}

    def lost(offset: int) -> int:
        committed = {"intake": {("intake.commands", 0): offset}}
        return len(judged(judge_offsets, done, skipped, committed=committed, seen=seen).lost)

    assert (lost(1), lost(2)) == (0, 1)


def test_a_record_that_was_set_aside_needs_no_remembering() -> None:
    origin = {"origin": {"topic": "intake.commands", "partition": 0, "offset": 0}}
    dead = Record("intake.dead", 0, 0, b"", {"ce_id": b"d"}, json.dumps(origin).encode())
    committed = {"intake": {("intake.commands", 0): 1}}

    assert judged(judge_offsets, command(KEY, 0), dead, committed=committed, seen={}).clean
