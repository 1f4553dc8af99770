-- Who looked at what of persons: why, and which ids were shown.
ALTER TABLE audit ADD COLUMN purpose text, ADD COLUMN shown text[];
