-- The warning procedure: cases, their evidence, their terms, and orders to close a service.
-- Twin of the file with the same name for the other database.

create table warning_case (
    id integer primary key,
    number text not null unique,
    version bigint not null,
    cause text not null,
    mode text not null,
    state text not null,
    -- Where the case goes on when a letter is withdrawn or a repair was none.
    before_state text,
    rung bigint not null,
    order_state text,
    outcome text,
    service text references service (code),
    -- The service while the case is open: one open case for each, whichever node is first.
    open_service text unique,
    -- One case for a neglected duty.
    duty_id bigint unique references duty (id),
    agency text not null references agency (code),
    what text not null,
    source text,
    opened_at datetime not null,
    detected_at datetime not null,
    pack text not null,
    term text,
    due_at datetime,
    cure_due_at datetime,
    cycle bigint not null,
    -- Key of the letter that is under way or was received last.
    letter text,
    reported_by bigint references account (id),
    ended_at datetime
);
create index warning_case_opened on warning_case (opened_at, id);

-- Tickets that missed their promise, as they stood when they joined the case.
create table warning_case_ticket (
    case_id bigint not null references warning_case (id),
    ticket_id bigint not null references ticket (id),
    number text not null,
    breached_at datetime not null,
    joined_at datetime not null,
    -- Place and hash of the last event of the ticket's chain.
    chain_seq bigint not null,
    chain_hash text not null,
    -- Clocks, pauses and figures as JSON text; the event that tells of it carries its digest.
    evidence text not null,
    primary key (case_id, ticket_id)
);
create index warning_case_ticket_ticket on warning_case_ticket (ticket_id);

-- Reminders and ends of terms, each once in its round.
create table warning_case_step (
    id integer primary key,
    case_id bigint not null references warning_case (id),
    term text not null,
    stage text not null,
    cycle bigint not null,
    due_at datetime not null,
    term_due_at datetime not null,
    state text not null,
    detected_at datetime,
    unique (case_id, term, stage, cycle)
);
create index warning_case_step_due on warning_case_step (due_at, id) where state = 'planned';

-- Orders to close a service for a time, and what people did about them.
create table suspension (
    id integer primary key,
    code text not null unique,
    case_id bigint not null references warning_case (id),
    service text not null references service (code),
    state text not null,
    what text not null,
    until_text text not null,
    -- JSON list of addresses and hosts.
    endpoints text not null,
    ordered_at datetime not null,
    due_at datetime not null,
    executed_at datetime,
    executed_by bigint references account (id),
    minutes text,
    lifted_at datetime,
    lifted_by bigint references account (id),
    note text
);
create index suspension_case on suspension (case_id);
create index suspension_in_force on suspension (service) where state = 'in_force';
