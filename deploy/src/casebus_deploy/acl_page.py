"""`python -m casebus_deploy.acl_page`: docs/acl-matrix.md, who may do what at the broker, as tables."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from casebus_contracts.base import FACTS
from casebus_contracts.topics import all_topics, services
from casebus_deploy.acls import OPERATOR, Resource, Right, Sender, all_rights

PAGE: Final = Path("docs") / "acl-matrix.md"
SENDERS: Final[Mapping[str, Sender]] = {
    "guest": {"may_send": ["*"], "may_read": ["*"]},
    "clinic": {"may_send": ["CreateRequest"]},
}
"""Two senders for the page, as they stand in a senders file."""

_INTRODUCTION: Final = """\
# Who may do what at the broker

Made by `make docs` from the contracts; a test tries every cell on a broker, also the empty ones: empty is refused.
Services, senders and the operator are users with SCRAM passwords; nobody enters without one. `guest` and `clinic`
stand for senders: one that may send everything and read every fact, and one that may send `CreateRequest` alone.

- A sender writes to the commands topics of the types its entry in the senders file lists (`may_send`, `as_system`),
  and reads its own receipts, facts without any internal field, and the facts that `may_read` lists.
- A commands topic may hold personal data and has one reader: its service, which also deletes what it has done.
  Kafka has one right for deleting records and for deleting the topic.
- `operator` looks after the system: it sees that every topic and group exists and how far it is, and reads no command.
- Beside these there is the administrator, who may do everything: for `casebus_deploy`, never for a service.
"""


def page() -> str:
    """The page."""
    rights = all_rights(SENDERS)
    users = [*services(), *SENDERS, OPERATOR]
    topics = [topic.name for topic in sorted(all_topics(SENDERS), key=lambda topic: (topic.name in FACTS, topic.name))]
    groups = [*services(), "any other"]
    return "\n".join(
        [
            _INTRODUCTION,
            "## Topics\n",
            *_table("topic", topics, users, _of(rights, Resource.TOPIC)),
            "\n## Consumer groups\n",
            *_table("group", groups, users, _of(rights, Resource.GROUP)),
            "",
        ]
    )


def _of(rights: Iterable[Right], resource: Resource) -> list[Right]:
    return [right for right in rights if right.resource is resource]


def _table(title: str, names: list[str], users: list[str], rights: list[Right]) -> list[str]:
    rows = [[f"`{name}`" if " " not in name else name, *(cell(rights, user, name) for user in users)] for name in names]
    return [_row([title, *users]), _row(["---"] * (len(users) + 1)), *map(_row, rows)]


def cell(rights: Iterable[Right], user: str, name: str) -> str:
    """What the user may do to the topic or group: the words of the table. Describe is told where it stands alone."""
    acts = {right.act.value for right in rights if right.user == user and _meets(right, name)}
    return ", ".join(sorted(acts - {"describe"}, reverse=True) or sorted(acts))


def _meets(right: Right, name: str) -> bool:
    return name.startswith(right.name) if right.prefixed else name == right.name


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
