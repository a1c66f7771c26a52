-- The short lists of one agency's home: each read in order without looking through all that the agency has open. Twin of
-- the file with the same name for the other database.

create index ticket_answered_of_agency on ticket (agency, opened_at, id) where answered_at is not null and status not in ('resolved', 'closed', 'merged');
create index ticket_overdue_of_agency on ticket (agency, resolution_due, id) where breached_at is not null and status not in ('resolved', 'closed', 'merged');
create index ticket_near_of_agency on ticket (agency, resolution_due, id) where breached_at is null and warned and status not in ('resolved', 'closed', 'merged');
