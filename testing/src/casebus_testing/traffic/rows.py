"""The generated day as rows, in the text form of COPY: what months of work leave behind in intake's database."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from casebus_contracts import Role
from casebus_testing.traffic.days import Contact
from casebus_testing.traffic.places import ZONE

REQUESTS: Final = (
    "id", "version", "head", "request_type", "office_id", "channel", "reasons", "anonymous", "priority",
    "nvra_covered", "received_at", "created_by", "client", "county_fips", "unsigned", "companions", "status",
    "interviewer", "vendor", "signature", "disposition", "zone", "accurate", "visit_status", "ticket", "ticket_day",
    "people_ahead_told", "estimate_told_minutes", "arrived_at", "time_in", "time_out", "left_at", "left_stage",
    "auto_closed_at", "intervals",
)  # fmt: skip
ENTRIES: Final = (
    "id", "version", "office_id", "request_id", "occasion", "channel", "logged_at", "logged_by", "logged_day",
)  # fmt: skip
ANSWERS: Final = (
    "id", "version", "month", "name", "birth_date", "response", "completed_by", "left_office", "office_id",
)  # fmt: skip
OFFERS: Final = ("id", "version", "entries", "missing_at", "letter_day", "letter_by", "office_id")
TABLES: Final = {"requests": REQUESTS, "voter_entries": ENTRIES, "voter_answers": ANSWERS, "voter_offers": OFFERS}

NULL: Final = "\\N"
_MINUTE: Final = timedelta(minutes=1)


@dataclass(slots=True)
class Lines:
    """Rows of each table, as lines."""

    of: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in TABLES})

    def add(self, table: str, row: Iterable[str]) -> None:
        """One row more."""
        self.of[table].append("\t".join(row))

    def take(self, table: str) -> bytes:
        """The lines of a table as COPY reads them; they are gone here."""
        lines, self.of[table] = self.of[table], []
        return ("\n".join(lines) + "\n").encode() if lines else b""


def add_rows(lines: Lines, contact: Contact, serial: int) -> None:
    """What a contact leaves behind. `serial` is its number in the whole run: no two contacts have the same."""
    request_id = _uuid7(contact, serial, 0)
    clerk = contact.place.member(Role.CLERICAL)
    lines.add("requests", (*_request(contact, request_id, clerk), *_visit(contact, clerk)))
    if contact.offer is None:
        return
    missing = f"{contact.at + 90 * _MINUTE}" if contact.offer != "entry" else NULL
    letter = (str(contact.day), clerk) if contact.offer == "letter" else (NULL, NULL)
    entries = "1" if contact.offer == "entry" else "0"
    office = contact.place.office_id
    lines.add("voter_offers", (request_id, "1", entries, missing, *letter, office))
    if contact.response is not None:
        entry_id = _uuid7(contact, serial, 1)
        at, day = str(contact.at + 5 * _MINUTE), str(contact.day)
        lines.add(
            "voter_entries",
            (entry_id, "1", office, request_id, contact.reasons[0], contact.channel, at, clerk, day),
        )
        name = "Not given" if contact.person is None else f"{contact.person.first_name} {contact.person.last_name}"
        born = "1980-02-29" if contact.person is None else str(contact.person.birth_date)
        lines.add("voter_answers", (entry_id, "1", day[:7], name, born, contact.response, "participant", "f", office))


def _request(contact: Contact, request_id: str, clerk: str) -> tuple[str, ...]:
    closed = contact.closed and not contact.unsigned
    return (
        request_id,
        "6",
        "0" * 64,
        contact.request_type,
        contact.place.office_id,
        contact.channel,
        '["' + '","'.join(contact.reasons) + '"]',
        "f" if contact.person else "t",
        "2",
        "t" if contact.covered else "f",
        str(contact.at),
        clerk,
        contact.person.as_json() if contact.person else NULL,
        contact.place.county_fips,
        "t" if contact.unsigned else "f",
        "[]",
        "closed" if closed else "open",
        contact.place.member(Role.ES) if contact.number % 3 == 0 else NULL,
        contact.vendor or NULL,
        "awaiting_signature" if contact.unsigned else NULL,
        "done" if closed else NULL,
        ZONE,
    )


def _visit(contact: Contact, clerk: str) -> tuple[str, ...]:
    visit, at = contact.visit, contact.at
    if visit is None:
        return ("t", *(NULL,) * 11, "[]")
    called, over = at + visit.wait, at + visit.wait + visit.service
    place = (str(visit.ticket), str(contact.day), str(visit.ticket % 9), str(visit.told_minutes), str(at))
    waiting = f'{{"kind":"waiting","start":"{at.isoformat()}","end":"{called.isoformat()}","staff_id":"{clerk}"}}'
    if visit.ending in ("left", "no_show"):
        left = (str(called), "waiting") if visit.ending == "left" else (NULL, NULL)
        return ("t", visit.ending, *place, NULL, NULL, *left, NULL, f"[{waiting}]")
    serving = f'{{"kind":"serving","start":"{called.isoformat()}","end":"{over.isoformat()}","staff_id":"{clerk}"}}'
    accurate = "t" if visit.ending == "served" else "f"
    closed = visit.ending == "auto_closed"
    times = (str(called), NULL if closed else str(over), NULL, NULL, str(over) if closed else NULL)
    return (accurate, "auto_closed" if closed else "served", *place, *times, f"[{waiting},{serving}]")


def _uuid7(contact: Contact, serial: int, kind: int) -> str:
    stamp = f"{int(contact.at.timestamp() * 1000):012x}"
    return f"{stamp[:8]}-{stamp[8:]}-7{kind:03x}-8{serial >> 36 & 0xFFF:03x}-{serial & 0xFFFFFFFFF:012x}"
