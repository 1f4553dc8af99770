-- What a state needs to know of itself to be counted: the zone of its office, the office it belongs to, its local day.
-- A release that does not know these columns leaves them empty; a request is then counted by its day in UTC, the rest
-- not before the columns are filled.

ALTER TABLE requests      ADD COLUMN zone text;
ALTER TABLE voter_entries ADD COLUMN logged_day date;
ALTER TABLE voter_answers ADD COLUMN office_id text COLLATE "C";
ALTER TABLE voter_offers  ADD COLUMN office_id text COLLATE "C";
ALTER TABLE merit_calls   ADD COLUMN day date;

UPDATE requests r SET zone = o.zone FROM offices o WHERE o.id = r.office_id;
UPDATE voter_entries e SET logged_day = (e.logged_at AT TIME ZONE o.zone)::date FROM offices o WHERE o.id = e.office_id;
UPDATE voter_answers a SET office_id = e.office_id FROM voter_entries e WHERE e.id = a.id;
UPDATE voter_offers f SET office_id = r.office_id FROM requests r WHERE r.id = f.id;
UPDATE merit_calls c SET day = (c.at AT TIME ZONE o.zone)::date FROM offices o WHERE o.id = c.office_id;
