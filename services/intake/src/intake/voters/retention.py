"""What persons answered, and copies of letters, are kept 24 months after the month they are filed under (V-10).

The counts of a month go with its answers. The entries stay: they say nothing about any person.
"""

_TERM = "interval '24 months 1 day'"
"""A day more, for the month ends later in the office than in UTC."""

FORGET_ANSWERS = f"""
WITH counts AS (
    DELETE FROM tallies WHERE tally = 'voter_answers'
    AND day < date_trunc('month', $1::timestamptz AT TIME ZONE 'UTC' - {_TERM})::date
)
DELETE FROM voter_answers WHERE month < to_char($1::timestamptz AT TIME ZONE 'UTC' - {_TERM}, 'YYYY-MM')"""

FORGET_LETTERS = f"""
UPDATE voter_offers SET letter = NULL, version = version + 1
WHERE letter IS NOT NULL AND letter_day < date_trunc('month', $1::timestamptz AT TIME ZONE 'UTC' - {_TERM})"""
