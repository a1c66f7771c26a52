-- What is set in the pages of the settings. Twin of the file with the same name for the other database.

-- What is known of an agency beyond what a ticket needs of it. An agency without a row has nothing but its name.
create table agency_entry (
    code text primary key references agency (code),
    short_name text not null,
    kind text not null,
    address text not null,
    -- Name of a calendar of the pack: the hours of new services that name none.
    calendar text,
    parent text references agency (code),
    -- Whoever took over when it ended; mail to its old address goes there.
    successor text references agency (code),
    retired_at datetime,
    version bigint not null
);

-- Texts of mails that the installation has written itself; the last version of each counts.
create table mail_template (
    id integer primary key,
    template text not null,
    language text not null,
    version bigint not null,
    -- The built-in text again from this version on.
    is_built_in boolean not null,
    subject text not null,
    body text not null,
    note text not null,
    account_id bigint not null references account (id),
    at datetime not null,
    unique (template, language, version)
);

-- What must not be removed although its time is over.
create table legal_hold (
    id integer primary key,
    ticket_id bigint not null references ticket (id),
    reason text not null,
    account_id bigint not null references account (id),
    at datetime not null,
    ended_by bigint references account (id),
    ended_at datetime,
    end_reason text
);
create index legal_hold_ticket on legal_hold (ticket_id) where ended_at is null;

-- Raw mails that are worked off are removed after their time.
create index inbox_received on inbox (received_at);
