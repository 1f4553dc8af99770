-- Lists of reports, by office: covered contacts, contacts with vendors, visits that closing time ended.

CREATE INDEX requests_covered ON requests (office_id, received_at, id)
    WHERE nvra_covered AND channel IN ('in_person', 'phone', 'home_visit', 'chat');

CREATE INDEX requests_of_vendors ON requests (office_id, received_at) INCLUDE (vendor)
    WHERE request_type = 'vendor_contact';

CREATE INDEX requests_never_timed_out ON requests (office_id, ticket_day, ticket) WHERE visit_status = 'auto_closed';
