-- The report's way upwards, news that wait to be mailed, and what reports are drawn from. Twin of the file with the same
-- name for the other database.

-- Where the report of the whole region goes from the office for information technology, as the pack said when it was
-- drawn up.
create table report_step (
    id integer primary key,
    report_id bigint not null references report (id),
    -- From 1.
    place bigint not null,
    -- To whom.
    recipient text not null,
    -- Where that is written; null: a default.
    basis text,
    -- Last local day on which it is sent in time.
    due_on date not null,
    -- Late from this instant on: midnight after due_on.
    due_at datetime not null,
    -- The edition that was sent last.
    edition bigint not null,
    sent_at datetime,
    sent_by bigint references account (id),
    -- By which letter or message.
    sent_note text not null,
    received_at datetime,
    received_by bigint references account (id),
    -- What shows the receipt.
    received_note text not null,
    -- The due day ended before it was sent; stays so.
    late boolean not null,
    unique (report_id, place)
);
-- The tick asks only for those that wait for their due day.
create index report_step_due on report_step (due_at, id) where sent_at is null and not late;

-- What the public was told and nobody has been mailed. What is there already has been, or is an old story.
alter table incident_update add column mailed boolean not null default true;
create index incident_update_unmailed on incident_update (id) where not mailed;
alter table maintenance add column mailed boolean not null default true;
create index maintenance_unmailed on maintenance (id) where not mailed;

-- What is open is found without looking at what is over.
create index sla_clock_open on sla_clock (ticket_id) where kind = 'resolution' and line = 'total' and stopped_at is null;
-- How many answers a ticket took is counted without reading the answers.
create index message_answer on message (ticket_id, at) where visibility = 'public' and author like 'user:%';
