-- Cases of a duty that was owed again, and what the signature in a signed letter tells.
-- Twin of the file with the same name for the other database.

-- The duty a case is about. `duty_id` holds it only while the case is open: one open case for each, whichever node is
-- first, and another one when the duty is neglected again.
alter table warning_case add column about_duty bigint references duty (id);
update warning_case set about_duty = duty_id;
update warning_case set duty_id = null where ended_at is not null;
create index warning_case_about_duty on warning_case (about_duty);

-- Who signed, by which certificate, and how far its chain was followed, as JSON.
alter table letter add column signature text;
