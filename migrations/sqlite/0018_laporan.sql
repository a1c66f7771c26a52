-- Periodic reports. Twin of the file with the same name for the other database.

create table report (
    id integer primary key,
    version bigint not null,
    -- `LAP-2026-10-DINKES`; of the whole region `LAP-2026-10`.
    code text not null unique,
    -- Empty for the whole region (part of the key, so not null).
    agency text not null,
    -- Local days, half open.
    period_from date not null,
    period_to date not null,
    due_on date not null,
    -- Late from this instant on: midnight after due_on.
    due_at datetime not null,
    state text not null,
    -- The edition that counts.
    edition bigint not null,
    obstacles text not null,
    recommendations text not null,
    drawn_at datetime not null,
    submitted_at datetime,
    -- Null when the clock handed it in; also null before.
    submitted_by bigint references account (id),
    received_at datetime,
    received_by bigint references account (id),
    late boolean not null,
    -- Of the edition that counts: what the months are compared by.
    received bigint not null,
    resolved bigint not null,
    in_time bigint not null,
    -- Drawn up once, whichever node is first.
    unique (agency, period_from)
);
create index report_period on report (period_from, agency);
-- The tick asks only for those that wait for their due day.
create index report_due on report (due_at, id) where state = 'draft';

-- Every edition stays as it was.
create table report_edition (
    id integer primary key,
    report_id bigint not null references report (id),
    edition bigint not null,
    -- Text, not a JSON type: exactly these bytes were hashed.
    content text not null,
    digest text not null,
    reason text not null,
    at datetime not null,
    account_id bigint references account (id),
    -- Code by which anybody may check it, once it was handed in.
    authenticity text,
    unique (report_id, edition)
);

-- What ended in a period is found without looking at what ended before.
create index sla_clock_ended on sla_clock (stopped_at, ticket_id) where kind = 'resolution' and line = 'total' and stopped_at is not null;
create index duty_due_on on duty (due_on, id);
