-- The month of voter registration that was judged last; every office that is known gets its clock.

ALTER TABLE voter_forms_boxes ADD COLUMN judged text CONSTRAINT voter_forms_boxes_month CHECK (judged ~ '^\d{4}-\d\d$');

INSERT INTO timers (aggregate, aggregate_id, name, due_at)
SELECT 'voter_forms_box', id, 'month', now() FROM offices WHERE active
ON CONFLICT DO NOTHING;
