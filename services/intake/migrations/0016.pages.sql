-- With room on its page the new row of a visit's step stays beside the old one. Neighbours are written at the same time,
-- four times within an hour.
ALTER TABLE requests SET (fillfactor = 50);
