-- Failed deliveries are counted every few seconds, and sent ones are many.
CREATE INDEX IF NOT EXISTS deliveries_failed ON deliveries (id) WHERE state = 'failed';
