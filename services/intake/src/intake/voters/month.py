"""A month of voter registration is over: do the numbers of an office fit together? (V-09) Values in, facts out."""

DEVIATION_COUNT = 5
DEVIATION_PARTS = 10


def deviates(covered_contacts: int, offered: int, letters: int) -> bool:
    """Whether entries of the voter log and letters are far from the covered contacts (V-09).

    Each covered contact has one or the other. Far is more than a tenth, and five at least: a small office may err.
    """
    off = abs(covered_contacts - offered - letters)
    return off >= DEVIATION_COUNT and DEVIATION_PARTS * off > covered_contacts
