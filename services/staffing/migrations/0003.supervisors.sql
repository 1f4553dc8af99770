-- Who supervises whom is asked whenever a role changes.
CREATE INDEX staff_of_supervisor ON staff (supervisor_id) WHERE supervisor_id IS NOT NULL;
