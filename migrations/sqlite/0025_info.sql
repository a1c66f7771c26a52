-- Problems, changes, announcements and webhooks. Twin of the file with the same name for the other database.

-- What is known of the cause behind disruptions: the part of its own of a ticket of the kind problem.
create table problem_record (
    ticket_id bigint primary key references ticket (id),
    state text not null,
    cause text not null,
    workaround text not null,
    -- Analysed and not yet removed, since then.
    known_error_at datetime,
    updated_at datetime not null
);
create index problem_record_known on problem_record (ticket_id) where known_error_at is not null;

-- How a change is planned and decided: the part of its own of a ticket of the kind change.
create table change_record (
    ticket_id bigint primary key references ticket (id),
    -- Code of the standard change of the pack it follows; approved beforehand.
    template text,
    -- Code of a phase of the pack.
    phase text not null,
    risk text not null,
    impact text not null,
    plan text not null,
    rollback text not null,
    -- JSON list of codes.
    services text not null,
    starts_at datetime,
    ends_at datetime,
    approval text not null,
    -- Counts the times it was put before those who approve.
    round bigint not null,
    asked_by bigint references account (id),
    -- Public name of the maintenance its window became.
    maintenance text,
    outcome text,
    ended_at datetime,
    updated_at datetime not null
);

-- Who was asked to approve a change, and what he said.
create table change_vote (
    ticket_id bigint not null references ticket (id),
    round bigint not null,
    account_id bigint not null references account (id),
    decision text,
    reason text not null,
    decided_at datetime,
    primary key (ticket_id, round, account_id)
);
create index change_vote_waiting on change_vote (account_id) where decision is null;

-- What was done in each phase of a change.
create table change_step (
    id integer primary key,
    ticket_id bigint not null references ticket (id),
    at datetime not null,
    phase text not null,
    note text not null,
    account_id bigint not null references account (id)
);
create index change_step_ticket on change_step (ticket_id, id);

-- What the desk tells people apart from disruptions.
create table announcement (
    id integer primary key,
    -- PGM-2026-0004.
    code text not null unique,
    -- Null: of the whole region.
    agency text references agency (code),
    audience text not null,
    severity text not null,
    title text not null,
    message text not null,
    starts_at datetime not null,
    ends_at datetime,
    withdrawn_at datetime,
    created_by bigint not null references account (id),
    created_at datetime not null,
    updated_at datetime not null,
    version bigint not null
);
create index announcement_ends on announcement (ends_at, starts_at);

-- Where other programs want to be told of what happens to tickets.
create table webhook (
    id integer primary key,
    owner bigint not null references account (id),
    name text not null,
    url text not null,
    -- JSON list of kinds of events.
    events text not null,
    -- Only tickets of this agency.
    agency text references agency (code),
    -- Counts the secrets: a new one makes the old worthless.
    secret_no bigint not null,
    active boolean not null,
    created_at datetime not null,
    version bigint not null
);

create table webhook_event (
    webhook_id bigint not null references webhook (id),
    kind text not null,
    primary key (webhook_id, kind)
);

-- What is to be told, at least once; the key tells the receiver what he has heard already.
create table webhook_delivery (
    id integer primary key,
    item_key text not null unique,
    webhook_id bigint not null references webhook (id),
    stream text not null,
    seq bigint not null,
    kind text not null,
    at datetime not null,
    state text not null,
    attempts bigint not null,
    -- By the machine's clock; null: as soon as possible.
    due_at datetime,
    lease_until datetime,
    lease_no bigint not null,
    status bigint,
    last_error text,
    sent_at datetime
);
create index webhook_delivery_due on webhook_delivery (id) where state in ('queued', 'sending');
create index webhook_delivery_webhook on webhook_delivery (webhook_id, id);

-- The public figures of a service.
create index ticket_service_solved on ticket (service, resolved_at) where resolved_at is not null;
