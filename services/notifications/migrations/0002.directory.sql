-- Voter registration office data.

ALTER TABLE offices ADD COLUMN election_authority text, ADD COLUMN local_coordinator text COLLATE "C";
