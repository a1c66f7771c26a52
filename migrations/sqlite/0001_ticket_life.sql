-- One ticket's whole life. Twin of the file with the same name for the other database; a test
-- compares tables and columns. Rules: every instant is bound by the program (UTC, microseconds),
-- whole numbers are 64 bit, no time, random or default comes from SQL.

-- Small facts about the installation: pack, region, demo clock.
create table setting (
    key text primary key,
    value text not null
);

create table agency (
    code text primary key,
    name text not null,
    -- Mail to this address reaches this agency's desk; lower case.
    email text,
    active boolean not null
);

create table service (
    code text primary key,
    name text not null,
    agency text not null references agency (code),
    profile text not null,
    critical boolean not null,
    -- JSON list of lower-case words by which reporters name the service.
    keywords text not null,
    active boolean not null
);

create table account (
    id integer primary key,
    -- Lower case: look-ups never rely on a case-blind comparison.
    email text not null unique,
    name text not null,
    nip text,
    -- Null for people who only sign in by a mailed link.
    password_hash text,
    active boolean not null,
    created_at datetime not null
);

create table role_grant (
    account_id bigint not null references account (id),
    role text not null,
    -- Empty for roles that are not bound to one agency (part of the key, so not null).
    agency text not null,
    primary key (account_id, role, agency)
);
create index role_grant_role on role_grant (role, agency);

create table api_token (
    id integer primary key,
    -- SHA-256 of the token; the token itself is shown once and kept nowhere.
    hash text not null unique,
    account_id bigint not null references account (id),
    label text not null,
    scope text not null,
    -- A token may be limited to one agency below what its owner may do.
    agency text references agency (code),
    created_at datetime not null,
    revoked_at datetime
);

create table session (
    hash text primary key,
    account_id bigint not null references account (id),
    created_at datetime not null,
    seen_at datetime not null
);

-- A link that signs its bearer in, once.
create table sign_in_link (
    hash text primary key,
    account_id bigint not null references account (id),
    until datetime not null
);

create table ticket (
    id integer primary key,
    number text not null unique,
    version bigint not null,
    kind text not null,
    subject text not null,
    description text not null,
    status text not null,
    impact text not null,
    urgency text not null,
    priority text not null,
    tier bigint not null,
    agency text not null references agency (code),
    service text references service (code),
    assignee bigint references account (id),
    requester_name text not null,
    requester_email text not null,
    requester_nip text,
    requester_verified boolean not null,
    classification text not null,
    channel text not null,
    -- The requester is written to in this language.
    language text not null,
    opened_at datetime not null,
    responded_at datetime,
    resolved_at datetime,
    closed_at datetime,
    breached_at datetime,
    breached_tier bigint,
    escalated_at datetime,
    returned boolean not null,
    merged_into text,
    pack text not null,
    profile text not null,
    updated_at datetime not null,
    -- Lower-case subject, description and number: what the plain search looks through.
    haystack text not null
);
create index ticket_open on ticket (agency, opened_at) where status not in ('resolved', 'closed', 'merged');
create index ticket_requester on ticket (requester_email, opened_at);
create index ticket_opened on ticket (opened_at, id);

-- The last number given out in a local month.
create table ticket_sequence (
    period text primary key,
    last bigint not null
);

create table message (
    id integer primary key,
    ticket_id bigint not null references ticket (id),
    at datetime not null,
    author text not null,
    author_name text not null,
    visibility text not null,
    body text not null,
    channel text not null
);
create index message_ticket on message (ticket_id, id);

create table attachment (
    id integer primary key,
    ticket_id bigint not null references ticket (id),
    message_id bigint not null references message (id),
    name text not null,
    media_type text not null,
    size bigint not null,
    -- Name of the file in the content-addressed store.
    sha256 text not null
);
create index attachment_message on attachment (message_id);

-- Message-IDs of mails that came in for a ticket: replies are threaded by them and by those in the outbox.
create table mail_reference (
    id integer primary key,
    message_id text not null,
    ticket_id bigint not null references ticket (id),
    unique (message_id, ticket_id)
);
create index mail_reference_ticket on mail_reference (ticket_id, id);

-- Addresses that may add to a ticket by mail: the requester first.
create table participant (
    id integer primary key,
    ticket_id bigint not null references ticket (id),
    email text not null,
    unique (ticket_id, email)
);

create table event (
    id integer primary key,
    stream text not null,
    seq bigint not null,
    at datetime not null,
    actor text not null,
    kind text not null,
    -- Text, not a JSON type: exactly these bytes were hashed.
    payload text not null,
    state text,
    prev_hash text not null,
    hash text not null,
    unique (stream, seq)
);

-- A day's seal: Merkle root over the chain heads that moved since the seal before.
create table seal (
    id integer primary key,
    at datetime not null,
    root text not null,
    prev_hash text not null,
    hash text not null
);

create table seal_head (
    seal_id bigint not null references seal (id),
    stream text not null,
    seq bigint not null,
    hash text not null,
    primary key (seal_id, stream)
);

create table sla_clock (
    id integer primary key,
    ticket_id bigint not null references ticket (id),
    kind text not null,
    line text not null,
    cycle bigint not null,
    target_seconds bigint,
    started_at datetime not null,
    stopped_at datetime,
    due_at datetime,
    unique (ticket_id, kind, line, cycle)
);

create table ticket_pause (
    id integer primary key,
    ticket_id bigint not null references ticket (id),
    reason text not null,
    from_at datetime not null,
    to_at datetime
);
create index ticket_pause_ticket on ticket_pause (ticket_id, from_at);

create table clock_step (
    id integer primary key,
    ticket_id bigint not null references ticket (id),
    kind text not null,
    cycle bigint not null,
    rank bigint not null,
    due_at datetime,
    state text not null,
    detected_at datetime,
    -- A step happens once in its round, whoever plans or claims it.
    unique (ticket_id, kind, cycle)
);
-- The tick reads only what is due: its cost does not grow with the open tickets.
create index clock_step_due on clock_step (due_at, rank) where state = 'planned';

-- What a head or a unit is told. Those of one catch-up leave as one mail per person.
create table notice (
    id integer primary key,
    account_id bigint not null references account (id),
    ticket_id bigint not null references ticket (id),
    kind text not null,
    cycle bigint not null,
    due_at datetime not null,
    detected_at datetime not null,
    mailed_at datetime,
    unique (account_id, ticket_id, kind, cycle)
);
create index notice_waiting on notice (account_id, id) where mailed_at is null;

create table consultation (
    id integer primary key,
    ticket_id bigint not null references ticket (id),
    partner text not null,
    contact text not null,
    held_on text not null,
    question text not null,
    at datetime not null,
    actor text not null
);
create index consultation_ticket on consultation (ticket_id, id);

create table ticket_link (
    from_ticket bigint not null references ticket (id),
    to_ticket bigint not null references ticket (id),
    relation text not null,
    primary key (from_ticket, to_ticket, relation)
);

create table inbox (
    id integer primary key,
    -- The address it was delivered to, lower case; empty when the way in does not know it.
    mailbox text not null,
    -- SHA-256 over what the sender wrote, without the trace that each delivery adds.
    digest text not null,
    sender text not null,
    raw blob not null,
    received_at datetime not null,
    state text not null,
    cause text,
    ticket_id bigint references ticket (id),
    unique (mailbox, digest)
);
create index inbox_new on inbox (id) where state = 'new';

create table outbox (
    id integer primary key,
    -- One item per cause and recipient, however often the cause is worked on.
    item_key text not null unique,
    ticket_id bigint references ticket (id),
    recipient text not null,
    sender text not null,
    subject text not null,
    message_id text not null,
    -- The whole message as it goes over the wire: a retry sends the same bytes.
    raw blob not null,
    state text not null,
    attempts bigint not null,
    due_at datetime not null,
    lease_until datetime,
    lease_no bigint not null,
    last_error text,
    created_at datetime not null,
    sent_at datetime
);
create index outbox_due on outbox (due_at, id) where state in ('queued', 'sending');
create index outbox_ticket on outbox (ticket_id, id);
-- Answers to our own mail are threaded by its Message-ID.
create index outbox_message on outbox (message_id);

create table idempotency (
    item_key text primary key,
    request text not null,
    -- Null while the first request is still at work.
    answer text,
    created_at datetime not null
);

create table draft (
    hash text primary key,
    data text not null,
    updated_at datetime not null
);

-- Tries counted against a limit (tracking codes, passwords); shared by nodes, survive restarts.
create table attempt (
    id integer primary key,
    subject text not null,
    at datetime not null
);
create index attempt_subject on attempt (subject, at);
