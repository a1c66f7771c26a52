-- Answers to consultations. Twin of the file with the same name for the other database.

-- Where the question was mailed to, lower case; null when it was put another way.
alter table consultation add column mailed_to text;
alter table consultation add column reply text;
-- Local date of the answer, YYYY-MM-DD.
alter table consultation add column replied_on text;
alter table consultation add column replied_at timestamptz;
alter table consultation add column replied_by text;
create index consultation_asked on consultation (id) where reply is null;
create index ticket_link_to on ticket_link (to_ticket);
