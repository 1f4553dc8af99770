"""Every question of a report to the database. Answered from roll-ups, or along an index; none reads history whole.

Days are those of the calendar of each office, both included.
"""

from collections.abc import Mapping

KEYS: Mapping[str, str] = {"day": "t.day", "month": "t.day", "hour": "t.value", "label": "''"}
"""What cells are summed up by; where it is not here, by office. `label`: by their label alone, which is always there.

What is larger than an office or a day is put together from few rows afterwards (`counting.Naming`): to find the region
or the month of every single cell takes longer than everything else.
"""


def counted(by: str) -> str:
    """Cells by key, tally and label. Parameters: tallies, offices, first and last day."""
    return f"""
SELECT {_key(by)} AS key, t.tally, t.label, sum(t.n)::bigint AS n {_CELLS}
GROUP BY 1, 2, 3 HAVING sum(t.n) <> 0"""


def spread(by: str) -> str:
    """A histogram for each key and tally: its values, how often each is there, the sum. Parameters as `counted`.

    In two steps, or the planner sorts all cells to spare itself the few sums. Added up as floating point, which is
    exact for whole numbers up to 2**53: sums of bigint are numeric, and take a fifth longer.
    """
    return f"""
WITH cells AS MATERIALIZED (
    SELECT {_key(by)} AS key, t.tally, t.value, sum(t.n::float8) AS n, sum(t.total::float8) AS total {_CELLS}
    GROUP BY 1, 2, 3 HAVING sum(t.n::float8) <> 0
)
SELECT key, tally, array_agg(value) AS values, array_agg(n::bigint) AS counts, sum(total)::bigint AS total
FROM cells GROUP BY key, tally"""


def _key(by: str) -> str:
    return KEYS.get(by, "t.place")


_CELLS = """
FROM tallies t
WHERE t.tally = ANY($1::text[]) AND t.place = ANY($2::text[]) AND t.day BETWEEN $3::date AND $4::date"""

PLACES = "SELECT id, region_id, county_fips FROM offices WHERE id = ANY($1::text[])"
"""Where offices are."""

_DAYS = """
r.received_at >= ($2::date::timestamp AT TIME ZONE o.zone)
AND r.received_at < (($3::date + 1)::timestamp AT TIME ZONE o.zone)"""

RECONCILIATION = f"""
WITH found AS MATERIALIZED (
    SELECT o.id AS office_id, o.zone, c.id, c.received_at
    FROM offices o CROSS JOIN LATERAL (
        SELECT r.id, r.received_at
        FROM requests r
        WHERE r.office_id = o.id AND {_DAYS}
          AND r.nvra_covered AND r.channel IN ('in_person', 'phone', 'home_visit', 'chat')
          AND (o.id > $5::text OR (r.received_at, r.id) > ($6::timestamptz, $7::uuid))
          AND NOT EXISTS (SELECT FROM voter_offers f
                          WHERE f.id = r.id AND (f.entries > 0 OR f.letter_day IS NOT NULL))
        ORDER BY r.received_at, r.id LIMIT $4
    ) c
    WHERE o.id = ANY($1::text[]) AND o.id >= $5::text
    ORDER BY o.id, c.received_at, c.id LIMIT $4
)
SELECT r.id::text AS request_id, f.office_id, (r.received_at AT TIME ZONE f.zone)::date AS received_on,
       r.request_type, r.channel, r.reasons::text AS reasons, r.ticket,
       r.status = 'closed' OR coalesce(r.visit_status IN ('served', 'left', 'no_show', 'auto_closed'), false) AS over,
       f.received_at AS place
FROM found f JOIN requests r ON r.id = f.id
ORDER BY f.office_id, f.received_at, f.id"""
"""Contacts on the reception log without an entry or a letter.

Parameters: offices, first and last day, how many, and behind which place (office, moment, id). Office after office is
looked at until there are enough: first in the index alone, then the rows of those that were found.
"""

NEVER_TIMED_OUT = """
SELECT r.id::text AS request_id, r.office_id, r.ticket_day, r.ticket, r.time_in, r.auto_closed_at
FROM offices o CROSS JOIN LATERAL (
    SELECT r.id, r.office_id, r.ticket_day, r.ticket, r.time_in, r.auto_closed_at
    FROM requests r
    WHERE r.office_id = o.id AND r.ticket_day BETWEEN $2::date AND $3::date
      AND r.auto_closed_at IS NOT NULL AND r.visit_status = 'auto_closed'
      AND (o.id > $5::text OR (r.ticket_day, r.ticket) > ($6::date, $7::int))
    ORDER BY r.ticket_day, r.ticket LIMIT $4
) r
WHERE o.id = ANY($1::text[]) AND o.id >= $5::text
ORDER BY o.id, r.ticket_day, r.ticket LIMIT $4"""
"""Parameters as `RECONCILIATION`; a place is an office, a day and a ticket.

The index has every visit that closing time ended, corrected since or not.
"""

VENDORS = f"""
SELECT coalesce(r.vendor, '') AS key, count(*) AS n
FROM offices o CROSS JOIN LATERAL (
    SELECT r.vendor FROM requests r
    WHERE r.office_id = o.id AND r.request_type = 'vendor_contact' AND {_DAYS}
) r
WHERE o.id = ANY($1::text[])
GROUP BY 1 ORDER BY 2 DESC, 1"""

FORMS = """
SELECT o.id AS office_id, coalesce(sum(jsonb_array_length(pile->'entries')), 0)::bigint AS forms,
       min((pile->>'received_on')::date) AS oldest_received_on, min((pile->>'due_on')::date) AS next_due_on,
       coalesce(sum(jsonb_array_length(pile->'entries')) FILTER (
           WHERE (pile->>'due_on')::date < ($2::timestamptz AT TIME ZONE o.zone)::date), 0)::bigint AS overdue,
       ($2::timestamptz AT TIME ZONE o.zone)::date AS today
FROM offices o JOIN voter_forms_boxes b ON b.id = o.id CROSS JOIN LATERAL jsonb_array_elements(b.piles) AS pile
WHERE o.id = ANY($1::text[])
GROUP BY o.id HAVING count(*) > 0 ORDER BY min((pile->>'due_on')::date), o.id"""

COVERED_REASONS = "SELECT id FROM reasons WHERE nvra_covered ORDER BY id"
