"""The permission matrix of the specification, read from its committed copy, and what its cells mean."""

from pathlib import Path

from casebus_contracts import Role

TABLE = Path(__file__).parents[1] / "access" / "matrix.md"
ROLES = (
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
"""In the order of the table's columns."""

_OFFICE = {"Y", "all in office"}
_OWN = {"own", "own (inviting next makes them the interviewer)", "own (others: N)", "for contacts they handle"}
_MERIT = {"merit calls only", "own office's merit calls"}


def cells() -> dict[str, dict[Role, str]]:
    """Row, role, what the cell says: without the marks for what is inferred or stressed."""
    lines = [line for line in TABLE.read_text().splitlines() if line.startswith("|")][2:]
    rows = [[word.strip() for word in line.replace("*", "").split("|")[1:-1]] for line in lines]
    return {name: dict(zip(ROLES, words, strict=True)) for name, *words in rows}


def allows(cell: str, role: Role, *, here: bool, own: bool, merit: bool) -> bool:
    """Whether a cell allows something done in the own office (`here`), to something of theirs, about a merit call."""
    if cell in _OFFICE:
        return here or role is Role.CENTRAL
    return (cell in _OWN and own) or (cell in _MERIT and merit and here)
