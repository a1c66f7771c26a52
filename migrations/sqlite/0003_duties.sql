-- The duty register: what agencies, the ICT office and the coordination team owe, term by term.

create table duty (
    id integer primary key,
    version bigint not null,
    -- Code of the pack's duty; 'one_off' for what somebody entered by hand.
    code text not null,
    office text not null,
    -- Empty for the coordination team, which is no agency (part of the key, so not null).
    agency text not null,
    what text not null,
    -- Local days, half open.
    period_from date not null,
    period_to date not null,
    -- Ticket or key that called for it; empty when its term alone did (part of the key, so not null).
    cause text not null,
    due_on date not null,
    -- Late from this instant on: midnight after due_on.
    due_at datetime not null,
    remind_at datetime,
    -- Round of reminders: a due day that moves begins a new one.
    cycle bigint not null,
    state text not null,
    -- Copied from the pack when it was entered: a later pack changes no old duty.
    sanctionable boolean not null,
    source text,
    pack text not null,
    planned_on date,
    done_at datetime,
    done_by bigint references account (id),
    evidence text,
    evidence_url text,
    note text,
    opened_at datetime not null,
    -- Entered once, whichever node is first.
    unique (code, agency, period_from, cause)
);
create index duty_owed on duty (due_at, id) where state in ('open', 'overdue');
create index duty_agency on duty (agency, due_at, id);

-- Reminders and the end of the due day, each once in its round.
create table duty_step (
    id integer primary key,
    duty_id bigint not null references duty (id),
    stage text not null,
    cycle bigint not null,
    due_at datetime not null,
    state text not null,
    detected_at datetime,
    unique (duty_id, stage, cycle)
);
create index duty_step_due on duty_step (due_at, id) where state = 'planned';
