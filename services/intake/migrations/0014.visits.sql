-- A visit changes its status several times. While an index names that column, in its condition too, each such update
-- writes into every index of the table, and makes the keys of a search anew.

DROP INDEX requests_never_timed_out;
CREATE INDEX requests_never_timed_out ON requests (office_id, ticket_day, ticket) WHERE auto_closed_at IS NOT NULL;
