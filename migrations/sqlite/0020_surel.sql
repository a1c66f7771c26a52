-- Mail: what is still known of a mail whose raw form is gone, how people want to be told, who is a machine.

-- The same mail is known when it comes again, long after its bytes were removed. No word and no address is kept.
create table mail_seen (
    id integer primary key,
    -- The address it was delivered to, lower case, or empty.
    mailbox text not null,
    -- SHA-256 over what the sender wrote, without the trace that each delivery adds.
    digest text not null,
    unique (mailbox, digest)
);

-- How somebody wants to be told of steps of one kind by mail; without a row: at once.
create table notice_choice (
    id integer primary key,
    account_id bigint not null references account (id),
    -- A kind of step.
    kind text not null,
    -- `at_once`, `digest` or `never`
    choice text not null,
    unique (account_id, kind)
);

-- The mail was written by a machine that is let in: nothing of ours answers it by itself.
alter table mail_origin add column machine boolean not null default false;

-- Bytes of the whole mail; `raw` holds the first of them.
alter table inbox add column size bigint not null default 0;
update inbox set size = length(raw);

-- What of a large mail does not stand in its row, piece by piece.
create table inbox_piece (
    id integer primary key,
    inbox_id bigint not null references inbox (id) on delete cascade,
    -- From 0.
    place bigint not null,
    bytes blob not null,
    unique (inbox_id, place)
);
