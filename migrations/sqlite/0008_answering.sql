-- Answering a ticket: drafts on the server, answers that can still be called back, ready-made answers, and who is at it.
-- Twin of the file with the same name for the other database.

-- What somebody has begun to write on a ticket. Holds personal data: upkeep removes what nobody has touched for long.
create table ticket_draft (
    id integer primary key,
    ticket_id bigint not null references ticket (id),
    account_id bigint not null references account (id),
    -- `answer` or `note`.
    kind text not null,
    body text not null,
    -- The ready-made answer its text began with.
    reply_id bigint,
    updated_at datetime not null,
    unique (ticket_id, account_id, kind)
);
create index ticket_draft_old on ticket_draft (updated_at);

-- An answer whose mail waits a moment in the outbox, so that it can be called back.
create table held_answer (
    message_id bigint primary key references message (id),
    ticket_id bigint not null references ticket (id),
    account_id bigint not null references account (id),
    -- `held`, `sent` or `withdrawn`.
    state text not null,
    -- By the desk's clock.
    until_at datetime not null,
    -- How the keys of its mails in the outbox begin.
    mail_key text not null,
    -- The ticket as it stood before (JSON): what calling back restores.
    was text not null
);
create index held_answer_due on held_answer (until_at) where state = 'held';
create index held_answer_ticket on held_answer (ticket_id);
create index outbox_held on outbox (ticket_id) where state = 'held';

-- Who has the page of a ticket open, or writes on it. By the machine's clock; worth nothing after half a minute.
create table ticket_presence (
    ticket_id bigint not null references ticket (id),
    account_id bigint not null references account (id),
    writing boolean not null,
    seen_at datetime not null,
    primary key (ticket_id, account_id)
);
create index ticket_presence_old on ticket_presence (seen_at);

-- A ready-made answer with the changes that go with it.
create table canned_reply (
    id integer primary key,
    version bigint not null,
    name text not null,
    body text not null,
    -- `own`, `agency` or `region`.
    scope text not null,
    account_id bigint not null references account (id),
    agency text references agency (code),
    -- The state a ticket is brought to with it: `resolved`, `pending_requester`, or none.
    status text,
    priority text,
    reason text not null,
    -- `stay`, `next` or `close`.
    next_step text not null,
    active boolean not null,
    used bigint not null,
    updated_at datetime not null
);
create index canned_reply_scope on canned_reply (scope, agency);
