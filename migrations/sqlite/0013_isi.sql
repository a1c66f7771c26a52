-- What is in a mail and whom to believe. Twin of the file with the same name for the other database.

-- Who sent the mail behind a message, and what was found out about that.
create table mail_origin (
    id integer primary key,
    ticket_id bigint not null references ticket (id),
    message_id bigint not null references message (id),
    -- Key of the raw mail; it may be gone by its retention.
    inbox_id bigint not null,
    from_email text not null,
    from_name text not null,
    -- Where an answer was wanted, when that is somewhere else.
    reply_to text,
    -- Envelope sender, or empty.
    envelope text not null,
    -- Addresses in Cc, separated by spaces.
    copies text not null,
    -- Words of RFC 8601; empty where nothing was checked.
    spf text not null,
    dkim text not null,
    dmarc text not null,
    -- `unchecked`, `proven`, `unproven` or `forged`
    belief text not null,
    has_html boolean not null,
    -- Another mail had the same Message-ID before.
    reused boolean not null
);
create index mail_origin_ticket on mail_origin (ticket_id, id);

-- Addresses that do not take mail, by the word of a mail server: nothing more is sent to them until somebody lifts it.
create table undeliverable (
    id integer primary key,
    -- Lower case.
    email text not null unique,
    -- The ticket whose mail came back.
    ticket_id bigint references ticket (id),
    status text not null,
    -- The server's words.
    said text not null,
    at datetime not null
);

-- The same mail to two of our mailboxes is found by what its sender wrote.
create index inbox_digest on inbox (digest);

-- Mails that wait, by whom they are for.
create index outbox_waiting on outbox (recipient) where state = 'queued';
