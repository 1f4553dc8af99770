-- What waits to be put into the keys is read through by every search and compared with each of a thousand spellings:
-- eight pages of it instead of sixty-four. Writing takes as long as before.
ALTER INDEX requests_by_keys SET (gin_pending_list_limit = 64);
